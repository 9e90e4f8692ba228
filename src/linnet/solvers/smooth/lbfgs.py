"""Limited-memory BFGS with a preconditioner, and line searches that read no rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.preconditioners import Preconditioner, Spectral
from linnet.solvers.smooth.steps import Solver, Step, search
from linnet.solvers.solution import CONVERGED, LIMIT, STALLED, Status

SINGLE = 1e-7
"""The relative gain from which on float32 products are too coarse."""

Map = Callable[[Tensor], Tensor]

REBUILD = 40
"""Iterations after which the Hessian has changed enough to be made anew."""


@dataclass(frozen=True)
class LBFGS(Solver):
    """Preconditioned L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4).

    The initial inverse Hessian of the two-loop recursion is the preconditioner's; without one it is
    γI with γ = sᵀy/yᵀy. An iteration reads the rows once. Products of float32 give way to float64 once
    the gain left is below 1e-7 of the objective and more is asked for.

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
        """See `Solver.steps`."""
        yield from self.go_on(objective, objective.point(start), self.max_iter)

    def go_on(self, objective: Objective, point: Point, iterations: int) -> Iterator[Step]:
        """As `steps`, from where the objective is known."""
        memory = Memory(self.memory)
        inverse: Map | None = None
        for iteration in range(iterations + 1):
            if self.preconditioner is not None and iteration % REBUILD == 0:
                inverse, memory = _built(self.preconditioner, objective, point), Memory(self.memory)
            direction = memory.direction(point.gradient, inverse)
            estimate = -float((direction * point.gradient).sum()) / 2
            is_near = estimate <= self.tol * abs(point.value)
            if is_near or iteration == iterations:
                yield Step(point, estimate, self._ended(is_near))
                return
            yield Step(point, estimate)
            objective, point = self._precise(objective, point, estimate)
            following = search(objective, point, direction)
            if following is None:
                wide = objective.with_dtype(torch.float64)
                if wide is objective:
                    yield Step(point, estimate, _stalled(objective))
                    return
                objective, point = wide, wide.point(point.theta)
                continue
            memory.keep(following.theta - point.theta, following.gradient - point.gradient)
            point = following

    def _precise(self, objective: Objective, point: Point, estimate: float) -> tuple[Objective, Point]:
        """The objective and the point in float64 once float32 is too coarse for what is asked."""
        if objective.rows.dtype == torch.float64 or estimate > SINGLE * abs(point.value):
            return objective, point
        wide = objective.with_dtype(torch.float64)
        return wide, wide.point(point.theta)

    def _ended(self, is_near: bool) -> Status:
        if is_near:
            return Status(CONVERGED)
        return Status(LIMIT, f"allow more than {self.max_iter} iterations (max_iter), or a larger tol")


def _built(preconditioner: Preconditioner, objective: Objective, point: Point) -> Map:
    """The approximate inverse, which leaves a bias alone that is not there."""
    inverse = preconditioner.build(objective, point)
    return lambda gradient: objective.free_(inverse(gradient))


def _stalled(objective: Objective) -> Status:
    advice = "rounding allows no lower objective: ask for a larger tol"
    return Status(STALLED, advice if objective.penalty.l2 else advice + ", or set l2 above 0")


class Memory:
    """The latest steps s and changes y of the gradient.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        self.kept: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=size)

    def keep(self, s: Tensor, y: Tensor) -> None:
        """Remember a step, unless rounding has made its curvature nonsense."""
        curvature = float((s * y).sum())
        if curvature > 1e-14 * float(s.norm() * y.norm()):
            self.kept.append((s, y, 1 / curvature))

    def direction(self, gradient: Tensor, inverse: Map | None) -> Tensor:
        """−H⁻¹ g by the two-loop recursion, (K, D + 1)."""
        q, shares = gradient.clone(), []
        for s, y, rho in reversed(self.kept):
            shares.append(rho * float((s * q).sum()))
            q -= shares[-1] * y
        q = self._scaled(q) if inverse is None else inverse(q)
        for (s, y, rho), share in zip(self.kept, reversed(shares), strict=True):
            q += (share - rho * float((y * q).sum())) * s
        return -q

    def _scaled(self, q: Tensor) -> Tensor:
        if not self.kept:
            return q / max(1.0, float(q.norm()))
        _, y, rho = self.kept[-1]
        return q / (rho * float(y.square().sum()))
