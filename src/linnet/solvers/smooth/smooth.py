"""`solve_smooth` and `minimise`: softmax, logistic and other smooth losses with L2, to the optimum."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError
from linnet.model.history import History, Record
from linnet.model.run import Run, card_of
from linnet.solvers.certificate.certify import Bound, certify, rounding
from linnet.solvers.certificate.duality import by_duality
from linnet.solvers.certificate.unattained import APART, is_separated, no_optimum
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.row_space import is_worth_rotating, rotated
from linnet.solvers.problem.standard import standardised
from linnet.solvers.smooth.newton import Newton, newton_direction
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.smooth.steps import Solver, Step
from linnet.solvers.solution import (
    CONVERGED,
    INTERRUPTED,
    NONNEGATIVE,
    STALLED,
    UNATTAINED,
    Certificate,
    Solution,
    Status,
)

NEWTON_PARAMETERS, NEWTON_WORK = 300, 1e10
"""Parameters, and N·parameters² operations a Hessian, up to which Newton's method is chosen."""

SHORT = 100.0
"""How many tolerances a whole Newton step may still gain where a solver says that it is there."""

BETTER = "take solver newton, a smaller tol, or set l2 above 0"

Progress = Callable[[Record], object]
"""Called with each iteration's record."""


class Minimum(NamedTuple):
    """What `minimise` gives: θ (K, D + 1) in float64, how it ended, the proof, and a record an iteration."""

    theta: Tensor
    status: Status
    certificate: Certificate
    trace: list[Record]


class Approach(NamedTuple):
    """Where a solver ended, without a proof: θ (K, D + 1) in float64, how, and a record an iteration."""

    theta: Tensor
    status: Status
    trace: list[Record]


class Sized(Protocol):
    """Rows of a problem, as many as its length."""

    def __len__(self) -> int: ...

    @property
    def features(self) -> int:
        """D."""
        ...

    @property
    def outputs(self) -> int:
        """K."""
        ...


def by_size(rows: Sized) -> Solver:
    """Newton with the whole Hessian for few parameters, else `Staged`."""
    parameters = rows.outputs * (min(rows.features, len(rows)) + 1)
    is_small = parameters <= NEWTON_PARAMETERS and len(rows) * parameters**2 <= NEWTON_WORK
    return Newton() if is_small else Staged()


def minimise(
    objective: Objective,
    start: Tensor | None = None,
    solver: Solver | None = None,
    *,
    progress: Progress | None = None,
) -> Minimum:
    """Go to the optimum and prove how near it is.

    Ctrl-C ends it early with the best so far. The bias is moved to its best for the weights at the end.

    Args:
        objective: smooth and convex.
        start: θ, (K, D + 1); zero when None.
        solver: chosen by size when None.
        progress: called with a record an iteration: `epoch` (from 0, the start), `train_loss` (the mean
            loss), `objective`, `gradient_norm`, `estimate` (of what is left to gain) and `seconds`.

    Raises:
        UsageError: there is an L1 penalty, a loss that is not smooth, or numbers that are not finite.
        ShapeError: the start has another shape.
    """
    began = time.perf_counter()
    solver = solver or by_size(objective.rows)
    theta, status, trace = approach(objective, start, solver, progress=progress)
    prove = by_duality if objective.loss.has_straight_parts else certify  # where no curvature is, a dual is
    bound = prove(objective, theta)
    status = _proven(objective, solver, status, bound)
    certificate = Certificate(
        bound.point.value, float(bound.point.gradient.norm()), bound.gap, max(0, len(trace) - 1),
        objective.readings, time.perf_counter() - began, bound.name, bound.gain,
    )  # fmt: skip
    return Minimum(bound.point.theta, status, certificate, trace)


def _proven(objective: Objective, solver: Solver, status: Status, bound: Bound) -> Status:
    """How a solver ended, by its proof where that is near the truth: without a penalty, if there is one."""
    size = abs(bound.point.value)
    unit = float(getattr(solver, "tol", 0.0)) * size + 2 * rounding(objective, bound.point)
    if objective.penalty.l2 or bound.name == NONNEGATIVE:
        return status
    if status.name == STALLED and bound.gap <= unit:
        return Status(CONVERGED)
    if status.name == CONVERGED and bound.gap > SHORT * unit:
        return Status(STALLED, f"it may be {bound.gap:.2g} above an optimum of {size:.6g}: {BETTER}")
    return status


def approach(
    objective: Objective,
    start: Tensor | None = None,
    solver: Solver | None = None,
    *,
    progress: Progress | None = None,
) -> Approach:
    """As `minimise`, without the proof and without the last move of the bias: two readings less.

    Raises:
        UsageError, ShapeError: as of `minimise`.
    """
    check(objective)
    began = time.perf_counter()
    theta = _started(objective, start)
    is_wide = is_worth_rotating(objective)
    framed = standardised(objective, objective.penalty.l2, is_uniform=is_wide)
    inner, at = framed.objective, framed.enter(theta)
    if is_wide:
        inner, forth, back = rotated(inner)
        found = _descend(inner, back(at), solver or by_size(objective.rows), progress, began)
        return found._replace(theta=framed.leave(forth(found.theta)))
    found = _descend(inner, at, solver or by_size(objective.rows), progress, began)
    return found._replace(theta=framed.leave(found.theta))


