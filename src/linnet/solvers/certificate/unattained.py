"""`explain_no_optimum`: reasons why an objective has no minimum: separated classes, classes without rows."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.solvers.certificate.certify import find_span, restrict_hessian
from linnet.solvers.problem.hessian import is_affordable, newton_direction
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
    if _margins(objective, point.scores.double()) is None:
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
    margins = _margins(objective, point.scores.double())
    return margins is not None and bool((margins > 0).all())


def _margins(objective: Objective, scores: Tensor) -> Tensor | None:
    """See `Loss.margins`, of the rows that count."""
    rows, counted = objective.rows, objective.rows.counts > 0  # (N,)
    y = Loss.encode(rows.y, rows.outputs, torch.float64)[:, counted]  # (K, B)
    return objective.loss.margins(scores[:, counted], y)


def explain_unheld(objective: Objective, counted: Tensor | None = None) -> str:
    """A sentence on classes or counts without rows that hold a bias; empty where there are none.

    Args:
        objective: of any loss.
        counted: which rows count, (N,); those of weight above 0 when None.
    """
    if not objective.intercept:
        return ""
    rows, counted = objective.rows, objective.rows.counts > 0 if counted is None else counted
    if objective.loss.couples_outputs and not rows.y.is_floating_point():
        counts = torch.bincount(rows.y[counted], minlength=rows.outputs)
        return _explain_classes(objective, counts == 0, counts == counts.sum(), is_pair=False)
    y = Loss.encode(rows.y, rows.outputs, torch.float64)[:, counted]
    if not objective.loss.is_for_classes:
        flat = objective.loss.margins(torch.full_like(y, -1.0), y)
        is_endless = flat is not None and bool((flat > 0).all())
        return NO_COUNTS if is_endless else ""
    is_pair = not objective.loss.couples_outputs and rows.outputs == 1
    return _explain_classes(objective, (y <= 0).all(1), (y >= 1).all(1), is_pair=is_pair)


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
    rows = objective.rows
    if not is_affordable(rows.outputs, rows.features, len(rows)):
        return False
    wide = objective.with_dtype(torch.float64)
    step = newton_direction(wide, point)
    gain = -float((step * point.gradient).sum()) / 2
    ways = _find_flat(wide, point)
    if gain <= LITTLE * abs(point.value) and float(rows.scores(step).abs().max()) > RUNS:
        ways = [step, *ways]
    return any(_is_endless(objective, way) for way in ways)


def _is_endless(objective: Objective, way: Tensor) -> bool:
    """Whether a direction, (K, D + 1), moves no row that counts against its class, and some rows with it."""
    margins = _margins(objective, objective.rows.scores(way).double())
    if margins is None:
        return False
    reach = float(margins.abs().max())
    return reach > 0 and float(margins.min()) >= -AGAINST * reach


def _find_flat(objective: Objective, point: Point) -> list[Tensor]:
    """Directions that move scores, (K, D + 1) and back, along which the Hessian is all but nothing."""
    V, K = find_span(objective), objective.rows.outputs
    values, vectors = torch.linalg.eigh(restrict_hessian(objective, point, V))
    ways = vectors.T[values < FLAT * values.mean()].view(-1, K, V.shape[1]) @ V.T
    return [sign * way for way in ways for sign in (1.0, -1.0)]
