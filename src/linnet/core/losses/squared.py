"""Squared error of regressions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from linnet.core.losses.base import Loss, Numbers, TargetUnits, dense, namespace, shifted
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SquaredError(Loss):
    """l(ŷ, y) = ½ Σ_k (ŷ_k − y_k)² (D2L 3.1.5); residual ŷ − y, curvature 1."""

    name: ClassVar[str] = "squared"
    is_quadratic: ClassVar[bool] = True
    is_self_concordant: ClassVar[bool] = True
    is_of_differences: ClassVar[bool] = True
    curvature_bound: ClassVar[float | None] = 1.0

    @property
    def dual_reach(self) -> float:
        """See `Loss.dual_reach`: it is finite everywhere."""
        return math.inf

    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """See `Loss.value`."""
        return namespace(scores).square(scores - dense(scores, target)).sum(-2) / 2

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return scores - dense(scores, target)

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        return torch.ones_like(scores)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`."""
        return (a.square() / 2 + a * y).sum(0)

    def in_units(self, mean: Tensor, deviation: float) -> TargetUnits:
        """See `Loss.in_units`: steps at one rate are the same steps."""
        return shifted(self, mean, deviation, deviation**2)

    def balance(self, a: Tensor, y: Tensor, shares: Tensor) -> Tensor:
        """See `Loss.balance`: l* is finite everywhere, so the mean is taken off."""
        return a - (a @ shares)[:, None]
