"""`Newton`, `LBFGS`, `Staged`: Newton's method, limited-memory BFGS, and that on a sample first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import generator
from linnet.solvers.problem.centred_rows import CentredRows
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.by_class import ByClass
from linnet.solvers.smooth.few import FINE
from linnet.solvers.smooth.memory import Memory
from linnet.solvers.smooth.preconditioners import Basis, Preconditioner, Spectral
from linnet.solvers.smooth.sampled import Curvature
from linnet.solvers.smooth.smooth import ROUNDED, SmoothSolver, Step, reach_limit, search
from linnet.solvers.solution import CONVERGED, STALLED, Status

SOFTEST = 1e-6
"""The least stiffness of Huber's straight parts; a step that goes the whole way makes it a quarter."""

SINGLE = 3e-8
"""The relative gain from which on float32 products are too coarse."""

REBUILD = 40
"""Iterations after which the Hessian has changed enough to be made anew."""

SAMPLE, FEWEST = 8000, 500
"""Rows of the first stage of `Staged`, and below which there is none."""

SOON, MANY = 12, 90
"""Steps after which L-BFGS alone is judged by its pace, and how many are too many."""

DEAR, CHEAP = 60, 8
"""Passes over the rows: Hessians that take longer are put off, and blocks that take longer left out."""


@dataclass(frozen=True)
class Newton(SmoothSolver):
    """Damped Newton steps in float64: θ ← θ − t H⁻¹ g, H of all rows, factored anew each time.

    An iteration costs O(N K² D² + K³ D³), little below some hundreds of parameters, and from half a
    dozen to two dozen of them are enough from anywhere. Of very many rows it begins with a sample's optimum
    and Hessian (see `Curvature`), and some passes over all rows are enough.

    Args:
        tol: stop once the gain ½ gᵀH⁻¹g is at most this share of the objective.
        max_iter: iterations.
    """

    tol: float = FINE
    max_iter: int = 100

    knows_hessian = True

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective = objective.with_dtype(torch.float64)
        curvature, stiffness = Curvature(objective, self.tol), 1.0
        point = objective.point(curvature.begin(start, _find_optimum))
        for iteration in range(self.max_iter + 1):
            direction, estimate = curvature.direction(point, stiffness)
            is_near = estimate <= self.tol * abs(point.value)
            if is_near or iteration == self.max_iter:
                ended = Status(CONVERGED) if is_near else reach_limit(iteration)
                yield Step(objective, point, estimate, ended)
                return
            yield Step(objective, point, estimate)
            following, size = search(objective, point, direction)
            is_doubtful = size < 1 and curvature.doubt()
            if (
                following is None
                and not is_doubtful
                and (stiffness >= 1 or not objective.loss.has_straight_parts)
            ):
                yield Step(objective, point, estimate, Status(STALLED, "rounding allows no lower objective"))
                return
            stiffness = soften(stiffness, size)
            point = following or point


def _find_optimum(sample: Objective, start: Tensor) -> Point | None:
    """The optimum of a sample, as near as all rows will be from there; None where it was not reached soon."""
    *_, last = Newton(1e-4, 20).steps(sample, start)
    return last.point if last.status is not None and last.status.name == CONVERGED else None


def soften(stiffness: float, size: float) -> float:
    """The stiffness of straight parts after a step of some share of the way: less after a whole one."""
    return max(stiffness / 4, SOFTEST) if size == 1 else min(1.0, stiffness * 16)


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
            direction = objective.free_(memory.direction(point.gradient, inverse))
            estimate = -float((direction * point.gradient).sum()) / 2
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


def coarsen(objective: Objective) -> Objective:
    """The objective in float32, of rows that lie so near 0 that it is fine enough to begin with."""
    return objective.with_dtype(torch.float32) if isinstance(objective.rows, CentredRows) else objective


def widen(objective: Objective, point: Point) -> tuple[Objective, Point]:
    """The objective and the point in float64."""
    if objective.rows.dtype == torch.float64:
        return objective, point
    wide = objective.with_dtype(torch.float64)
    return wide, wide.point(point.theta)


def _stall(objective: Objective) -> Status:
    return Status(STALLED, ROUNDED if objective.penalty.l2 else ROUNDED + ", or set l2 above 0")


