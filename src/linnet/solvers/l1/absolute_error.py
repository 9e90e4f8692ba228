"""`InteriorPoint`: the absolute error to its optimum, with L2 or without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.core.losses import AbsoluteError, Loss
from linnet.solvers.certificate.certify import DUALITY, Bound, store
from linnet.solvers.certificate.duality import measure_gap
from linnet.solvers.problem.curvature import grams
from linnet.solvers.problem.hessian import factor
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.standard import standardise
from linnet.solvers.smooth.smooth import ROUNDED, Step, follow, reach_limit
from linnet.solvers.solution import CONVERGED, STALLED, Minimum, Progress, SolverSpec, Status

NEAR = 100.0
"""The gap is measured once the products that go to 0 are so many tolerances."""

ROUNDING = 2.0**-52
"""An error below this share of the targets is their rounding: rows that one line goes through exactly."""

DONE = 0.1
"""The share of the tolerance at which an output is left alone, for others to follow."""

TOWARDS = 0.9995
"""The share of the way to the boundary that a step may go."""


@dataclass(eq=False)
class _Iterate:
    """θ, the parts r⁺ and r⁻ of y − o, and the dual v, all strictly inside.

    Args:
        theta: the model, (K, D + 1).
        r: how far a target is above its prediction and below, plus a slack, (2, K, N); r⁺ − r⁻ is the
            residual but for rounding.
        v: of the rows, (K, N), |v_i| ≤ ω_i.
    """

    theta: Tensor
    r: Tensor
    v: Tensor


@dataclass(frozen=True)
class InteriorPoint(SolverSpec):
    """Mehrotra's predictor and corrector, for the absolute error, with L2 or without, to a duality gap.

    As min Σ ω (r⁺ + r⁻) + ½ l2 ‖W‖² with r⁺ − r⁻ = y − o and r⁺, r⁻ ≥ 0 it is a linear or quadratic program.
    Its dual has a box, |v_i| ≤ ω_i, and for D + 1 columns each Newton step on the smoothed conditions is a
    system of D + 1 equations. Predictor and corrector as Mehrotra's (1992); the elimination is Portnoy and
    Koenker's (1997). Most problems take 10 to 30 steps, each reading the rows about twice and costing
    O(N D²) an output. Where the best fits are many (an L2 of 0), it comes to the middle of them.

    Args:
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: steps.
    """

    tol: float = 1e-9
    max_iter: int = 100

    field = "the absolute error"

    def suits(self, loss: Loss) -> bool:
        """See `SolverSpec.suits`."""
        return type(loss) is AbsoluteError

    def minimise(
        self, objective: Objective, start: Tensor | None = None, *, progress: Progress | None = None
    ) -> Minimum:
        """See `SolverSpec.minimise`; records have `gap` and `nonzeros`, and there is no use for a start."""
        self.check_problem(objective, start)
        began, stored = time.perf_counter(), _drop_uncounted(objective.with_dtype(torch.float64))
        framed = standardise(stored, objective.penalty.l2)
        problem = _Problem(framed.objective)
        y = Loss.encode(stored.rows.y, stored.rows.outputs, torch.float64)  # (K, N)
        exact = max(1e-300, ROUNDING * float((y.abs() @ stored.rows.shares).sum()))
        at = problem.start()
        step, status, trace = follow(self._steps(problem, at, exact), _measure, progress)
        best = Step(problem.objective, problem.objective.point(at.theta)) if step is None else step
        if status.name != CONVERGED:  # a bound is known all the same
            best = _better(best, problem.measure(at))
        bound = store(framed, Bound(best.point, best.gap, DUALITY))
        certificate = bound.certificate(max(0, len(trace) - 1), stored.passes, time.perf_counter() - began)
        return Minimum(bound.point.theta, status, certificate, trace, type(self).__name__)

    def _steps(self, problem: _Problem, at: _Iterate, exact: float) -> Iterator[Step]:
        """The best point so far after each step; `at` is changed in place.

        Args:
            problem: the rows.
            at: where to start.
            exact: an objective that is but the rounding of the targets.
        """
        best = problem.measure(at)
        for iteration in range(self.max_iter + 1):
            point = best.point
            if best.gap <= self.tol * point.value or point.value <= exact:
                best = replace(best, status=Status(CONVERGED))
            elif iteration == self.max_iter:
                best = replace(best, status=reach_limit(self.max_iter))
            elif not problem.is_inside(at):
                best = replace(best, status=Status(STALLED, ROUNDED))
            yield best
            if best.status:
                return
            if not problem.advance_(at, DONE * self.tol * point.value / len(problem.y)):
                yield replace(best, status=Status(STALLED, ROUNDED))
                return
            best = _better(best, problem.measure(at, self.tol))


def _drop_uncounted(objective: Objective) -> Objective:
    """The objective of the rows that count: those of weight 0 have no inside."""
    is_counted = objective.rows.counts > 0
    return objective if bool(is_counted.all()) else objective.sample(is_counted.nonzero()[:, 0])


class _Problem:
    """The rows of the program, y (K, N) and ω (N,), and Newton's steps towards its optimum."""

    def __init__(self, objective: Objective) -> None:
        self.objective, self.rows, self.l2 = objective, objective.rows, objective.l2
        self.shares = self.rows.shares
        self.y = Loss.encode(self.rows.y, self.rows.outputs, torch.float64)
        self.free = torch.arange(self.rows.features + int(objective.intercept))
        self.signs = self.y.new_tensor([1.0, -1.0])[:, None, None]  # of r⁺ and r⁻, (2, 1, 1)

    def start(self) -> _Iterate:
        """The least-squares fit, and the middle of the dual's box."""
        H = grams(self.rows, self.free, self.shares[None])[0]
        H.diagonal()[: self.rows.features] += self.l2 + 1e-10 * float(H.diagonal().mean())
        theta = self._spread(torch.cholesky_solve(self._pull(self.y * self.shares).T, factor(H)).T)
        residual = self.y - self.rows.scores(theta)
        slack = (residual.abs() @ self.shares)[:, None].clamp(min=1e-300)
        return _Iterate(theta, (self.signs * residual).clamp(min=0) + slack, torch.zeros_like(self.y))

    def _pull(self, G: Tensor) -> Tensor:
        """G X1 of the columns that are free, (K, P)."""
        return self.rows.gradient_of(G)[:, self.free]

    def _spread(self, values: Tensor) -> Tensor:
        """θ of the values of the columns that are free, (K, P)."""
        theta = self.objective.zeros()
        theta[:, self.free] = values
        return theta

    def advance_(self, at: _Iterate, least: float) -> bool:
        """One step of predictor and corrector; outputs whose products sum to less than `least` stay.

        They are there, and further steps would bring them to the boundary before others are.

        Returns:
            Whether any output moved.
        """
        u = self.room(at)
        solve = self._factor(at, u)
        mean = _complementarity(at.r, u)
        first = solve(-at.r * u)
        primal, dual = _reach(at.r, first.r), _reach(u, -self.signs * first.v)
        after = _complementarity(at.r + primal * first.r, u - dual * self.signs * first.v)
        aim = mean * (after / mean) ** 3  # (K, 1)
        step = solve(aim - at.r * u + self.signs * first.r * first.v)
        is_open = 2 * mean * len(self.shares) >= least  # (K, 1)
        primal, dual = is_open * _reach(at.r, step.r), is_open * _reach(u, -self.signs * step.v)
        if self.objective.penalty.l2:  # θ is in both parts of a quadratic's conditions: one length for both
            primal = dual = torch.minimum(primal, dual)
        at.theta = at.theta + primal * step.theta
        at.r, at.v = at.r + primal * step.r, at.v + dual * step.v
        return bool(is_open.any())

    def room(self, at: _Iterate) -> Tensor:
        """How far v is from its bounds, u⁺ and u⁻, (2, K, N)."""
        return self.shares - self.signs * at.v

    def _factor(self, at: _Iterate, u: Tensor) -> Callable[[Tensor], _Iterate]:
        """The Newton system, factored once: a function of the changes of the products r u, (2, K, N)."""
        q = 1 / (at.r / u).sum(0)  # (K, N)
        off = self.y - self.rows.scores(at.theta) - (self.signs * at.r).sum(0)  # rounding alone
        pull = self.rows.gradient_of(at.v)
        pull[:, :-1] -= self.l2 * at.theta[:, :-1]
        H = grams(self.rows, self.free, q)
        H.diagonal(dim1=1, dim2=2)[:, : self.rows.features] += self.l2
        factors = [factor(matrix) for matrix in H]
        self.objective.meter.read += 2 * len(self.rows)

        def solve(change: Tensor) -> _Iterate:
            drive = off - (self.signs * change / u).sum(0)
            right = pull[:, self.free] + self._pull(q * drive)
            pairs = zip(right[..., None], factors, strict=True)  # (P, 1) and (P, P) each
            theta = self._spread(torch.stack([torch.cholesky_solve(own, L)[:, 0] for own, L in pairs]))
            v = q * (drive - self.rows.scores(theta))
            self.objective.meter.read += len(self.rows)
            return _Iterate(theta, (change + self.signs * at.r * v) / u, v)

        return solve

    def measure(self, at: _Iterate, tol: float = 0.0) -> Step:
        """The objective there and its gap to the dual at v; unproven while it is sure to be large."""
        point = self.objective.point(at.theta)
        rest = float((at.r * self.room(at)).sum())
        if tol and rest > NEAR * tol * point.value:
            return Step(self.objective, point, gap=point.value)
        gap = measure_gap(self.objective, point, -at.v / self.shares, self.y, self.shares)
        return Step(self.objective, point, gap=gap)

    def is_inside(self, at: _Iterate) -> bool:
        """Whether rounding has not brought it to the boundary."""
        return float(torch.minimum(self.room(at), at.r).min()) > 0


def _complementarity(r: Tensor, u: Tensor) -> Tensor:
    """The mean of r⁺u⁺ and r⁻u⁻ of each output, (K, 1)."""
    return (r * u).sum(0).mean(1, keepdim=True) / 2


def _reach(value: Tensor, change: Tensor) -> Tensor:
    """The share of a change, (2, K, N), that keeps each output's values above 0, (K, 1), at most 1."""
    ratio = torch.where(change < 0, -value / change, torch.inf)
    return (TOWARDS * ratio.amin(2, keepdim=True).amin(0)).clamp(max=1.0)


def _better(before: Step, now: Step) -> Step:
    """The lower of two points, with the better bound: the lower bound of either holds for both."""
    floor = max(before.point.value - before.gap, now.point.value - now.gap)
    best = min(before, now, key=lambda one: one.point.value)
    return replace(best, gap=max(0.0, best.point.value - floor))


def _measure(step: Step) -> dict[str, float]:
    return {"gap": step.gap, "nonzeros": int((step.point.theta[:, :-1] != 0).sum())}
