"""`leave`: the model of a solver's optimum, whose bias may be rounded so far that it is none any more."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import Framed
from linnet.solvers.solution import STALLED, Status

FAR = (
    "columns lie so far from 0 beside their spread that the bias, rounded, moves the scores: "
    "subtract from each a number near its mean"
)


def leave(
    framed: Framed, objective: Objective, point: Point, share: float, status: Status
) -> tuple[Tensor, Status]:
    """θ of the rows, (K, D + 1), float64; stalled where rounding of its bias costs more than may be left.

    Args:
        framed: the solver's columns.
        objective: over them.
        point: where the solver ended.
        share: of the objective, which may be left to gain.
        status: of the solver.
    """
    theta = framed.leave(point.theta)
    if framed.centre is None or not status.is_good:
        return theta, status
    shift, enough = (framed.enter(theta) - point.theta)[:, -1], share * abs(point.value)  # (K,)
    if float(shift.abs().max()) ** 2 <= enough:  # the loss is flat there, and rises by less
        return theta, status
    # Of rows that are fitted exactly, a share of what they leave without a model.
    blank = objective.loss_at(torch.zeros_like(theta), point.scores.new_zeros(point.scores.shape))
    scores = point.scores + shift.to(point.scores)[:, None]
    lost = objective.loss_at(framed.enter(theta), scores) - point.loss
    enough = max(enough, share * abs(blank))
    return theta, Status(STALLED, FAR) if lost > enough else status
