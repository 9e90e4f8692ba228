"""`NewtonCG`: Newton steps of sparse rows, by conjugate gradients on a Hessian that is never made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.line_search import search
from linnet.solvers.smooth.smooth import ROUNDED, SmoothSolver, Step, reach_limit
from linnet.solvers.solution import CONVERGED, STALLED, Status

COARSEST, FINEST = 0.3, 1e-3
"""What conjugate gradients leave of the residual: the root of what there is to gain, between these."""

LEAST = 1e-12
"""The share of the diagonal's largest entry that each has at least."""

TURNS = 200
"""Conjugate gradients of a step, at most."""


@dataclass(frozen=True)
class NewtonCG(SmoothSolver):
    """Truncated Newton steps in float64 (Nocedal and Wright, Numerical Optimization, 2006, 7.1).

    A product with the Hessian is a pass over the rows, and some dozens of them are enough where columns go
    with each other as little as those of words do. The diagonal is what they are led by.

    Args:
        tol: stop once the gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: Newton steps.
    """

    tol: float = 1e-9
    max_iter: int = 100

    field = "smooth losses that are nowhere straight"
    knows_hessian = True

    def suits(self, loss: Loss) -> bool:
        """See `SolverSpec.suits`."""
        return super().suits(loss) and not loss.has_straight_parts

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective, light = objective.with_dtype(torch.float64), objective.with_dtype(torch.float32)
        point, share, diagonal = objective.point(start), COARSEST, None
        for iteration in range(self.max_iter + 1):
            enough = self.tol * abs(point.value)
            if (
                diagonal is None or share == COARSEST
            ):  # it only leads, so that near the end a former one serves
                diagonal = _diagonal(light, point)
            direction = _solve(light, point, diagonal, share, enough)
            slope = float((direction * point.gradient).sum())
            estimate = -slope / 2
            is_near = estimate <= enough
            if is_near or iteration == self.max_iter:
                ended = Status(CONVERGED) if is_near else reach_limit(iteration)
                yield Step(objective, point, estimate, ended)
                return
            yield Step(objective, point, estimate)
            following, _ = search(objective, point, direction, slope)
            if following is None:
                yield Step(objective, point, estimate, Status(STALLED, ROUNDED))
                return
            point, share = following, min(max(math.sqrt(estimate / abs(point.value)), FINEST), COARSEST)


def _solve(objective: Objective, point: Point, diagonal: Tensor, share: float, enough: float) -> Tensor:
    """About −H⁻¹ g, (K, D + 1).

    Args:
        objective: smooth, in float32: products with its Hessian need not be finer than what is left.
        point: where, in float64.
        diagonal: of about the Hessian, (K, D + 1).
        share: of the gradient that may be left, in the norm of the inverse of the diagonal.
        enough: a gain so small that no more than its size is wanted.
    """
    bend = _curve(objective, point)
    x, left = torch.zeros_like(point.theta), -point.gradient
    direction, size, first, gain = torch.zeros_like(x), math.nan, math.nan, 0.0
    for turn in range(TURNS):
        z = left / diagonal
        size, before = float((left * z).sum()), size
        first = first if turn else size
        is_little = turn > 0 and gain <= enough / 2
        if not size > (max(share, COARSEST * is_little) ** 2 * first if turn else 0.0):
            break
        direction = z if not turn else z.add_(direction, alpha=size / before)
        bent = bend(direction)
        if not (curvature := float((direction * bent).sum())) > 0:
            break
        length = size / curvature
        gain += size * length / 2
        x.add_(direction, alpha=length)
        left.sub_(bent, alpha=length)
    return x


def _diagonal(objective: Objective, point: Point) -> Tensor:
    """Of the Hessian, (K, D + 1), all above 0."""
    rows = objective.rows
    curvature = objective.loss.curvature(point.scores.to(rows.dtype), rows.target()) * rows.shares
    diagonal = rows.squares(curvature.to(rows.dtype)).double()
    diagonal[:, :-1] += objective.l2
    return diagonal.clamp_(min=LEAST * float(diagonal.max()))


def _curve(objective: Objective, point: Point) -> Callable[[Tensor], Tensor]:
    """The product with the Hessian of a direction, (K, D + 1)."""
    rows, loss, scores = objective.rows, objective.loss, point.scores.to(objective.rows.dtype)
    p = torch.softmax(scores, 0) if loss.couples_outputs else None
    curves = loss.curvature(scores, rows.target()) if p is None else p
    weighted = (curves * rows.shares).to(rows.dtype)

    def bend(direction: Tensor) -> Tensor:
        moved = objective.scores(direction)
        own = moved if p is None else moved - (p * moved).sum(0)
        objective.meter.read += len(rows) / 2
        bent = rows.gradient_of(weighted * own)
        bent[:, :-1] += objective.l2 * direction[:, :-1]
        return objective.free_(bent)

    return bend
