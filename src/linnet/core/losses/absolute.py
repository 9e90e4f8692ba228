"""Absolute error of regressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from linnet.core.losses.base import Loss, Numbers, TargetUnits, dense, shifted
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """l(ŷ, y) = Σ_k |ŷ_k − y_k|; residual sign(ŷ − y), which is 0 at the kink; curvature 0."""

    name: ClassVar[str] = "absolute"
    is_smooth: ClassVar[bool] = False
    has_straight_parts: ClassVar[bool] = True
    is_of_differences: ClassVar[bool] = True

    @property
    def dual_reach(self) -> float:
        """See `Loss.dual_reach`."""
        return 1.0

    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """See `Loss.value`."""
        return abs(scores - dense(scores, target)).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return (scores - dense(scores, target)).sign()

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        return torch.zeros_like(scores)

    def in_units(self, mean: Tensor, deviation: float) -> TargetUnits:
        """See `Loss.in_units`."""
        return shifted(self, mean, deviation, deviation)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`."""
        return (a * y).sum(0)
