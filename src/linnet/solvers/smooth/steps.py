"""The steps of iterative methods: what a step is, the search along a direction, and the trace of a run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.errors import ShapeError, UsageError
from linnet.model.history import Record
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.solution import INTERRUPTED, LIMIT, Progress, Status

ARMIJO = 1e-4
SHORTEST = 1e-10
NOISE = {torch.float32: 1e-6, torch.float64: 1e-14}
"""How far rounding may move a mean loss, relatively."""

ROUNDED = "rounding allows no lower objective: ask for a larger tol"


@dataclass(frozen=True, eq=False)
class Step:
    """Where a solver stands.

    Args:
        objective: of the dtype in use.
        point: there.
        estimate: how much there is still to gain, as the solver's quadratic model has it: ½ gᵀH⁻¹g.
        status: how it ended; None while it goes on.
        gap: the objective is at most this much above the optimum; infinite where no bound was asked for.
    """

    objective: Objective
    point: Point
    estimate: float = math.inf
    status: Status | None = None
    gap: float = math.inf


def check(objective: Objective, start: Tensor | None) -> None:
    """Refuse features that are not finite, and a start of another shape.

    Raises:
        UsageError, ShapeError: as said.
    """
    if not objective.rows.is_finite():
        raise UsageError("the features are not finite: fill in or leave out rows with NaN or infinity")
    shape = objective.rows.outputs, objective.rows.features + 1
    if start is not None and start.shape != shape:
        raise ShapeError(f"the start must be (K, D + 1) = {shape}, got {tuple(start.shape)}")


def follow(
    steps: Iterator[Step], measure: Callable[[Step], dict[str, float]], progress: Progress | None
) -> tuple[Step | None, Status, list[Record]]:
    """Take a solver's steps to their end, or until Ctrl-C.

    Args:
        steps: the start and each iterate after it; the last has a status.
        measure: gives a step's figures for its record, beside those that all have.
        progress: called with each record.

    Returns:
        The last step, None where there was none; how it ended; and a record an iteration.

    Raises:
        UsageError: the objective is not finite.
    """
    began, trace, step = time.perf_counter(), list[Record](), None
    status = Status(INTERRUPTED, "the model is the best so far: start from it to go on")
    try:
        for step in steps:
            if trace and step.status and trace[-1]["objective"] == step.point.value:
                continue  # the end of a step that has a record already
            record = _record(step, len(trace)) | measure(step)
            trace.append(record | {"seconds": time.perf_counter() - began})
            if progress:
                progress(trace[-1])
    except KeyboardInterrupt:
        return step, status, trace
    return step, (step and step.status) or status, trace


def _record(step: Step, epoch: int) -> Record:
    point = step.point
    if not point.value < math.inf:
        raise UsageError("the objective is not finite: features or start are NaN, infinite or far too large")
    return {"epoch": epoch, "train_loss": point.loss, "objective": point.value}


def reach_limit(iterations: int) -> Status:
    """The end of a solver that ran out of iterations."""
    return Status(LIMIT, f"allow more than {iterations} iterations (max_iter), or a larger tol")


def search(
    objective: Objective, at: Point, direction: Tensor, slope: float | None = None
) -> tuple[Point | None, float]:
    """A point along a direction that is low enough, None where rounding hides any gain; its share of the way.

    The full step is tried first, in one pass with its gradient. Where it is too long the scores along the
    line are known, so shorter steps cost no pass, but one product for the gradient of the last. A step is
    taken by Armijo's rule, or, where rounding hides the gain, by the slope at its end ("approximate Wolfe";
    Hager and Zhang, 2005).

    Args:
        objective: what to lower.
        at: where to start.
        direction: (K, D + 1), float64; downhill.
        slope: along the direction; that of the gradient when None, which knows nothing of L1.
    """
    slope = float((at.gradient * direction).sum()) if slope is None else slope
    full = objective.point(at.theta + direction)
    end = math.inf if objective.penalty.l1 else float((full.gradient * direction).sum())
    if is_low_enough(at.value, full.value, slope, end, NOISE[objective.rows.dtype]):
        return full, 1.0
    change, size, value = full.scores - at.scores, 1.0, full.value
    while size > SHORTEST:
        size *= float(shrink(*torch.tensor([at.value, value, slope * size], dtype=torch.float64)))
        theta, scores = at.theta + size * direction, at.scores + size * change
        value = objective.mean_loss(scores) + objective.penalty_of(theta)
        if value < at.value + ARMIJO * size * slope:
            return objective.point_from(theta, scores), size
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
    bend = after - before - slope
    return torch.where(bend > 0, -slope / (2 * bend.clamp(min=1e-300)), 0.5).clamp(0.1, 0.5)
