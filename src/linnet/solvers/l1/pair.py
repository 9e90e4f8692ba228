"""Softmax of two classes as logistic regression of one row of weights.

Softmax sees only how much the second class is ahead, w = w₂ − w₁. Of all rows with that difference −w/2 and
w/2 have the least ½ l2 ‖W‖² + l1 ‖W‖₁, which is ½ (l2/2) ‖w‖² + l1 ‖w‖₁. With an L1 penalty alone other
splits have that, too, so that a solver of both rows meets a Hessian that is singular along all of them.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor

from linnet.core.losses import Logistic
from linnet.core.penalties import Penalty
from linnet.model.history import Record
from linnet.solvers.certificate.unattained import explain_unheld
from linnet.solvers.problem.objective import Objective
from linnet.solvers.solution import UNATTAINED, Minimum, Progress, Status

ROOT = 2**0.5
"""By how much the norm of both rows' gradient is that of the one."""


def as_pair(objective: Objective) -> Objective | None:
    """The objective of one row, its passes counted with the other's; None where there are not two classes."""
    rows = objective.rows
    if not objective.loss.couples_outputs or rows.outputs != 2 or rows.y.is_floating_point():
        return None
    one = copy.copy(rows)
    one.y, one.outputs = rows.y[:, None].double(), 1
    penalty = Penalty(objective.penalty.l2 / 2, objective.penalty.l1)
    return Objective(
        one, Logistic(), penalty, intercept=objective.intercept, units=objective.units, meter=objective.meter
    )


def enter_pair(start: Tensor | None) -> Tensor | None:
    """A start of both rows, (2, D + 1), as one of their difference."""
    return None if start is None else start[1:] - start[:1]


def leave_pair(found: Minimum, objective: Objective) -> Minimum:
    """A minimum of the difference as one of both rows of an objective, with figures and words of these."""
    if found.status.name == UNATTAINED and (reason := explain_unheld(objective)):
        found = replace(found, status=Status(UNATTAINED, reason))
    theta = torch.cat([-found.theta, found.theta]) / 2
    certificate = replace(found.certificate, gradient_norm=ROOT * found.certificate.gradient_norm)
    return replace(found, theta=theta, certificate=certificate, trace=list(map(_of_both, found.trace)))


def follow_pair(progress: Progress | None) -> Progress | None:
    """What is called with records of both rows, to be called with those of the one."""
    return None if progress is None else lambda record: progress(_of_both(record))


def _of_both(record: Record) -> Record:
    factors = {"gradient_norm": ROOT, "nonzeros": 2}
    return {name: factors.get(name, 1) * value for name, value in record.items()}
