"""`SmoothSolver`: smooth losses with L2 to the optimum by steps, with a proof at the end.

What all iterative solvers share stands here, too: a step, the trace of steps, the search along a direction.
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.model.history import Record
from linnet.solvers.certificate.certify import Bound, certify
from linnet.solvers.certificate.duality import rounding
from linnet.solvers.certificate.unattained import APART, explain_no_optimum, is_separated
from linnet.solvers.problem.hessian import newton_direction
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import standardise_rows
from linnet.solvers.smooth.stored import leave
from linnet.solvers.solution import (
    CONVERGED,
    INTERRUPTED,
    LIMIT,
    NONNEGATIVE,
    STALLED,
    UNATTAINED,
    Certificate,
    Minimum,
    Progress,
    SolverSpec,
    Status,
)

SHORT = 100.0
"""How many tolerances a whole Newton step may still gain where a solver says that it is there."""

PROVEN = 1e-9
"""The share of the objective that a proof of Huber's loss need not be nearer than."""

BETTER = "take solver newton, a smaller tol, or set l2 above 0"

ROUNDED = "rounding allows no lower objective: ask for a larger tol"


@dataclass(frozen=True, eq=False)
class Step:
    """Where a solver stands.

    Args:
        objective: of the dtype in use.
        point: there.
        estimate: how much there is still to gain, as the solver's quadratic model has it: ½ gᵀH⁻¹g.
        status: how it ended; None while it goes on.
        gap: the objective is at most this much above the optimum; infinite where no bound was asked for.
    """

    objective: Objective
    point: Point
    estimate: float = math.inf
    status: Status | None = None
    gap: float = math.inf


class SmoothSolver(SolverSpec):
    """A way to minimise a smooth, convex objective by steps.

    Args:
        tol: stop once the expected gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: iterations.
    """

    tol: float
    max_iter: int

    knows_hessian = False
    """Whether the gain that it expects is of the whole Hessian, not of a picture of it."""

    @abstractmethod
    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """The start and each iterate after it; the last has a status.

        Args:
            objective: smooth: its penalty has no L1 part.
            start: θ, (K, D + 1).
        """

    def minimise(
        self, objective: Objective, start: Tensor | None = None, *, progress: Progress | None = None
    ) -> Minimum:
        """See `SolverSpec.minimise`; the bias is moved to its best for the weights at the end."""
        began = time.perf_counter()
        found = self.approach(objective, start, progress=progress)
        bound = certify(objective, found.theta)
        certificate = bound.certificate(
            found.certificate.iterations, objective.passes, time.perf_counter() - began
        )
        status = self._weigh_proof(objective, found.status, bound)
        return replace(found, theta=bound.point.theta, status=status, certificate=certificate)

    def approach(
        self, objective: Objective, start: Tensor | None = None, *, progress: Progress | None = None
    ) -> Minimum:
        """As `minimise`, without the proof and without the last move of the bias: two passes less."""
        began = time.perf_counter()
        self.check_problem(objective, start)
        theta, start = objective.zeros(), objective.start() if start is None else start
        theta = theta if start is None else objective.free_(start.to(theta).clone())
        framed = standardise_rows(objective)
        steps = self._judge_steps(framed.objective, framed.enter(theta))
        step, status, trace = follow(steps, _measure, progress)
        if step is not None:
            theta, status = leave(framed, step.objective, step.point, SHORT * self.tol, status)
        value, norm = (trace[-1][key] if trace else math.nan for key in ("objective", "gradient_norm"))
        certificate = Certificate(
            value, norm, math.inf, max(0, len(trace) - 1), objective.passes, time.perf_counter() - began
        )
        return Minimum(theta, status, certificate, trace, type(self).__name__)

    def _judge_steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """The steps, the last with a status that holds; they end where there is no optimum to go to."""
        for step in self.steps(objective, start):
            status = step.status
            if status is not None:
                status = self._judge(objective, step, status)
            elif is_separated(objective, step.point):
                status = explain_no_optimum(objective, step.point) or Status(UNATTAINED, APART)
            yield replace(step, status=status)
            if status is not None:
                return

    def _judge(self, objective: Objective, step: Step, status: Status) -> Status:
        """The status that holds at the end: whether there is an optimum, and whether it was reached.

        What a solver expects to gain is of its own picture of the Hessian. Where a whole one costs little,
        that tells.
        """
        rows = objective.rows
        asks_hessian = not self.knows_hessian and objective.is_small
        is_wide = rows.dtype == step.objective.rows.dtype == torch.float64
        is_settled = objective.penalty.l2 and status.name == CONVERGED and not asks_hessian
        objective = objective.with_dtype(torch.float64)
        point = step.point if is_wide or is_settled else objective.point(step.point.theta)
        if reason := explain_no_optimum(objective, point):
            return reason
        if objective.loss.has_straight_parts:
            return status
        gain = step.estimate
        if asks_hessian:
            gain = -float((newton_direction(objective, point) * point.gradient).sum()) / 2
        enough = self.tol * abs(point.value)
        if status.name == CONVERGED and gain <= SHORT * enough:
            return status
        least = rounding(objective, point)
        advice = f"a Newton step would still gain about {gain:.2g} of {point.value:.6g}"
        return _settle(status, gain, max(enough, least), max(SHORT * enough, least), advice)

    def _weigh_proof(self, objective: Objective, status: Status, bound: Bound) -> Status:
        """The status by the bound, where that is near the truth: without a penalty, if there is one."""
        size = abs(bound.point.value)
        tol = max(self.tol, PROVEN) if objective.loss.has_straight_parts else self.tol
        unit = tol * size + 2 * rounding(objective, bound.point)
        if objective.penalty.l2 or bound.name == NONNEGATIVE:
            return status
        advice = f"it may be {bound.gap:.2g} above an optimum of {size:.6g}"
        return _settle(status, bound.gap, unit, SHORT * unit, advice)