def solve_smooth(
    dataset: Dataset,
    loss: Loss,
    penalty: Penalty | None = None,
    solver: Solver | None = None,
    *,
    intercept: bool = True,
    dtype: torch.dtype = torch.float32,
    start: Tensor | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The linear model of a data set that minimises its mean loss and an L2 penalty.

    Args:
        dataset: the rows, their targets and weights.
        loss: softmax, logistic, squared or Huber.
        penalty: of the weights; none when None.
        solver: chosen by size when None.
        intercept: whether there is a bias.
        dtype: of the products on the way; the end and the certificate are float64 all the same.
        start: θ, (K, D + 1); zero when None.
        progress: as of `minimise`.

    Returns:
        A run with the model in float64, how the solver ended, and the certificate.

    Raises:
        UsageError, ShapeError: the data, the loss and the penalty do not fit each other.
    """
    if loss.couples_outputs and not dataset.is_classification:
        raise UsageError("the softmax loss needs class labels: give the data set's classes")
    objective = Objective.of(dataset, loss, penalty, intercept=intercept, dtype=dtype)
    solver = solver or by_size(objective.rows)
    theta, status, certificate, trace = minimise(objective, start, solver, progress=progress)
    card = card_of(dataset, loss)
    asked = {
        "solver": type(solver).__name__, **{f"solver.{k}": _plain(v) for k, v in vars(solver).items()},
        "loss": card.loss, **asdict(objective.penalty), "intercept": intercept,
        "dtype": str(dtype).removeprefix("torch."), "certificate": certificate.as_dict(),
    }  # fmt: skip
    run = Run(Bank(theta), History(trace), status.of_run, card, asked, dataset.checksum, certificate.seconds)
    return Solution(run, status, certificate)


def check(objective: Objective) -> None:
    """Refuse what a smooth solver cannot minimise.

    Raises:
        UsageError: an L1 penalty, a loss that is not smooth, or features that are not finite.
    """
    if objective.penalty.l1:
        raise UsageError("an L1 penalty is not smooth: use a proximal solver, or set l1 to 0")
    if not objective.loss.is_smooth:
        raise UsageError("the absolute error is not smooth: use huber with a small threshold")
    if not objective.rows.is_finite():
        raise UsageError("the features are not finite: fill in or leave out rows with NaN or infinity")


def _started(objective: Objective, start: Tensor | None) -> Tensor:
    theta = objective.zeros()
    if start is None:
        return theta
    if start.shape != theta.shape:
        raise ShapeError(f"the start must be (K, D + 1) = {tuple(theta.shape)}, got {tuple(start.shape)}")
    return objective.free_(start.to(theta).clone())


def _descend(
    objective: Objective, theta: Tensor, solver: Solver, progress: Progress | None, began: float
) -> Approach:
    """Follow a solver's steps: how they ended, where, and a record of each."""
    trace: list[Record] = []
    status = Status(INTERRUPTED, "the model is the best so far: start from it to go on")
    try:
        for step in solver.steps(objective, theta):
            theta = step.point.theta
            if not (len(trace) and step.status and trace[-1]["objective"] == step.point.value):
                trace.append(_record(len(trace), step.point, step.estimate, time.perf_counter() - began))
                if progress:
                    progress(trace[-1])
            if step.status:
                return Approach(theta, _judged(objective, step, solver), trace)
            if is_separated(objective, step.point):
                return Approach(theta, _endless(objective, step.point), trace)
    except KeyboardInterrupt:
        return Approach(theta, status, trace)
    return Approach(theta, Status(STALLED), trace)


def _judged(objective: Objective, step: Step, solver: Solver) -> Status:
    """How a solver ended, where its own sentence does not hold: there is no optimum, or it is not there.

    What a solver expects to gain is of its own picture of the Hessian. Where a whole one costs little, that
    tells.
    """
    assert step.status is not None, "of a last step"
    objective = objective.with_dtype(torch.float64)
    point = objective.point(step.point.theta)
    if reason := no_optimum(objective, point):
        return reason
    if objective.loss.has_straight_parts:
        return step.status
    gain = step.estimate
    if not isinstance(solver, Newton) and _is_small(objective):
        gain = -float((newton_direction(objective, point) * point.gradient).sum()) / 2
    tol = float(getattr(solver, "tol", 0.0))
    if step.status.name == STALLED and gain <= max(tol * abs(point.value), rounding(objective, point)):
        return Status(CONVERGED)
    if step.status.name == CONVERGED and gain > max(
        SHORT * tol * abs(point.value), rounding(objective, point)
    ):
        return Status(
            STALLED, f"a Newton step would still gain about {gain:.2g} of {point.value:.6g}: {BETTER}"
        )
    return step.status


def _endless(objective: Objective, point: Point) -> Status:
    return no_optimum(objective, point) or Status(UNATTAINED, APART)


def _is_small(objective: Objective) -> bool:
    rows = objective.rows
    parameters = rows.outputs * (rows.features + 1)
    return parameters <= NEWTON_PARAMETERS and len(rows) * parameters**2 <= NEWTON_WORK


def _record(epoch: int, point: Point, estimate: float, seconds: float) -> Record:
    if not (point.value < float("inf")):
        raise UsageError("the objective is not finite: features or start are NaN, infinite or far too large")
    return {
        "epoch": epoch, "train_loss": point.loss, "objective": point.value,
        "gradient_norm": float(point.gradient.norm()), "estimate": estimate, "seconds": seconds,
    }  # fmt: skip


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str | None) else repr(value)
