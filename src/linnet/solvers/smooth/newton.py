"""`Newton`: Newton's method with the whole Hessian, for problems of few parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.problem.hessian import newton_direction
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.smooth.steps import Step, reach_limit, search
from linnet.solvers.solution import CONVERGED, STALLED, Status

SOFTEST = 1e-6
"""The least stiffness of Huber's straight parts; a step that goes the whole way makes it a quarter."""


@dataclass(frozen=True)
class Newton(SmoothSolver):
    """Damped Newton steps in float64: θ ← θ − t H⁻¹ g, H of all rows, factored anew each time.

    An iteration costs O(N K² D² + K³ D³), little below some hundreds of parameters, and from half a
    dozen to two dozen of them are enough from anywhere.

    Args:
        tol: stop once the gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: iterations.
    """

    tol: float = 1e-12
    max_iter: int = 100

    knows_hessian = True

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective = objective.with_dtype(torch.float64)
        point, stiffness = objective.point(start), 1.0
        for iteration in range(self.max_iter + 1):
            direction = newton_direction(objective, point, stiffness)
            estimate = -float((direction * point.gradient).sum()) / 2
            is_near = estimate <= self.tol * abs(point.value)
            if is_near or iteration == self.max_iter:
                ended = Status(CONVERGED) if is_near else reach_limit(iteration)
                yield Step(objective, point, estimate, ended)
                return
            yield Step(objective, point, estimate)
            following, size = search(objective, point, direction)
            if following is None and (stiffness >= 1 or not objective.loss.has_straight_parts):
                yield Step(objective, point, estimate, Status(STALLED, "rounding allows no lower objective"))
                return
            stiffness = soften(stiffness, size)
            point = following or point


def soften(stiffness: float, size: float) -> float:
    """The stiffness of straight parts after a step of some share of the way: less after a whole one."""
    return max(stiffness / 4, SOFTEST) if size == 1 else min(1.0, stiffness * 16)
