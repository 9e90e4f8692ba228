"""`explain_no_optimum`: reasons why an objective has no minimum: separated classes, classes without rows."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.certificate.certify import find_span, restrict_hessian
from linnet.solvers.problem.hessian import newton_direction
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.solution import UNATTAINED, Status

RUNS, LITTLE = 0.1, 1e-6
"""A step that moves a score by the first, and gains but the second of the objective, runs to infinity."""

FLAT = 1e-9
"""The share of a typical curvature below which there is none."""

AGAINST = 1e-2
"""The share of a step by which it may move a row's scores the wrong way and count as endless all the same."""

NO_COUNTS = (
    "all counts of rows that count are 0, so the bias falls without end: there is nothing to learn from them"
)

APART = (
    "the classes can be told apart without error, so the loss falls towards 0 as the weights grow "
    "without end: set l2 above 0"
)

PARTLY = (
    "some rows can be told apart without error by a direction that leaves the other rows' scores as they "
    "are, so weights grow without end along it: set l2 above 0, or leave out the column that tells them apart"
)


VANISHING = (
    "a direction lowers the means of some rows whose counts are all 0 and leaves the other rows, so weights "
    "grow without end along it: set l2 above 0, or leave out the column that tells those rows apart"
)


def explain_no_optimum(objective: Objective, point: Point) -> Status | None:
    """The reason why there is no optimum; None where none was found.

    Args:
        objective: of any loss; most of those of numbers always have one.
        point: where a solver ended.
    """
    if reason := explain_unheld(objective):
        return Status(UNATTAINED, reason)
    if objective.penalty.l2 or objective.penalty.l1:
        return None
    if _margins(objective, point.theta, point.scores) is None:
        return None
    if is_separated(objective, point):
        return Status(UNATTAINED, APART)
    if not _is_partly_separated(objective, point):
        return None
    return Status(UNATTAINED, PARTLY if objective.loss.is_for_classes else VANISHING)


def is_separated(objective: Objective, point: Point) -> bool:
    """Whether, without a penalty, every row that counts is on its class's side: no finite θ is best."""
    is_class = objective.loss.is_for_classes
    if objective.penalty.l2 or objective.penalty.l1 or not is_class or point.loss > 0.05:
        return False
    margins = _margins(objective, point.theta, point.scores)
    return margins is not None and margins.least > 0


class _Margins(NamedTuple):
    """The least of the margins of all rows that count, and the largest size of one."""

    least: float
    reach: float


def _margins(objective: Objective, theta: Tensor, scores: Tensor | None = None) -> _Margins | None:
    """What `Loss.margins` of the rows that count come to; None where no row's loss falls without end.

    Args:
        objective: whose rows.
        theta: a model, or a direction, (K, D + 1).
        scores: of all rows at it, where they are known.
    """
    rows, least, reach, is_held = objective.rows, math.inf, 0.0, False
    for some, part in objective.each(theta, scores if objective.keeps_scores else None):
        counted = rows.counts[part] > 0  # (B,)
        y = Loss.encode(rows.y[part], rows.outputs, torch.float64)[:, counted]  # (K, B)
        found = objective.loss.margins(some.double()[:, counted], y)
        if found is None:
            is_held = True
        elif len(found):
            least, reach = min(least, float(found.min())), max(reach, float(found.abs().max()))
    if rows.most(is_held):
        return None
    return _Margins(-rows.most(-least), rows.most(reach))


def explain_unheld(objective: Objective, counted: Tensor | None = None) -> str:
    """A sentence on classes or counts without rows that hold a bias; empty where there are none.

    Args:
        objective: of any loss.
        counted: which rows count, (N,); those of weight above 0 when None.
    """
    if not objective.intercept:
        return ""
    rows, loss = objective.rows, objective.loss
    counted = rows.counts > 0 if counted is None else counted
    if loss.couples_outputs and not rows.y.is_floating_point():
        own = torch.bincount(rows.y[counted], minlength=rows.outputs)
        counts = rows.join(own)[0]
        return _explain_classes(objective, counts == 0, counts == counts.sum(), is_pair=False)
    above, below, held = torch.zeros(3, rows.outputs, dtype=torch.float64)  # rows that hold a bias
    for y, part in rows.targets():
        y = y[:, counted[part]]
        if loss.is_for_classes:
            above, below = above + (y > 0).sum(1).cpu(), below + (y < 1).sum(1).cpu()
        else:
            flat = loss.margins(torch.full_like(y, -1.0), y)
            held = held + (y.shape[1] if flat is None else int((flat <= 0).sum()))
    above, below, held = rows.join(above, below, held)
    if not loss.is_for_classes:
        return "" if bool(held.any()) else NO_COUNTS
    is_pair = not loss.couples_outputs and rows.outputs == 1
    return _explain_classes(objective, above == 0, below == 0, is_pair=is_pair)


def _explain_classes(objective: Objective, never: Tensor, always: Tensor, *, is_pair: bool) -> str:
    """A sentence on classes, (K,), of which no row is, or all are."""
    if bool(always.any()) or (is_pair and bool(never.any())):
        only = "" if is_pair else f" ({_name_classes(objective, always)})"
        return (
            f"all rows that count are of one class{only}, so the loss falls towards 0 as its bias grows "
            "without end: give rows of another class a weight above 0"
        )
    if bool(never.any()):
        return (
            f"no row that counts is of class {_name_classes(objective, never)} (there is none, or all have "
            "weight 0), so its bias falls without end: leave the class out, or give it rows of weight above 0"
        )
    return ""


def _name_classes(objective: Objective, chosen: Tensor) -> str:
    names = objective.rows.classes
    return ", ".join(names[k] if names else str(k) for k in chosen.nonzero().flatten().tolist())


def _is_partly_separated(objective: Objective, point: Point) -> bool:
    """Whether some direction moves no row that counts to the wrong side, and has no curvature left or no end.

    Such a direction is a Newton step that still moves scores where it gains nothing; and once rounding has
    ended that, one along which the Hessian is nothing.
    """
    if not objective.affords_hessian:
        return False
    wide = objective.with_dtype(torch.float64)
    step = newton_direction(wide, point)
    gain = -float((step * point.gradient).sum()) / 2
    ways = _find_flat(wide, point)
    if gain <= LITTLE * abs(point.value) and _reach(objective, step) > RUNS:
        ways = [step, *ways]
    return any(_is_endless(objective, way) for way in ways)


def _is_endless(objective: Objective, way: Tensor) -> bool:
    """Whether a direction, (K, D + 1), moves no row that counts against its class, and some rows with it."""
    margins = _margins(objective, way)
    return margins is not None and margins.reach > 0 and margins.least >= -AGAINST * margins.reach


def _reach(objective: Objective, step: Tensor) -> float:
    """The most that a step moves a score of any row."""
    return objective.rows.most(max(float(some.abs().max()) for some, _ in objective.each(step)))


def _find_flat(objective: Objective, point: Point) -> list[Tensor]:
    """Directions that move scores, (K, D + 1) and back, along which the Hessian is all but nothing."""
    V, K = find_span(objective), objective.rows.outputs
    values, vectors = torch.linalg.eigh(restrict_hessian(objective, point, V))
    ways = vectors.T[values < FLAT * values.mean()].view(-1, K, V.shape[1]) @ V.T
    return [sign * way for way in ways for sign in (1.0, -1.0)]
