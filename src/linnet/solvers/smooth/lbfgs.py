"""`LBFGS`: limited-memory BFGS with a preconditioner, and how fast it goes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.passes.rows import PassRows
from linnet.solvers.problem.centred_rows import CentredRows
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.line_search import search
from linnet.solvers.smooth.memory import Memory
from linnet.solvers.smooth.preconditioners import Inverse, Preconditioner, Spectral
from linnet.solvers.smooth.smooth import ROUNDED, SmoothSolver, Step, reach_limit
from linnet.solvers.solution import CONVERGED, STALLED, Status

SINGLE = 3e-8
"""The relative gain from which on float32 products are too coarse."""

REBUILD = 40
"""Iterations after which the Hessian has changed enough to be made anew."""

SOON, MANY = 12, 90
"""Steps after which L-BFGS alone is judged by its pace, and how many are too many."""


@dataclass(frozen=True)
class LBFGS(SmoothSolver):
    """Preconditioned L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4).

    The initial inverse Hessian of the two-loop recursion is the preconditioner's; without one it is
    γI with γ = sᵀy/yᵀy. An iteration reads the rows once. Products of float32 give way to float64 once
    the gain left is below 3e-8 of the objective and more is asked for.

    Args:
        tol: stop once the model's gain ½ gᵀH⁻¹g is at most this share of the objective.
        memory: pairs of steps and changes of the gradient that are kept.
        max_iter: iterations.
        preconditioner: made at the start and again every 40 iterations; None for none.
    """

    tol: float = 1e-8
    memory: int = 20
    max_iter: int = 500
    preconditioner: Preconditioner | None = Spectral()  # noqa: RUF009 (frozen)

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        yield from self.go_on(objective, objective.point(start), self.max_iter)

    def go_on(self, objective: Objective, point: Point, iterations: int) -> Iterator[Step]:
        """As `steps`, from where the objective is known."""
        memory, inverse = Memory(self.memory), None
        for iteration in range(iterations + 1):
            if self.preconditioner is not None and iteration % REBUILD == 0:
                inverse, memory = self.preconditioner.build(objective, point), Memory(self.memory)
            direction, estimate = _look_ahead(objective, point, memory, inverse)
            if estimate <= self.tol * abs(point.value) and self.tol < SINGLE:  # as float32 has it
                objective, point = widen(objective, point)
                direction, estimate = _look_ahead(objective, point, memory, inverse)
            if estimate < 0:  # what is remembered of float32's steps is rounding
                memory = Memory(self.memory)
                direction, estimate = _look_ahead(objective, point, memory, inverse)
            is_near = estimate <= self.tol * abs(point.value)
            if is_near or iteration == iterations:
                ended = Status(CONVERGED) if is_near else reach_limit(self.max_iter)
                yield Step(objective, point, estimate, ended)
                return
            yield Step(objective, point, estimate)
            if estimate <= SINGLE * abs(point.value):  # float32 is too coarse for what is asked
                objective, point = widen(objective, point)
            following, _ = search(objective, point, direction)
            if following is not None:
                memory.keep(following.theta - point.theta, following.gradient - point.gradient)
                point = following
            elif objective.rows.dtype == torch.float64:
                yield Step(objective, point, estimate, _stall(objective))
                return
            else:
                objective, point = widen(objective, point)


def _look_ahead(
    objective: Objective, point: Point, memory: Memory, inverse: Inverse | None
) -> tuple[Tensor, float]:
    """−H⁻¹ g, (K, D + 1), and the gain that it promises, ½ gᵀH⁻¹g."""
    direction = objective.level_(objective.free_(memory.direction(point.gradient, inverse)))
    return direction, -float((direction * point.gradient).sum()) / 2


def coarsen(objective: Objective) -> Objective:
    """The objective in float32, of rows that lie so near 0 that it is fine enough to begin with."""
    return (
        objective.with_dtype(torch.float32)
        if isinstance(objective.rows, CentredRows | PassRows)
        else objective
    )


def widen(objective: Objective, point: Point) -> tuple[Objective, Point]:
    """The objective and the point in float64."""
    if objective.rows.dtype == torch.float64:
        return objective, point
    wide = objective.with_dtype(torch.float64)
    return wide, wide.point(point.theta)


def _stall(objective: Objective) -> Status:
    return Status(STALLED, ROUNDED if objective.penalty.l2 else ROUNDED + ", or set l2 above 0")


class Pace:
    """How fast the gain that is left falls, to tell where L-BFGS alone would take too many steps.

    Args:
        tol: the share of the objective to which it is to fall.
        many: how many steps are too many; `MANY` when None.
    """

    def __init__(self, tol: float, many: int | None = None) -> None:
        self.tol, self.first, self.steps = tol, math.nan, 0
        self.many = MANY if many is None else many

    def is_slow(self, step: Step) -> bool:
        """Whether at the pace until this step too many would be taken in all."""
        self.first = step.estimate if not self.steps else self.first
        self.steps += 1
        target = self.tol * abs(step.point.value)
        if self.steps <= SOON or not min(step.estimate, target) > 0:
            return False
        whole, fallen = math.log(self.first / target), math.log(self.first / step.estimate)
        return whole * self.steps > self.many * fallen
