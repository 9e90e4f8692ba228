"""`minimise_absolute`: the absolute error to its optimum, with L2 or without, by an interior-point method."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import AbsoluteError, Loss
from linnet.errors import UsageError
from linnet.model.history import Record
from linnet.solvers.certificate.certify import DUALITY, as_stored
from linnet.solvers.certificate.duality import gap_of
from linnet.solvers.linalg.kronecker import factor
from linnet.solvers.problem.curvature import grams
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import standardised
from linnet.solvers.smooth.smooth import Minimum, Progress
from linnet.solvers.solution import CONVERGED, INTERRUPTED, LIMIT, STALLED, Certificate, Status

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
    """θ (K, D + 1), the parts r⁺ and r⁻ of y − o, and the dual v, all (K, N) and strictly inside.

    Args:
        theta: the model.
        over: r⁺, how far a target is above its prediction, plus a slack.
        under: r⁻, likewise below; r⁺ − r⁻ is the residual but for rounding.
        v: of the rows, |v_i| ≤ ω_i.
    """

    theta: Tensor
    over: Tensor
    under: Tensor
    v: Tensor


def minimise_absolute(
    objective: Objective, tol: float = 1e-9, max_iter: int = 100, progress: Progress | None = None
) -> Minimum:
    """The least mean absolute error, and an L2 penalty if there is one, to a duality gap.

    As min Σ ω (r⁺ + r⁻) + ½ l2 ‖W‖² with r⁺ − r⁻ = y − o and r⁺, r⁻ ≥ 0 it is a linear or quadratic program.
    Its dual has a box, |v_i| ≤ ω_i, and for D + 1 columns each Newton step on the smoothed conditions is a
    system of D + 1 equations. Predictor and corrector as Mehrotra's (1992); the elimination is Portnoy and
    Koenker's (1997). Most problems take 10 to 30 steps, each reading the rows about twice and costing
    O(N D²) an output. Where the best fits are many (an L2 of 0), it comes to the middle of them.

    Args:
        objective: with `AbsoluteError`; L2 at most.
        tol: stop once the duality gap is at most this share of the objective.
        max_iter: steps.
        progress: called with a record an iteration, as of `minimise_l1`, with `gap` in place of `estimate`.

    Raises:
        UsageError: another loss, an L1 penalty, or numbers that are not finite.
    """
    _check(objective)
    began, trace = time.perf_counter(), []
    objective, shares = _counted(objective.with_dtype(torch.float64))
    stored = Loss.encode(objective.rows.y, objective.rows.outputs, torch.float64)  # (K, N)
    exact = max(1e-300, ROUNDING * float((stored.abs() @ shares).sum()))
    framed = standardised(objective, objective.penalty.l2)
    objective = framed.objective
    y = Loss.encode(objective.rows.y, objective.rows.outputs, torch.float64)  # (K, N)
    status, at = Status(INTERRUPTED, "the model is the best so far"), _start(objective, y, shares)
    best = _measured(objective, at, y, shares, 0.0)
    try:
        for iteration in range(max_iter + 1):
            trace.append(_record(iteration, *best, time.perf_counter() - began))
            if progress:
                progress(trace[-1])
            ended = _ended(objective, at, best, tol, exact, iteration == max_iter, max_iter)
            if ended:
                status = ended
                break
            if not _advance_(objective, at, y, shares, DONE * tol * best[0].value / len(y)):
                status = _stalled()
                break
            best = _better(best, _measured(objective, at, y, shares, tol))
    except KeyboardInterrupt:
        pass
    if status.name != CONVERGED:  # what is known all the same
        best = _better(best, _measured(objective, at, y, shares, 0.0))
    point, gap = as_stored(framed, *best)
    certificate = Certificate(
        point.value, float(point.gradient.norm()), gap, len(trace) - 1, objective.readings,
        time.perf_counter() - began, DUALITY,
    )  # fmt: skip
    return Minimum(point.theta, status, certificate, trace)


def _check(objective: Objective) -> None:
    if type(objective.loss) is not AbsoluteError:
        raise UsageError(f"this solver is for the absolute error, not {type(objective.loss).__name__}")
    if objective.penalty.l1:
        raise UsageError("the absolute error takes l2 only here: for l1 use huber with a small threshold")
    if not objective.rows.is_finite():
        raise UsageError("the features are not finite: fill in or leave out rows with NaN or infinity")


def _counted(objective: Objective) -> tuple[Objective, Tensor]:
    """The rows that count, and their shares: those of weight 0 have no inside."""
    weights = objective.rows.weights
    if weights is not None and not bool((weights > 0).all()):
        objective = objective.sample((weights > 0).nonzero()[:, 0])
        weights = objective.rows.weights
    if weights is None:
        weights = torch.ones(len(objective.rows), dtype=torch.float64)
    return objective, weights / weights.sum()


def _start(objective: Objective, y: Tensor, shares: Tensor) -> _Iterate:
    """The least-squares fit, and the middle of the dual's box."""
    rows, l2 = objective.rows, objective.l2
    features = _features(objective)
    H = grams(rows, features, shares[None])[0]
    H.diagonal()[: rows.features] += l2 + 1e-10 * float(H.diagonal().mean())
    pull = rows.gradient_of(y * shares)[:, features]  # (K, P)
    theta = objective.zeros()
    theta[:, features] = torch.cholesky_solve(pull.T, factor(H)).T
    residual = y - rows.scores(theta)
    slack = (residual.abs() @ shares)[:, None].clamp(min=1e-300)
    over, under = residual.clamp(min=0) + slack, (-residual).clamp(min=0) + slack
    return _Iterate(theta, over, under, torch.zeros_like(y))


