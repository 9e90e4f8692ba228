"""The Poisson deviance of counts, whose scores are the logarithms of their means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from linnet.core.losses.base import Loss, Numbers, TargetUnits, dense, is_floating, namespace
from linnet.errors import UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the deviance of Poisson regression with the log link.

    With the mean μ = e^o of a count y, summed over outputs:

        l = μ − y − y (o − log y)          0 where μ = y

    It is the negative log-likelihood up to a constant of the targets (McCullagh and Nelder, Generalized
    Linear Models, 1989, 2.3); PyTorch's PoissonNLLLoss leaves out y log y − y. Targets need not be whole:
    those of rates or of sums by weight are quasi-likelihoods with the same optimum.
    """

    name: ClassVar[str] = "poisson"
    is_self_concordant: ClassVar[bool] = True  # its third derivative is its second

    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """See `Loss.value`."""
        y = dense(scores, target)
        own = namespace(scores)
        logs = torch.xlogy(y, y) if own is torch else y * np.log(np.where(y > 0, y, 1))
        return (own.exp(scores) - y * scores + logs - y).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        return scores.exp() - dense(scores, target)

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        return scores.exp()

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`; the domain is a ≥ −y, which holds 0 and every residual."""
        m = (a + y).clamp(min=0)
        return (torch.xlogy(m, m) - m - torch.xlogy(y, y) + y).sum(0)

    def margins(self, scores: Tensor, y: Tensor) -> Tensor:
        """See `Loss.margins`: means of rows that count nothing fall towards 0, those of others must stay."""
        return torch.where(y > 0, -scores.abs(), -scores).amin(0)

    def level(self, mean: Numbers) -> Numbers:
        """See `Loss.level`: its logarithm."""
        own = namespace(mean)
        return own.log(own.where(mean > 0, mean, 1.0))

    def in_units(self, mean: Tensor, deviation: float) -> TargetUnits:
        """See `Loss.in_units`: counts as shares of their mean, l(o, y) = m l(o − log m, y/m)."""
        middle = float(mean.mean()) or 1.0
        level = torch.full_like(mean, math.log(middle))
        return TargetUnits(self, level, 1.0, middle, torch.zeros_like(mean), middle)

    def check_targets(self, y: Tensor | np.ndarray) -> None:
        """See `Loss.check_targets`."""
        if not is_floating(y):
            raise UsageError(
                "the poisson loss is of counts, and these targets are classes: give floating numbers, such "
                "as y.astype(float), or call a table's column of counts response"
            )
        if bool((y < 0).any()):
            least = float(y.min())
            raise UsageError(f"the poisson loss is of counts, at least 0: the smallest target is {least:g}")
