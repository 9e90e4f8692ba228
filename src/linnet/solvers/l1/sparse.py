"""`steps_sparse`: L1 on sparse rows as they are stored, by Newton steps whose Hessian is never made.

A few sweeps of coordinate descent over the columns of a working set say which weights are 0 and the signs of
the others. Conjugate gradients on the Hessian of these, products with which are two looks at their columns,
then find their sizes. So steps are Newton's own, and cost what sweeps do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.certificate.duality import find_shift, measure_gap, smallest_subgradient
from linnet.solvers.l1.sparse_model import SparseModel
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import stays_as_stored
from linnet.solvers.smooth.line_search import search
from linnet.solvers.smooth.smooth import Step, reach_limit
from linnet.solvers.solution import CONVERGED, STALLED, Status

ROOM = 100
"""New coordinates of a working set, at least; else as many as are not 0."""

FINEST, COARSEST = 1e-4, 0.1
"""What conjugate gradients leave of the residual: the root of what there is to gain, between these."""

NEAR = 1e-2
"""How far, as a share of l1, derivatives are beyond it at most where a start may be the optimum."""

SOON = 40
"""Steps after which others go on, who make Hessians: classes are all but apart, and columns go together."""

ROUNDED = 1e-13
"""The share of the objective below which rounding hides what a step gains."""

HIDDEN = 1e-24
"""The share below which steps change no digit of the derivatives either."""


def suits_sparse(objective: Objective) -> bool:
    """Whether sparse rows can stay as they are stored, and the loss has curvature and an L1 penalty."""
    loss = objective.loss
    is_smooth = loss.is_smooth and not loss.has_straight_parts
    return is_smooth and objective.penalty.l1 > 0 and stays_as_stored(objective)


def steps_sparse(objective: Objective, start: Tensor | None, tol: float, max_iter: int) -> Iterator[Step]:
    """The start and each iterate after it; the last has a status, which is "stalled" where others may go on.

    Args:
        objective: that `suits_sparse`, in float64.
        start: θ, (K, D + 1); zero when None.
        tol: the duality gap to end with, as a share of the objective.
        max_iter: iterations.
    """
    at = Step(objective, begin(objective, start))
    for iteration in range(max_iter + 1):
        is_there = at.estimate <= tol * at.point.value or at.point.value == 0
        if is_there or (iteration == 0 and _excess(objective, at.point) <= NEAR):
            gap = _gap(objective, at.point)
            if gap <= tol * at.point.value:
                yield Step(objective, at.point, at.estimate, Status(CONVERGED), gap)
                return
        if iteration == max_iter:
            yield Step(objective, at.point, at.estimate, reach_limit(max_iter))
            return
        yield at
        is_useful = at.estimate > HIDDEN * at.point.value and iteration < SOON
        following = _advance(at) if is_useful else None
        if following is None:
            yield Step(objective, at.point, at.estimate, Status(STALLED))
            return
        at = following


def begin(objective: Objective, start: Tensor | None) -> Point:
    """The start, its biases moved to the best for its weights where they are not near."""
    theta = objective.zeros() if start is None else start.clone()
    is_zero = not bool(theta.any())
    scores = theta.new_zeros(len(theta), len(objective.rows)) if is_zero else objective.scores(theta)
    if objective.intercept:
        slope = torch.zeros_like(theta)
        residual = objective.residual(scores)
        slope[:, -1] = residual.sum(1) / objective.rows.total
        if float(slope.abs().max()) > NEAR * float(residual.abs().mean()):
            shift = find_shift(objective, Point(theta, scores, math.nan, math.nan, slope))
            theta[:, -1] += shift
            scores = scores + shift[:, None]
    return objective.point_from(theta, scores)


def _excess(objective: Objective, point: Point) -> float:
    """By how much the derivatives of what is smooth are beyond l1, as a share of it."""
    return float(point.gradient[:, :-1].abs().max()) / objective.penalty.l1 - 1


def _gap(objective: Objective, point: Point) -> float:
    rows = objective.rows
    y = Loss.encode(rows.y, rows.outputs, torch.float64)
    return measure_gap(objective, point, objective.loss.residual(point.scores, y), y, rows.shares)


def _choose(objective: Objective, point: Point) -> NDArray[np.bool_]:
    """The working set, (K, D): what is not 0, and what wants to leave 0 most."""
    chosen = (point.theta[:, :-1] != 0).numpy()
    wanting = np.where(chosen, 0.0, smallest_subgradient(objective, point)[:, :-1].abs().numpy())
    room = max(ROOM, int(chosen.sum()))
    new = np.flatnonzero(wanting)
    if len(new) > room:
        new = new[np.argpartition(-wanting.ravel()[new], room)[:room]]
    chosen.ravel()[new] = True
    return chosen


def _advance(at: Step) -> Step | None:
    """A step; None where there is none downhill."""
    objective, point = at.objective, at.point
    model = SparseModel.of(objective, point, _choose(objective, point))
    rough = model.sweep()
    share = min(max(math.sqrt(at.estimate / abs(point.value)), FINEST), COARSEST)
    for moved in (model.refine(rough, share), rough):
        slope = model.slope(moved)
        if slope < 0:
            theta, change = model.leave(moved)
            if -slope > ROUNDED * point.value:
                following, _ = search(objective, point, theta - point.theta, slope, change)
            else:
                following = _settle(at, objective.point_from(theta, point.scores + change))
            if following is not None:
                return Step(objective, following, -slope)
    return None


def _settle(at: Step, following: Point) -> Point | None:
    """A step whose gain rounding hides, taken where it brings the derivatives nearer to l1."""
    is_level = following.value <= at.point.value * (1 + ROUNDED)
    return (
        following if is_level and _excess(at.objective, following) < _excess(at.objective, at.point) else None
    )
