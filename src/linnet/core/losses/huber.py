"""Huber's loss: squared near 0, absolute beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from linnet.core.losses.base import Loss, Numbers, TargetUnits, dense, namespace, shifted
from linnet.errors import UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Huber(Loss):
    """A square within a threshold and a straight line beyond.

    With r = ŷ − y, threshold t and slope s, summed over outputs:

        l = s/(2t) r²          where |r| ≤ t
        l = s (|r| − t/2)      beyond

    `Huber.book(σ)` has s = 1, t = σ: the book's 1/(2σ) r² and |r| − σ/2 (D2L 3.3, exercise 2), which
    PyTorch calls SmoothL1Loss. `Huber.torch(δ)` has s = t = δ: ½ r² and δ (|r| − δ/2), PyTorch's HuberLoss.

    Args:
        threshold: t, where the square part ends.
        slope: s, the derivative beyond.

    Raises:
        UsageError: either is not positive.
    """

    name: ClassVar[str] = "huber"
    has_straight_parts: ClassVar[bool] = True
    is_of_differences: ClassVar[bool] = True

    threshold: float = 1.0
    slope: float = 1.0

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.slope > 0):
            raise UsageError(
                f"Huber's threshold and slope must be positive, not {self.threshold}, {self.slope}"
            )

    @classmethod
    def book(cls, sigma: float) -> Huber:
        """The book's form: slope 1 beyond σ."""
        return cls(sigma, 1.0)

    @classmethod
    def torch(cls, delta: float) -> Huber:
        """PyTorch's HuberLoss: curvature 1 within δ."""
        return cls(delta, delta)

    @property
    def dual_reach(self) -> float:
        """See `Loss.dual_reach`."""
        return self.slope

    @property
    def options(self) -> dict[str, float]:
        """See `Loss.options`: the slope where it is not the threshold."""
        own = {} if self.slope == self.threshold else {"slope": self.slope}
        return {"huber": self.threshold, **own}

    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """See `Loss.value`."""
        own, r = namespace(scores), abs(scores - dense(scores, target))
        inside = own.square(r) * (self.slope / (2 * self.threshold))
        return own.where(r <= self.threshold, inside, self.slope * (r - self.threshold / 2)).sum(-2)

    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.residual`."""
        r = scores - dense(scores, target)
        return r.clamp(-self.threshold, self.threshold) * (self.slope / self.threshold)

    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """See `Loss.curvature`."""
        r = (scores - dense(scores, target)).abs()
        return (r <= self.threshold).to(scores.dtype) * (self.slope / self.threshold)

    def output_curvature(self, scores: Tensor, target: Tensor, stiffness: float = 0.0) -> Tensor:
        """See `Loss.output_curvature`: beyond the threshold a share of slope/|r|."""
        curvature = self.curvature(scores, target)
        if not stiffness:
            return curvature
        beyond = (scores - dense(scores, target)).abs().clamp(min=self.threshold)
        return torch.where(curvature > 0, curvature, stiffness * self.slope / beyond)

    def in_units(self, mean: Tensor, deviation: float) -> TargetUnits:
        """See `Loss.in_units`: within the threshold the curvature is 1, or the slope beyond is at most 1."""
        threshold = self.threshold / deviation
        slope = max(1.0, threshold)
        worth = self.slope * deviation / slope
        return shifted(Huber(threshold, slope), mean, deviation, worth)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """See `Loss.conjugate`."""
        return (a.square() * (self.threshold / (2 * self.slope)) + a * y).sum(0)