def _features(objective: Objective) -> Tensor:
    return torch.arange(objective.rows.features + int(objective.intercept))


def _advance_(objective: Objective, at: _Iterate, y: Tensor, shares: Tensor, least: float) -> bool:
    """One step of predictor and corrector; outputs whose products sum to less than `least` stay.

    They are there, and further steps would bring them to the boundary before others are.

    Returns:
        Whether any output moved.
    """
    above, below = shares - at.v, shares + at.v  # (K, N), u⁺ and u⁻
    stiffness = 1 / (at.over / above + at.under / below)
    solve = _Normal(objective, at, y, stiffness)
    mean = _complementarity(at, above, below)
    first = solve(-at.over * above, -at.under * below)
    primal, dual = _lengths(at, first, above, below)
    after = _complementarity(
        _Iterate(at.theta, at.over + primal * first.over, at.under + primal * first.under, at.v),
        above - dual * first.v, below + dual * first.v,
    )  # fmt: skip
    aim = mean * (after / mean) ** 3  # (K, 1)
    step = solve(aim - at.over * above + first.over * first.v, aim - at.under * below - first.under * first.v)
    primal, dual = _lengths(at, step, above, below)
    is_open = 2 * mean * len(shares) >= least  # (K, 1)
    primal, dual = primal * is_open, dual * is_open
    if objective.penalty.l2:  # θ is in both parts of a quadratic's conditions: one length for both
        primal = dual = torch.minimum(primal, dual)
    at.theta = at.theta + primal * step.theta
    at.over, at.under = at.over + primal * step.over, at.under + primal * step.under
    at.v = at.v + dual * step.v
    return bool(is_open.any())


