"""`SmoothSolver`: smooth losses with L2 to the optimum by steps, with a proof at the end."""

from __future__ import annotations

import dataclasses
import math
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.solvers.certificate.certify import Bound, certify
from linnet.solvers.certificate.duality import rounding
from linnet.solvers.certificate.unattained import APART, is_separated, no_optimum
from linnet.solvers.problem.hessian import newton_direction
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import standardise_rows
from linnet.solvers.smooth.steps import Step, check, follow
from linnet.solvers.solution import (
    CONVERGED,
    NONNEGATIVE,
    STALLED,
    UNATTAINED,
    Certificate,
    Minimum,
    Progress,
    SolverSpec,
    Status,
)

FEW, WORK = 300, 1e10
"""Parameters, and N·parameters² operations a Hessian, up to which a whole Hessian costs little."""

SHORT = 100.0
"""How many tolerances a whole Newton step may still gain where a solver says that it is there."""

BETTER = "take solver newton, a smaller tol, or set l2 above 0"


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
        if objective.penalty.l1:
            raise UsageError("an L1 penalty is not smooth: use a proximal solver, or set l1 to 0")
        if not objective.loss.is_smooth:
            raise UsageError("the absolute error is not smooth: use huber with a small threshold")
        check(objective, start)
        theta = objective.zeros()
        theta = theta if start is None else objective.free_(start.to(theta).clone())
        framed = standardise_rows(objective)
        steps = self._judged_steps(framed.objective, framed.enter(theta))
        step, status, trace = follow(steps, _measure, progress)
        theta = theta if step is None else framed.leave(step.point.theta)
        value, norm = (trace[-1][key] if trace else math.nan for key in ("objective", "gradient_norm"))
        certificate = Certificate(
            value, norm, math.inf, max(0, len(trace) - 1), objective.passes, time.perf_counter() - began
        )
        return Minimum(theta, status, certificate, trace, type(self).__name__)

    def _judged_steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """The steps, the last with a status that holds; they end where there is no optimum to go to."""
        for step in self.steps(objective, start):
            status = step.status
            if status is not None:
                status = self._judge(objective, step, status)
            elif is_separated(objective, step.point):
                status = no_optimum(objective, step.point) or Status(UNATTAINED, APART)
            yield dataclasses.replace(step, status=status)
            if status is not None:
                return

    def _judge(self, objective: Objective, step: Step, status: Status) -> Status:
        """How it ended, where its own sentence does not hold: there is no optimum, or it is not there.

        What a solver expects to gain is of its own picture of the Hessian. Where a whole one costs little,
        that tells.
        """
        objective = objective.with_dtype(torch.float64)
        point = objective.point(step.point.theta)
        if reason := no_optimum(objective, point):
            return reason
        if objective.loss.has_straight_parts:
            return status
        gain = step.estimate
        rows = objective.rows
        if not self.knows_hessian and is_small(rows.outputs, rows.features, len(rows)):
            gain = -float((newton_direction(objective, point) * point.gradient).sum()) / 2
        least, enough = rounding(objective, point), self.tol * abs(point.value)
        if status.name == STALLED and gain <= max(enough, least):
            return Status(CONVERGED)
        if status.name == CONVERGED and gain > max(SHORT * enough, least):
            advice = f"a Newton step would still gain about {gain:.2g} of {point.value:.6g}: {BETTER}"
            return Status(STALLED, advice)
        return status

    def _weigh_proof(self, objective: Objective, status: Status, bound: Bound) -> Status:
        """How it ended, by its proof where that is near the truth: without a penalty, if there is one."""
        size = abs(bound.point.value)
        unit = self.tol * size + 2 * rounding(objective, bound.point)
        if objective.penalty.l2 or bound.name == NONNEGATIVE:
            return status
        if status.name == STALLED and bound.gap <= unit:
            return Status(CONVERGED)
        if status.name == CONVERGED and bound.gap > SHORT * unit:
            return Status(STALLED, f"it may be {bound.gap:.2g} above an optimum of {size:.6g}: {BETTER}")
        return status


def is_small(outputs: int, features: int, rows: int) -> bool:
    """Whether a whole Hessian of so many outputs, features and rows costs little."""
    parameters = outputs * (features + 1)
    return parameters <= FEW and rows * parameters**2 <= WORK


def _measure(step: Step) -> dict[str, float]:
    return {"gradient_norm": float(step.point.gradient.norm()), "estimate": step.estimate}
