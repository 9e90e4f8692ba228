"""Newton's method with the whole Hessian, for problems of few parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.linalg.kronecker import factor, gram
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.steps import Solver, Step, search
from linnet.solvers.solution import CONVERGED, LIMIT, STALLED, Status

CHUNK = 4096
"""Rows whose share of the Hessian is added at once."""

SOFTEST = 1e-6
"""The least stiffness of Huber's straight parts; a step that goes the whole way makes it a quarter."""


@dataclass(frozen=True)
class Newton(Solver):
    """Damped Newton steps in float64: θ ← θ − t H⁻¹ g, H of all rows, factored anew each time.

    An iteration costs O(N K² D² + K³ D³), little below some hundreds of parameters, and from half a
    dozen to two dozen of them are enough from anywhere.

    Args:
        tol: stop once the gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: iterations.
    """

    tol: float = 1e-12
    max_iter: int = 100

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `Solver.steps`."""
        objective = objective.with_dtype(torch.float64)
        point, stiffness = objective.point(start), 1.0
        for iteration in range(self.max_iter + 1):
            direction = newton_direction(objective, point, stiffness)
            estimate = -float((direction * point.gradient).sum()) / 2
            is_near = estimate <= self.tol * abs(point.value)
            if is_near or iteration == self.max_iter:
                advice = "" if is_near else f"allow more than {self.max_iter} iterations (max_iter)"
                yield Step(point, estimate, Status(CONVERGED if is_near else LIMIT, advice))
                return
            yield Step(point, estimate)
            following = search(objective, point, direction)
            if following is None and (stiffness >= 1 or not objective.loss.has_straight_parts):
                yield Step(point, estimate, Status(STALLED, "rounding allows no lower objective"))
                return
            is_full = following is not None and torch.equal(following.theta, point.theta + direction)
            stiffness = max(stiffness / 4, SOFTEST) if is_full else min(1.0, stiffness * 16)
            point = following or point


def newton_direction(objective: Objective, point: Point, stiffness: float = 1.0) -> Tensor:
    """−H⁻¹ g, (K, D + 1)."""
    K, D = point.theta.shape
    H = hessian(objective, point, stiffness).view(K * D, K * D)
    free = torch.ones(K, D, dtype=torch.bool, device=H.device)
    free[:, -1] = objective.intercept
    free = free.flatten()
    direction = torch.zeros_like(point.gradient).flatten()
    L = factor(H[free][:, free])
    direction[free] = -torch.cholesky_solve(point.gradient.flatten()[free, None], L)[:, 0]
    return direction.view(K, D)


def hessian(objective: Objective, point: Point, stiffness: float = 1.0) -> Tensor:
    """The Hessian, (K, D + 1, K, D + 1), float64.

    Softmax does not feel a shift of all classes' parameters, and its gradient has no part along such shifts
    of what is not penalised. So any curvature will do there: the mean of a feature's own, for another's may
    be so much larger that it would swallow it. Straight parts are given curvature, as of
    `Loss.output_curvature`.
    """
    rows, loss = objective.rows, objective.loss
    K, D = point.theta.shape
    H = torch.zeros(K, D, K, D, dtype=torch.float64, device=point.theta.device)
    weights = torch.ones(len(rows), device=H.device) if rows.weights is None else rows.weights
    for index in torch.arange(len(rows), device=H.device).split(CHUNK):
        part = slice(int(index[0]), int(index[-1]) + 1)
        H += gram(
            rows.dense(index), loss, point.scores[:, part], rows.target(part), weights[part].to(rows.dtype),
            stiffness=stiffness,
        )  # fmt: skip
    H /= rows.total
    diagonal = H.view(K * D, -1).diagonal().view(K, D)
    means = diagonal.mean(0)  # (D,)
    diagonal[:, :-1] += objective.l2
    if loss.couples_outputs:
        loose = slice(None) if objective.penalty.l2 == 0 else slice(D - 1, D)
        for j in range(D)[loose]:
            H[:, j, :, j] += (means[j] if means[j] > 0 else 1.0) / K
    return H