class _Pace:
    """How fast the gain that is left falls, to tell where L-BFGS alone would take too many steps.

    Args:
        tol: the share of the objective to which it is to fall.
    """

    def __init__(self, tol: float) -> None:
        self.tol, self.first, self.steps = tol, math.nan, 0

    def is_slow(self, step: Step) -> bool:
        """Whether at the pace until this step more than `MANY` would be taken in all."""
        self.first = step.estimate if not self.steps else self.first
        self.steps += 1
        target = self.tol * abs(step.point.value)
        if self.steps <= SOON or not min(step.estimate, target) > 0:
            return False
        whole, fallen = math.log(self.first / target), math.log(self.first / step.estimate)
        return whole * self.steps > MANY * fallen


@dataclass(frozen=True)
class Staged(SmoothSolver):
    """L-BFGS in stages: from a sample of the rows on, by Hessians that are made where the stage before ended.

    1. From zero on 8000 rows, or a fifth of few, until the gain left is 1 %: by then the sample's optimum and
       that of all rows differ by more. Left out of very few, and where the start is not zero.
    2. On all rows, with `Spectral(head=100)` made where stage 1 ended, until the gain left is 0.3 %.
    3. With `Spectral(head=200)` made where stage 2 ended, which is near enough for its Hessian to last.

    These Hessians pay for pixels, which are so correlated that L-BFGS alone takes many hundreds of passes. Of
    embeddings it takes some dozens, and many classes make the Hessians dear: where they would take as long as
    60 passes, `ByClass` is tried first, until the pace tells that it would take more than 90 steps.

    docs/solvers.md has the figures of this and of the ways that were slower.

    Args:
        tol: as of `LBFGS`.
        memory: as of `LBFGS`.
        max_iter: iterations over all rows.
        seed: of the samples.
    """

    tol: float = 1e-9
    memory: int = 20
    max_iter: int = 500
    seed: int = 0

    def steps(self, objective: Objective, start: Tensor) -> Iterator[Step]:
        """See `SmoothSolver.steps`."""
        objective = coarsen(objective)
        basis = Basis()
        coarse, fine = Spectral(100, 5000, self.seed, basis), Spectral(200, 10_000, self.seed, basis)
        light, flat = (ByClass(head, SAMPLE // 2, self.seed, basis) for head in (128, 0))
        is_dear = coarse.work(objective) + fine.work(objective) > DEAR
        light = light if light.work(objective) <= CHEAP else None
        first = flat if is_dear else Spectral(0, SAMPLE // 2, self.seed, basis)
        at, done = Step(objective, objective.point(self._warm(objective, start, first, few=is_dear))), 0
        ways: list[tuple[Preconditioner | None, float]] = [(coarse, max(self.tol, 3e-3)), (fine, self.tol)]
        for preconditioner, tol in [(light, self.tol), *ways] if is_dear else ways:
            is_light, pace = preconditioner is light, _Pace(self.tol)
            solver = LBFGS(tol, self.memory, self.max_iter, preconditioner)
            for step in solver.go_on(at.objective, at.point, max(0, self.max_iter - done)):
                at, done = step, done + (step.status is None)
                is_end = step.status is not None and preconditioner is not coarse
                if step.status is None or is_end:
                    yield step
                if is_end:
                    return
                if is_light and pace.is_slow(step):
                    break

    def _warm(
        self, objective: Objective, start: Tensor, preconditioner: Preconditioner | None, *, few: bool
    ) -> Tensor:
        """Where a sample of the rows leads to: 8000 of four times as many, or a fifth of few."""
        rows = objective.rows
        counted = torch.arange(len(rows)) if rows.weights is None else rows.weights.nonzero()[:, 0].cpu()
        size = min(SAMPLE, len(counted) // 5) if few else SAMPLE
        if len(counted) < 4 * size or size < FEWEST or bool(start.any()):
            return start
        order = torch.randperm(len(counted), generator=generator(self.seed, "warm"))
        sample = objective.sample(counted[order[:size]].to(start.device))
        *_, last = LBFGS(1e-2, self.memory, 30, preconditioner).steps(sample, start)
        return last.point.theta
