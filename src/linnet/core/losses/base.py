"""`Loss`: a loss in score space, with its derivatives, its dual and the traits that solvers choose by.

Scores are (…, K, B): outputs on the last dimension but one, the rows of a batch last. A target is class
indices (B,), or dense (K, B): one-hot or soft labels for classes, the targets of a regression. The mean over
rows, the features and the penalty are added by whoever uses a loss. `value`, `level` and `check_targets`, of
which evaluations are made, take numpy's arrays as they take tensors, and import no torch for them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from linnet.errors import UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

Numbers = TypeVar("Numbers", bound=Any)
"""A tensor, or an array of numpy."""


class Loss(ABC):
    """A convex loss of scores o against targets y, and what solvers have to know of it.

    A loss says of itself what others need: no solver, proof or estimator asks for its type. The defaults of
    the traits are those of a smooth loss of numbers, output by output.
    """

    name: ClassVar[str] = ""
    """What people, files and `by_name` call it; empty where a file cannot name it."""

    is_for_classes: ClassVar[bool] = False
    """Whether its targets are classes, or their probabilities, and not numbers."""

    couples_outputs: ClassVar[bool] = False
    """Whether a row's Hessian is diag(p) − p pᵀ with p = softmax(o), and not diagonal.

    Such a loss does not feel what is added to all scores of a row alike.
    """

    is_smooth: ClassVar[bool] = True
    """Whether it has a derivative everywhere."""

    is_quadratic: ClassVar[bool] = False
    """Whether its second derivative is 1 everywhere, so that least squares solve it."""

    has_straight_parts: ClassVar[bool] = False
    """Whether its curvature is 0 on a part of the line, where a Newton step needs another's."""

    is_self_concordant: ClassVar[bool] = False
    """Whether |∂³l| is at most ∂²l times the most that a direction moves a score, or two from each other."""

    is_of_differences: ClassVar[bool] = False
    """Whether it is a function of o − y, so that targets can be shifted."""

    curvature_bound: ClassVar[float | None] = None
    """The largest eigenvalue of its second derivative, for safe rates; None where none is known."""

    @property
    def dual_reach(self) -> float | None:
        """The d for which l* is finite where |a| ≤ d, whatever the target; None where it depends on that."""
        return None

    @property
    def options(self) -> dict[str, float]:
        """The numbers that `by_name` takes beside the name."""
        return {}

    @abstractmethod
    def value(self, scores: Numbers, target: Numbers) -> Numbers:
        """The loss of each row, (…, B), of scores (…, K, B)."""

    @abstractmethod
    def residual(self, scores: Tensor, target: Tensor) -> Tensor:
        """∂value/∂scores, (…, K, B), in memory of its own."""

    def value_and_residual(self, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Both at once, as solvers read them, with the work that they share done once."""
        return self.value(scores, target), self.residual(scores, target)

    @abstractmethod
    def curvature(self, scores: Tensor, target: Tensor) -> Tensor:
        """The diagonal of ∂²value/∂scores², (…, K, B)."""

    def output_curvature(self, scores: Tensor, target: Tensor, stiffness: float = 0.0) -> Tensor:
        """The curvature, (K, B), with some given to straight parts.

        Args:
            scores: where, (K, B).
            target: as of `value`.
            stiffness: of straight parts, as a share of the parabola that touches them from above (iteratively
                reweighted least squares).
        """
        return self.curvature(scores, target)

    def conjugate(self, a: Tensor, y: Tensor) -> Tensor:
        """l*(a) = sup_o aᵀo − l(o) of each row, (B,), for a within its domain, which is not checked.

        Args:
            a: (K, B).
            y: dense targets, (K, B).

        Raises:
            UsageError: it is not known.
        """
        raise UsageError(f"no dual is known for the loss {type(self).__name__}")

    def balance(self, a: Tensor, y: Tensor, shares: Tensor) -> Tensor:
        """Dual variables near `a` and within the domain of l*, whose sum Σ ω_i a_i is 0, (K, B).

        Here any domain that holds 0 will do: of the variables of one sign those of which there is too much
        are scaled down, all rows by one factor.

        Args:
            a: derivatives of the loss, (K, B).
            y: dense targets, (K, B).
            shares: ω_i, (B,), of sum 1.
        """
        above, below = a.clamp(min=0), (-a).clamp(min=0)
        up, down = (above @ shares)[:, None], (below @ shares)[:, None]
        least = torch.minimum(up, down)
        return above * ratio(least, up) - below * ratio(least, down)

    def least(self, y: Tensor) -> Tensor:
        """What each row's loss can never be below, (B,), of targets as a data set stores them."""
        return torch.zeros(len(y), dtype=torch.float64, device=y.device)

    def margins(self, scores: Tensor, y: Tensor) -> Tensor | None:
        """How far each row's scores lie in a direction in which its loss falls without end, (B,).

        Args:
            scores: of a model or of a direction of its parameters, (K, B).
            y: dense targets, (K, B).

        Returns:
            None where no row's loss falls without end.
        """
        return None

    def level(self, mean: Numbers) -> Numbers:
        """The score of a row whose mean is given, where solvers begin its bias; 0 where any will do, (K,).

        Args:
            mean: of the targets, (K,).
        """
        return namespace(mean).zeros_like(mean)

    def in_units(self, mean: Tensor, deviation: float) -> TargetUnits:
        """The loss over targets near 0 of about unit size, where it has such a form; here it stays as it is.

        Args:
            mean: of the targets, (K,), float64.
            deviation: of all of them about their means; positive.
        """
        return TargetUnits(self, torch.zeros_like(mean))

    def check_targets(self, y: Tensor | np.ndarray) -> None:
        """Refuse targets that the loss is not of; here any number will do.

        Args:
            y: as a data set stores them.

        Raises:
            UsageError: naming one.
        """
        return

    def logits(self, scores: Tensor) -> Tensor:
        """What the class probabilities are the softmax of, (…, K, B); the scores themselves for most."""
        return scores

    def probabilities(self, scores: Tensor) -> Tensor:
        """The class probabilities that go with scores (…, K, B), summing to 1 over K."""
        return torch.softmax(self.logits(scores), -2)

    def middle(self, outputs: int) -> float:
        """The target of a class that says nothing, to which label smoothing moves all: 1/K."""
        return 1 / outputs

    def weigh_residual(
        self, residual: Tensor, target: Tensor, smoothing: Tensor | None, weight: Tensor | None
    ) -> Tensor:
        """The residual with smoothed labels and weighed classes, (M, K, B), in the memory of the plain one.

        A label is smoothed to t = (1 − ε) y + ε m, m being `middle`. Here a row counts by the weight of its
        class as it was before smoothing, Σ_k c_k y_k, as a whole.

        Args:
            residual: plain, (M, K, B); overwritten.
            target: y, dense, (K, B).
            smoothing: ε of each model, (M, 1, 1); None for none.
            weight: c, how much each class counts, (M, K); None where all count alike.
        """
        if smoothing is not None:  # the residual is linear in the target
            residual.add_(smoothing * (target - self.middle(target.shape[0])))
        return residual if weight is None else residual.mul_((weight @ target)[:, None])

    def divides_by_classes(self, target: Tensor) -> bool:
        """Whether the mean over rows divides by their classes' weights; target as a data set stores it."""
        return True

    @staticmethod
    def encode(target: Any, outputs: int, dtype: Any) -> Any:
        """A batch's stored targets as dense (K, B).

        Args:
            target: class indices (B,), which become one-hot, or regression targets (B, K).
            outputs: K.
            dtype: of the result.
        """
        if not is_tensor(target):
            target = np.asarray(target)
            return target.T.astype(dtype) if is_floating(target) else np.eye(outputs, dtype=dtype)[:, target]
        if target.is_floating_point():
            return target.T.to(dtype)
        dense = torch.zeros(outputs, len(target), dtype=dtype, device=target.device)
        return dense.scatter_(0, target[None], 1.0)


@dataclass(frozen=True, eq=False)
class TargetUnits:
    """A loss l in other units of its targets and scores, in which both are near 0 and of about unit size.

        y' = (y − shift)/divisor,    o = level + unit o',    l(o, y) = worth l'(o', y')

    Args:
        loss: l'.
        level: (K,), float64.
        unit: of the scores.
        worth: what a loss of 1 in these units is in those of the targets.
        shift: (K,), float64; None where the targets stay as they are.
        divisor: of the targets.
    """

    loss: Loss
    level: Tensor
    unit: float = 1.0
    worth: float = 1.0
    shift: Tensor | None = None
    divisor: float = 1.0

    def enter(self, y: Tensor) -> Tensor:
        """Targets as a data set stores them, in these units; numbers are float64."""
        if self.shift is None:
            return y
        return (y.double() - self.shift.to(y.device)).div_(self.divisor)


def shifted(loss: Loss, mean: Tensor, deviation: float, worth: float) -> TargetUnits:
    """The units of a loss of differences, o − y."""
    return TargetUnits(loss, mean, deviation, worth, mean, deviation)


def dense(scores: Numbers, target: Numbers) -> Numbers:
    """The target as (K, B), whatever it came as."""
    return target if is_floating(target) else Loss.encode(target, scores.shape[-2], scores.dtype)


def namespace(values: Any) -> Any:
    """Of a tensor torch, of an array numpy: the functions that take it, by names that both have."""
    return torch if is_tensor(values) else np


def is_floating(values: Any) -> bool:
    """Whether a tensor or an array holds floating numbers."""
    return values.is_floating_point() if is_tensor(values) else values.dtype.kind == "f"


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """part/whole, 0 where whole is 0."""
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0)