def _settle(status: Status, left: float, near: float, far: float, advice: str) -> Status:
    """The status by what is left to gain: converged where that is near, stalled where it is far."""
    if status.name == STALLED and left <= near:
        return Status(CONVERGED)
    if status.name == CONVERGED and left > far:
        return Status(STALLED, f"{advice}: {BETTER}")
    return status


def _measure(step: Step) -> dict[str, float]:
    found = {"gradient_norm": float(step.point.gradient.norm()), "estimate": step.estimate}
    return found if step.objective.keeps_scores else found | {"passes": step.objective.passes}


def follow(
    steps: Iterator[Step],
    measure: Callable[[Step], dict[str, float]],
    progress: Progress | None,
    before: Sequence[Record] = (),
) -> tuple[Step | None, Status, list[Record]]:
    """Take a solver's steps to their end, or until Ctrl-C.

    Args:
        steps: the start and each iterate after it; the last has a status.
        measure: gives a step's figures for its record, beside those that all have.
        progress: called with each record.
        before: records of steps that led to the start.

    Returns:
        The last step, None where there was none; how it ended; and a record an iteration, those before first.

    Raises:
        UsageError: the objective is not finite.
    """
    began, trace, step = time.perf_counter(), list(before), None
    status = Status(INTERRUPTED, "the model is the best so far: start from it to go on")
    try:
        for step in steps:
            if trace and step.status and trace[-1]["objective"] == step.point.value:
                continue  # the end of a step that has a record already
            record = _record(step, len(trace)) | measure(step)
            trace.append(record | {"seconds": time.perf_counter() - began})
            if progress:
                progress(trace[-1])
    except KeyboardInterrupt:
        return step, status, trace
    return step, (step and step.status) or status, trace


def _record(step: Step, epoch: int) -> Record:
    point = step.point
    if not point.value < math.inf:
        raise UsageError(
            "the objective is not finite: features, targets or start are NaN, infinite or far too large"
        )
    return {"epoch": epoch, "train_loss": point.loss, "objective": point.value}


def reach_limit(iterations: int) -> Status:
    """The end of a solver that ran out of iterations."""
    return Status(LIMIT, f"allow more than {iterations} iterations (max_iter), or a larger tol")
