"""`Solution`: a model with its status and certificate; `SolverSpec`: the interface of solvers; `Minimum`."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from linnet.core.losses import Loss, name_of
from linnet.errors import ShapeError, UsageError
from linnet.model.history import Record
from linnet.model.optimum import NONNEGATIVE, UNATTAINED
from linnet.model.run import Run
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.problem.objective import Objective

Progress = Callable[[Record], object]
"""Called with each iteration's record."""

CONVERGED, EXACT, LIMIT, STALLED = "converged", "exact", "iteration limit", "stalled"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Status:
    """How a solver ended.

    Args:
        name: "converged" (the tolerance is met), "exact" (a direct method went through), "iteration limit",
            "stalled" (rounding allows no more progress), "interrupted" (Ctrl-C; the model is the best so
            far), or "no optimum" (the objective falls for ever as the weights grow).
        advice: what to try next; empty where there is nothing to do.
    """

    name: str
    advice: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the model is what was asked for."""
        return self.name in (CONVERGED, EXACT)

    @property
    def of_run(self) -> str:
        """It as a run says it: "completed", "interrupted", or "stopped: …"."""
        if self.is_good:
            return "completed"
        return self.name if self.name == INTERRUPTED else f"stopped: {self}"

    def __str__(self) -> str:
        return f"{self.name}: {self.advice}" if self.advice else self.name


@dataclass(frozen=True)
class Certificate:
    """How near the optimum a model is, and what it took.

    Args:
        objective: the mean loss and the penalty at the model, in float64.
        gradient_norm: the Euclidean norm of the objective's gradient over weights and biases; with an L1
            penalty, of its smallest subgradient.
        gap: the objective is at most this much above the optimum, the rounding of the objective included, so
            it is never finer than float64 can tell; infinite where no bound is known.
        iterations: of the solver; 0 for a direct one.
        passes: over the data, a product with all rows and one back counting as one.
        seconds: it took.
        bound: what the gap is proven by: "duality" (Fenchel's), "curvature" (of squares, exact),
            "self-concordance" (of softmax and the logistic loss at Newton's decrement), "strong convexity",
            or "losses are never negative", which says little.
        gain: what a Newton step would gain, ½gᵀH⁻¹g: an estimate, no bound; NaN where it was not worked out.
    """

    objective: float
    gradient_norm: float
    gap: float
    iterations: int
    passes: float
    seconds: float
    bound: str = ""
    gain: float = math.nan

    @property
    def said(self) -> str:
        """The bound in words, with what it rests on."""
        gain = "" if math.isnan(self.gain) else f", where a Newton step would gain about {self.gain:.2g}"
        if math.isinf(self.gap):
            return f"no bound on the gap{gain}"
        if self.bound == NONNEGATIVE:
            return f"no bound but that {self.bound}{gain}"
        return f"at most {self.gap:.2g} above the optimum" + (f" (by {self.bound})" if self.bound else "")

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values, None where a figure is not known."""
        values = dataclasses.asdict(self).items()
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values
        }


@dataclass(frozen=True, eq=False)
class Minimum:
    """A minimum that a method found.

    Args:
        theta: the model, (K, D + 1), float64.
        status: how the method ended.
        certificate: the objective there, what it took, and how near the optimum it is; its gap is infinite
            where nothing was proven.
        trace: a record an iteration.
        method: the method's name.
        statistics: the sums over all rows, where it went by these.
    """

    theta: Tensor
    status: Status
    certificate: Certificate
    trace: list[Record]
    method: str
    statistics: Statistics | None = None

    @property
    def iterations(self) -> int:
        """How many iterations it took."""
        return self.certificate.iterations

    @classmethod
    def unproven(cls, theta: Tensor, status: Status, iterations: int, method: str) -> Minimum:
        """A model of which nothing else is known."""
        certificate = Certificate(math.nan, math.nan, math.inf, iterations, math.nan, math.nan)
        return cls(theta, status, certificate, [], method)


class SolverSpec(ABC):
    """A method with its settings, which minimises objectives of some kind.

    Attributes:
        field: the losses that it is for, in words.
        takes_l1: whether the penalty may have an L1 part.
    """

    field: ClassVar[str] = "smooth losses"
    takes_l1: ClassVar[bool] = False

    def suits(self, loss: Loss) -> bool:
        """Whether it is for a loss: a smooth one, unless a method is more particular."""
        return loss.is_smooth

    def check(self, objective: Objective) -> None:
        """Refuse a problem of another kind.

        Raises:
            UsageError: saying which solver is for it.
        """
        name, loss, l1 = type(self).__name__, objective.loss, objective.penalty.l1
        if not self.suits(loss):
            advice = "leave it out" if loss.is_smooth else "take interior, or huber with a small threshold"
            raise UsageError(
                f"{name} does not solve the loss {name_of(loss)}: it is for {self.field}, not "
                f"{type(loss).__name__}: {advice}"
            )
        if l1 and not loss.is_smooth:
            raise UsageError("the absolute error takes l2 only: for l1 use huber with a small threshold")
        if l1 and not self.takes_l1:
            raise UsageError(
                f"{name} takes no l1, for an L1 penalty is not smooth: leave the solver out, or take proximal"
            )

    def check_problem(self, objective: Objective, start: Tensor | None) -> None:
        """Refuse an objective of another kind, features that are not finite, and a start of another shape.

        Raises:
            UsageError, ShapeError: the objective or the start does not fit.
        """
        self.check(objective)
        if not objective.rows.is_finite():
            raise UsageError("the features are not finite: fill in or leave out rows with NaN or infinity")
        shape = objective.rows.outputs, objective.rows.features + 1
        if start is not None and start.shape != shape:
            raise ShapeError(f"the start must be (K, D + 1) = {shape}, got {tuple(start.shape)}")

    @abstractmethod
    def minimise(
        self, objective: Objective, start: Tensor | None = None, *, progress: Progress | None = None
    ) -> Minimum:
        """Go to the optimum and prove how near it is; Ctrl-C ends it early with the best so far.

        Args:
            objective: of the kind that the method is for.
            start: θ, (K, D + 1), for methods that take steps; zero when None.
            progress: called with a record an iteration: `epoch` (from 0, the start), `train_loss` (the mean
                loss), `objective` and `seconds` among its keys.

        Raises:
            UsageError: the objective is not of that kind, or has numbers that are not finite.
            ShapeError: the start has another shape.
        """


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved problem.

    Args:
        value: the model as a run, ready to score, save and evaluate.
        status: how the solver ended, and what to try.
        stats: the certificate.
        sums: over the rows, where least squares went by these.
    """

    value: Run
    status: Status
    stats: Certificate
    sums: Statistics | None = None

    def __str__(self) -> str:
        at = self.stats
        said = "" if self.status.name == UNATTAINED else f"{at.said}, "  # nothing to be near to
        return (
            f"{self.status}; objective {at.objective:.10g}, {said}gradient {at.gradient_norm:.2g}; "
            f"{at.iterations} iterations, {at.passes:g} passes, {at.seconds:.2f} s"
        )
