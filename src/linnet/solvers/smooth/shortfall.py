"""How much gradient descent has left to gain."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.solvers.l1.proximal import minimise_l1
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import approach, by_size

STEPS = 6
"""Of a solver that goes to the optimum, by which it is found out."""

FLOOR = 1e-3
"""Of the objective at zero, which counts beside the objective: an exact fit has nothing to compare with."""


def shortfall(objective: Objective, theta: Tensor) -> float:
    """The gain that is left at least, as a share of the objective.

    Some steps of a solver that goes to the optimum are taken from θ, and what they gain is what gradient
    descent has missed: not an estimate, but a model that is better by so much.

    Args:
        objective: of a smooth loss and any penalty.
        theta: (K, D + 1).
    """
    wide = objective.with_dtype(torch.float64)
    theta = theta.to(wide.zeros())
    if objective.penalty.l1:
        better = minimise_l1(wide, theta, max_iter=STEPS).theta
    else:
        chosen = by_size(wide.rows)
        solver = Newton(max_iter=STEPS) if isinstance(chosen, Newton) else LBFGS(max_iter=STEPS)
        better = approach(wide, theta, solver).theta
    value = wide.value(theta)
    scale = abs(value) + FLOOR * abs(wide.value(wide.zeros()))
    return max(0.0, value - wide.value(better)) / max(scale, torch.finfo(torch.float64).tiny)
