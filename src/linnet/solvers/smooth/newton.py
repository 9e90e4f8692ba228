"""`Newton`: damped Newton steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.by_class import ByClass
from linnet.solvers.smooth.few import FINE
from linnet.solvers.smooth.lbfgs import LBFGS, Pace
from linnet.solvers.smooth.line_search import search
from linnet.solvers.smooth.preconditioners import count_pairs, count_passes
from linnet.solvers.smooth.sampled import Curvature
from linnet.solvers.smooth.smooth import SmoothSolver, Step, reach_limit
from linnet.solvers.solution import CONVERGED, LIMIT, STALLED, Status

SOFTEST = 1e-6
"""The least stiffness of Huber's straight parts; a step that goes the whole way makes it a quarter."""

LONG, SHARE, SHORT = 2e7, 4, 30
"""Multiplications of a Hessian of all rows, and passes over them, from which steps by a Hessian a class go
before; and how many such steps at most."""

ROUGH = 1e-6
"""The gain that those steps leave, as a share of the objective: then one Hessian lasts to the end."""


@dataclass(frozen=True)
class Newton(SmoothSolver):
    """Damped Newton steps in float64: θ ← θ − t H⁻¹ g, H of all rows, factored anew each time.

    An iteration costs O(N K² D² + K³ D³), little below some hundreds of parameters, and from half a
    dozen to two dozen of them are enough from anywhere. Of very many rows it begins with a sample's optimum
    and Hessian (see `Curvature`), and some passes over all rows are enough. Where a Hessian takes as long as
    several passes, L-BFGS goes near the optimum by a Hessian a class of some rows; there one of all is made.

    Args:
        tol: stop once the gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: iterations.
    """

    tol: float = FINE
    max_iter: int = 100

    knows_hessian = True

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective = objective.with_dtype(torch.float64)
        curvature, stiffness = Curvature(objective, self.tol), 1.0
        point = objective.point(curvature.begin(start, _find_optimum))
        taken = 0
        if not curvature.is_sampled and _is_long(objective):
            for step in self._approach(objective, point):
                if step.status is None:
                    yield step
                point, taken = step.point, taken + (step.status is None)
        for iteration in range(taken, self.max_iter + 1):
            direction, estimate = curvature.direction(point, stiffness)
            is_near = estimate <= self.tol * curvature.rest * abs(point.value)
            if is_near or iteration == self.max_iter:
                ended = Status(CONVERGED) if is_near else reach_limit(iteration)
                yield Step(objective, point, estimate, ended)
                return
            yield Step(objective, point, estimate)
            following, size = search(objective, point, direction)
            is_doubtful = size < 1 and curvature.doubt()
            if (
                following is None
                and not is_doubtful
                and (stiffness >= 1 or not objective.loss.has_straight_parts)
            ):
                yield Step(objective, point, estimate, Status(STALLED, "rounding allows no lower objective"))
                return
            stiffness = soften(stiffness, size)
            point = following or point

    def _approach(self, objective: Objective, point: Point) -> Iterator[Step]:
        """Steps to the neighbourhood of the optimum; the last has a status."""
        solver, pace = LBFGS(max(self.tol, ROUGH), 20, preconditioner=ByClass()), Pace(ROUGH, SHORT)
        for step in solver.go_on(objective, point, min(self.max_iter, SHORT)):
            is_end = step.status is None and pace.is_slow(step)
            yield replace(step, status=Status(LIMIT)) if is_end else step
            if is_end:
                return


def _is_long(objective: Objective) -> bool:
    """Whether a Hessian of all rows takes so long that steps by a Hessian a class are worth their making."""
    rows, loss = objective.rows, objective.loss
    if loss.is_quadratic or loss.has_straight_parts or not objective.keeps_scores:
        return False
    entries = count_pairs(rows) if loss.couples_outputs else rows.outputs
    work = len(rows) * entries * rows.features**2
    passes = count_passes(objective, work)
    return work >= LONG and passes >= SHARE and ByClass().work(objective) * SHARE <= passes


def _find_optimum(sample: Objective, start: Tensor) -> Point | None:
    """The optimum of a sample, as near as all rows will be from there; None where it was not reached soon."""
    *_, last = Newton(1e-4, 20).steps(sample, start)
    return last.point if last.status is not None and last.status.name == CONVERGED else None


def soften(stiffness: float, size: float) -> float:
    """The stiffness of straight parts after a step of some share of the way: less after a whole one."""
    return max(stiffness / 4, SOFTEST) if size == 1 else min(1.0, stiffness * 16)
