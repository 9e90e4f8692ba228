"""What iterative solvers share: what a step is, and the search along a direction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.solution import Status

ARMIJO = 1e-4
SHORTEST = 1e-10
NOISE = {torch.float32: 1e-6, torch.float64: 1e-14}
"""How far rounding may move a mean loss, relatively."""


@dataclass(frozen=True, eq=False)
class Step:
    """Where a solver stands.

    Args:
        point: the objective there.
        estimate: how much there is still to gain, as the solver's quadratic model has it: ½ gᵀH⁻¹g.
        status: how it ended; None while it goes on.
    """

    point: Point
    estimate: float
    status: Status | None = None


class Solver(ABC):
    """A way to minimise an objective."""

    @abstractmethod
    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """The start and each iterate after it; the last has a status.

        Args:
            objective: smooth: its penalty has no L1 part.
            start: θ, (K, D + 1).
        """


def search(objective: Objective, at: Point, direction: Tensor) -> Point | None:
    """A point along a direction that is low enough, or None where rounding hides any gain.

    The full step is tried first, in one reading with its gradient. Where it is too long the scores along the
    line are known, so shorter steps cost no reading, but one product for the gradient of the last. A step is
    taken by Armijo's rule, or, where rounding hides the gain, by the slope at its end ("approximate Wolfe";
    Hager and Zhang, 2005).

    Args:
        objective: what to lower.
        at: where to start.
        direction: (K, D + 1), float64; downhill.
    """
    slope = float((at.gradient * direction).sum())
    full = objective.point(at.theta + direction)
    if _is_low_enough(objective, at, full, slope, direction):
        return full
    change, size, value = full.scores - at.scores, 1.0, full.value
    while size > SHORTEST:
        size *= _shrink(at.value, value, slope * size)
        theta, scores = at.theta + size * direction, at.scores + size * change
        value = objective.mean_loss(scores) + objective.penalty_of(theta)
        if value < at.value + ARMIJO * size * slope:
            return objective.point_from(theta, scores)
    return None


def _is_low_enough(objective: Objective, at: Point, new: Point, slope: float, direction: Tensor) -> bool:
    if new.value < at.value + ARMIJO * slope:
        return True
    noise = NOISE[objective.rows.dtype] * abs(at.value)
    end = float((new.gradient * direction).sum())
    return new.value <= at.value + noise and abs(end) <= 0.9 * abs(slope)


def _shrink(before: float, after: float, slope: float) -> float:
    """How much shorter to step: to the lowest point of the parabola through both ends, within bounds."""
    bend = after - before - slope
    return min(0.5, max(0.1, -slope / (2 * bend))) if bend > 0 else 0.5
