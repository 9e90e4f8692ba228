"""`search`: how far to step along a direction, by Armijo's rule and the slope at the end."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from linnet.solvers.problem.objective import Objective, Point

ARMIJO = 1e-4
SHORTEST = 1e-10
NOISE = {torch.float32: 1e-6, torch.float64: 1e-14}
"""How far rounding may move a mean loss, relatively."""


def search(
    objective: Objective,
    at: Point,
    direction: Tensor,
    slope: float | None = None,
    change: Tensor | None = None,
) -> tuple[Point | None, float]:
    """A point along a direction that is low enough, None where rounding hides any gain; its share of the way.

    The full step is tried first, in one pass with its gradient. Where it is too long the scores along the
    line are known, so shorter steps cost no pass, but one product for the gradient of the last (where no
    scores are kept each costs a pass). A step is taken by Armijo's rule, or, where rounding hides the gain,
    by the slope at its end ("approximate Wolfe"; Hager and Zhang, 2005).

    Args:
        objective: what to lower.
        at: where to start.
        direction: (K, D + 1), float64; downhill.
        slope: along the direction; that of the gradient when None, which knows nothing of L1.
        change: of the scores along the direction, (K, N), where it is known.
    """
    slope = float((at.gradient * direction).sum()) if slope is None else slope
    theta = at.theta + direction
    full = objective.point(theta) if change is None else objective.point_from(theta, at.scores + change)
    end = math.inf if objective.penalty.l1 else float((full.gradient * direction).sum())
    if is_low_enough(at.value, full.value, slope, end, NOISE[objective.rows.dtype]):
        return full, 1.0
    change, size, value = full.scores - at.scores if change is None else change, 1.0, full.value
    while size > SHORTEST:
        size *= float(shrink(*torch.tensor([at.value, value, slope * size], dtype=torch.float64)))
        theta, scores = at.theta + size * direction, at.scores + size * change
        tried = None if objective.keeps_scores else objective.point(theta)
        value = tried.value if tried else objective.mean_loss(scores) + objective.penalty_of(theta)
        if value < at.value + ARMIJO * size * slope:
            return tried or objective.point_from(theta, scores), size
    return None, 0.0


def is_low_enough(before: Any, after: Any, slope: Any, end: Any, noise: float) -> Any:
    """Whether a step is to be taken: of one model, or of each of several.

    Args:
        before: the objective where the step starts.
        after: the objective where it ends.
        slope: along the step where it starts.
        end: the slope where it ends.
        noise: how far rounding may move the objective, relatively.
    """
    is_level = after <= before + noise * abs(before)
    return (after < before + ARMIJO * slope) | (is_level & (abs(end) <= 0.9 * abs(slope)))


def shrink(before: Tensor, after: Tensor, slope: Tensor) -> Tensor:
    """How much shorter to step: to the lowest point of the parabola through both ends, within bounds."""
    curvature = after - before - slope
    return torch.where(curvature > 0, -slope / (2 * curvature.clamp(min=1e-300)), 0.5).clamp(0.1, 0.5)