class _Normal:
    """Solves the Newton system, factored once, for given changes of the products r⁺u⁺ and r⁻u⁻."""

    def __init__(self, objective: Objective, at: _Iterate, y: Tensor, stiffness: Tensor) -> None:
        self.objective, self.at, self.stiffness = objective, at, stiffness
        rows, l2, self.features = objective.rows, objective.l2, _features(objective)
        self.off = y - rows.scores(at.theta) - at.over + at.under  # rounding alone
        self.pull = rows.gradient_of(at.v)
        self.pull[:, :-1] -= l2 * at.theta[:, :-1]
        H = grams(rows, self.features, stiffness)
        H.diagonal(dim1=1, dim2=2)[:, : rows.features] += l2
        self.factors = [factor(matrix) for matrix in H]
        objective.meter.read += 2 * len(rows)

    def __call__(self, over: Tensor, under: Tensor) -> _Iterate:
        at, rows, q = self.at, self.objective.rows, self.stiffness
        shares = self.objective.rows.weights
        share = (torch.ones_like(at.v[0]) if shares is None else shares) / rows.total
        above, below = share - at.v, share + at.v
        drive = self.off - over / above + under / below
        right = (self.pull + rows.gradient_of(q * drive))[:, self.features]
        theta = torch.zeros_like(at.theta)
        for k, L in enumerate(self.factors):
            theta[k, self.features] = torch.cholesky_solve(right[k, :, None], L)[:, 0]
        v = q * (drive - rows.scores(theta))
        self.objective.meter.read += len(rows)
        return _Iterate(theta, (over + at.over * v) / above, (under - at.under * v) / below, v)


def _complementarity(at: _Iterate, above: Tensor, below: Tensor) -> Tensor:
    """The mean of r⁺u⁺ and r⁻u⁻ of each output, (K, 1)."""
    return (at.over * above + at.under * below).mean(1, keepdim=True) / 2


def _lengths(at: _Iterate, step: _Iterate, above: Tensor, below: Tensor) -> tuple[Tensor, Tensor]:
    """How far each output may go, (K, 1) each: of r⁺ and r⁻, and of v."""
    primal = torch.minimum(_reach(at.over, step.over), _reach(at.under, step.under))
    return primal, torch.minimum(_reach(above, -step.v), _reach(below, step.v))


def _reach(value: Tensor, change: Tensor) -> Tensor:
    """The share of a change that keeps a value above 0, (K, 1), at most 1."""
    ratio = torch.where(change < 0, -value / change, torch.inf)
    return (TOWARDS * ratio.amin(1, keepdim=True)).clamp(max=1.0)


def _measured(
    objective: Objective, at: _Iterate, y: Tensor, shares: Tensor, tol: float
) -> tuple[Point, float]:
    """The objective there and its gap to the dual at v; with nothing proven while it is sure to be large."""
    point = objective.point(at.theta)
    rest = float((at.over * (shares - at.v) + at.under * (shares + at.v)).sum())
    if tol and rest > NEAR * tol * point.value:
        return point, point.value
    return point, gap_of(objective, point, -at.v / shares, y, shares)


def _better(before: tuple[Point, float], now: tuple[Point, float]) -> tuple[Point, float]:
    """The lower of two points, with the better bound: the lower bound of either holds for both."""
    floor = max(before[0].value - before[1], now[0].value - now[1])
    point = min(before[0], now[0], key=lambda one: one.value)
    return point, max(0.0, point.value - floor)


def _ended(
    objective: Objective,
    at: _Iterate,
    best: tuple[Point, float],
    tol: float,
    exact: float,
    is_last: bool,
    limit: int,
) -> Status | None:
    point, gap = best
    if gap <= tol * point.value or point.value <= exact:
        return Status(CONVERGED)
    if is_last:
        return Status(LIMIT, f"allow more than {limit} iterations (max_iter), or a larger tol")
    shares = 1.0 if objective.rows.weights is None else objective.rows.weights[None]
    room = float(((shares / objective.rows.total) - at.v.abs()).min())
    if not room > 0 or not float(torch.minimum(at.over, at.under).min()) > 0:
        return _stalled()
    return None


def _stalled() -> Status:
    return Status(STALLED, "rounding allows no lower objective: ask for a larger tol")


def _record(epoch: int, point: Point, gap: float, seconds: float) -> Record:
    if not point.value < float("inf"):
        raise UsageError("the objective is not finite: features or targets are infinite or far too large")
    return {
        "epoch": epoch, "train_loss": point.loss, "objective": point.value, "gap": gap,
        "nonzeros": int((point.theta[:, :-1] != 0).sum()), "seconds": seconds,
    }  # fmt: skip
