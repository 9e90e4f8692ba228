"""The duality gap of any loss and penalty by Fenchel's dual, in float64, and biases moved to their best.

With ω_i the rows' shares, F(W, b) = Σ ω_i l_i(o_i) + R(W), o_i = W x_i + b, R(W) = ½ l2 ‖W‖² + l1 ‖W‖₁, and
any a_i with Σ ω_i a_i = 0, which is what a bias without penalty asks for,

    F(θ) ≥ D(a) = −Σ ω_i l_i*(a_i) − R*(−G),    G = Σ ω_i a_i x_iᵀ,

    R*(V) = Σ max(|V| − l1, 0)²/(2 l2), and without l2 it is 0 where |V| ≤ l1, and infinite elsewhere

(Boyd and Vandenberghe, Convex Optimization, 2004, 5.1.6 and 5.7; with an L1 penalty Kim and others, 2007).
The a_i are the loss's derivatives at the scores, balanced so that their sum is 0, and scaled by some s ≤ 1,
which keeps them where every l_i* is finite, so that G fits l1. Whatever the point, the bound holds but for
the rounding of sums of float64, for which a little is added.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.losses.base import ratio
from linnet.core.penalties import Penalty
from linnet.device import limit_threads
from linnet.solvers.problem.curvature import blocks, grams
from linnet.solvers.problem.hessian import factor
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.score_hessian import score_hessian_product

FINE, CLOSE = 1e-12, 1e-2
"""A gap, as a share of the objective, that is fine enough; how near l1 derivatives are to be mended."""

MOST, WORK = 2000, 2e10
"""Weights that are not 0, and operations of their Hessian, up to which derivatives are mended."""

UNIT = 4 * torch.finfo(torch.float64).eps
"""The rounding of a sum of float64, as a share of it."""

ROUNDING = 4 * UNIT
"""What is added to a gap, as a share of the sums whose difference it is."""

SHORTEST = 1e-6
"""The part of a Newton step on the biases below which rounding alone is left."""


def penalty_conjugate(objective: Objective, V: Tensor) -> float:
    """R*(V), of V (K, D)."""
    beyond = (V.abs() - objective.l1).clamp(min=0)
    if objective.penalty.l2:
        return float((beyond.square() / (2 * objective.l2)).sum())
    return 0.0 if float(beyond.max() if beyond.numel() else 0) == 0 else float("inf")


def duality_gap(objective: Objective, point: Point, tol: float = FINE) -> float:
    """F at a point above the dual's optimum, at most: half a pass. Tight where the bias is best.

    Args:
        objective: in float64, of any penalty.
        point: of that objective.
        tol: the gap that is enough, as a share of the objective: one above it is made tighter, for a Hessian.
    """
    rows = objective.rows
    y, shares = Loss.encode(rows.y, rows.outputs, torch.float64), rows.shares  # (K, N), (N,)
    a = objective.loss.residual(point.scores.double(), y)
    gap = measure_gap(objective, point, a, y, shares)
    if gap <= max(tol, FINE) * abs(point.value) or (change := _polish(objective, point)) is None:
        return gap
    return min(gap, measure_gap(objective, point, a + change, y, shares))


def _polish(objective: Objective, point: Point) -> Tensor | None:
    """The change of the derivatives, (K, N), that makes them fit l1 where weights are not 0; None far off.

    At the optimum they do, but a very small l1 is the sum of derivatives that have lost their digits to
    scores much larger. A Newton step on the weights that are not 0 says how derivatives change with them, and
    that is of full precision. Any dual variables bound the optimum, so these do.
    """
    rows, penalty, chosen = objective.rows, objective.penalty, point.theta != 0
    chosen[:, -1] = objective.intercept
    if not penalty.l1 or penalty.l2 or int(chosen.sum()) > MOST or len(rows) * int(chosen.sum()) ** 2 > WORK:
        return None
    slope = torch.where(chosen, smallest_subgradient(objective, point), 0.0)
    if bool((slope[:, :-1].abs() > CLOSE * objective.l1).any()):
        return None
    step = torch.zeros_like(slope)
    for where, H in blocks(objective, point, chosen, len(rows)):
        if not len(where):
            continue
        step.view(-1)[where] = -torch.cholesky_solve(slope.flatten()[where, None], factor(H))[:, 0]
    objective.meter.read += len(rows) / 2
    return score_hessian_product(objective.loss, point.scores, rows.target(), rows.scores(step))


def measure_gap(objective: Objective, point: Point, a: Tensor, y: Tensor, shares: Tensor) -> float:
    """The gap between F at a point and the dual at `a`, (K, N), made feasible."""
    rows, loss = objective.rows, objective.loss
    if objective.penalty == Penalty() and loss.dual_reach is not None:
        return _unpenalised_gap(objective, point, a, y, shares)
    if objective.intercept:
        a = loss.balance(a, y, shares)
    objective.meter.read += len(rows) / 2
    G = rows.gradient_of(a * shares)[:, :-1]
    return gap_of_dual(objective, point, a, y, shares, G)


def gap_of_dual(objective: Objective, point: Point, a: Tensor, y: Tensor, shares: Tensor, G: Tensor) -> float:
    """The least gap of a few scales s of the dual variables."""
    largest = (
        float((G.abs() / objective.l1 if objective.penalty.l1 else G.abs()).amax()) if G.numel() else 0.0
    )
    room = 1 / largest if objective.penalty.l1 and largest else 0.0
    fitting = min(1.0, room * (1 - 1e-15)) if largest else 1.0
    scales = {fitting, 1.0} if objective.penalty.l2 else {fitting}
    gaps = []
    for s in scales:
        rest = float(objective.loss.conjugate(s * a, y) @ shares)
        dual = -rest - penalty_conjugate(objective, -s * G)
        gaps.append(point.value - dual + ROUNDING * (abs(point.value) + abs(rest)))
    return max(0.0, min(gaps))


def _unpenalised_gap(objective: Objective, point: Point, a: Tensor, y: Tensor, shares: Tensor) -> float:
    """The gap where no weight has a penalty: a must be at right angles to all columns, and is made so.

    Then what would be outside the loss's domain is scaled into it. What rounding leaves of G counts with the
    size of the weights at the point.
    """
    rows, loss = objective.rows, objective.loss
    objective.meter.read += 2 * len(rows)
    features = torch.arange(rows.features + int(objective.intercept))
    H = grams(rows, features, shares[None])[0]
    inverse = torch.linalg.pinv(H, hermitian=True, rtol=1e-13)
    for _ in range(2):  # the second time takes off what rounding left
        G = objective.free_(rows.gradient_of(a * shares))
        step = torch.zeros_like(G)
        step[:, features] = G[:, features] @ inverse
        a = a - rows.scores(step)
    if not math.isinf(limit := cast(float, loss.dual_reach)):
        a = a * min(1.0, limit / max(float(a[:, shares > 0].abs().max()), 1e-300))
    rest = float(loss.conjugate(a, y) @ shares)
    left = objective.free_(rows.gradient_of(a * shares)).abs()
    slack = 2 * float((left * point.theta.abs()).sum()) + ROUNDING * (abs(point.value) + abs(rest))
    return max(0.0, point.value + rest + slack)


def move_bias(objective: Objective, point: Point) -> Point:
    """The point with its bias moved to its best for the weights, where that is any better."""
    if not objective.intercept:
        return point
    if not objective.keeps_scores:
        return objective.balance(point)
    find = _bisect_shift if objective.loss.has_straight_parts else find_shift
    with limit_threads(1):  # elementwise work, where a second thread gains little
        shift = find(objective, point)
    if bool(shift.any()):
        theta = point.theta.clone()
        theta[:, -1] += shift
        better = objective.moved(point, theta, shift)
        point = better if better.value <= point.value + 2 * rounding(objective, point) else point
    return centre_biases(objective, point)


def _bisect_shift(objective: Objective, point: Point) -> Tensor:
    """The shift of the biases to their best, (K,), by bisection: without curvature Newton has no step.

    The derivative by the bias rises in straight pieces, so the last interval is gone through on one.
    """
    rows = objective.rows
    y = Loss.encode(rows.y, rows.outputs, torch.float64)
    off = y - point.scores.double()  # (K, N)
    low, high = off.amin(1), off.amax(1)

    def slope(shift: Tensor) -> Tensor:
        return objective.residual(point.scores + shift[:, None]).sum(1)

    for _ in range(60):
        halfway = (low + high) / 2
        is_above = slope(halfway) > 0
        low, high = torch.where(is_above, low, halfway), torch.where(is_above, halfway, high)
    before, after = slope(low), slope(high)
    return low - before * ratio(high - low, after - before)


def find_shift(objective: Objective, point: Point, iterations: int = 50) -> Tensor:
    """The shift of the biases to their best for the weights, (K,): Newton's method on the known scores.

    Args:
        objective: in float64.
        point: where.
        iterations: at most, shorter tries counted.
    """
    best, gradient = torch.zeros_like(point.theta[:, 0]), point.gradient[:, -1]
    step, size = _newton_shift(objective, point.scores, gradient), 1.0
    for _ in range(iterations):
        tried = best - size * step
        scores = point.scores + tried[:, None]
        slope = objective.residual(scores).sum(1) / objective.rows.total
        if not float(slope.norm()) < float(gradient.norm()):
            size /= 4
            if size < SHORTEST:
                break
            continue
        best, gradient, size = tried, slope, 1.0
        step = _newton_shift(objective, scores, gradient)
    return best


def centre_biases(objective: Objective, point: Point) -> Point:
    """The point with softmax's biases about 0; what they have in common it does not feel."""
    common = point.theta[:, -1].mean()
    if not objective.loss.couples_outputs or not bool(common):
        return point
    theta = point.theta.clone()
    theta[:, -1] -= common
    return objective.point_from(theta, point.scores - common)


def _newton_shift(objective: Objective, scores: Tensor, gradient: Tensor) -> Tensor:
    """H⁻¹ g of the biases alone, (K,); the directions that the loss does not feel are left alone."""
    return torch.linalg.pinv(objective.bias_hessian(scores.double()), rtol=1e-12, hermitian=True) @ gradient


def smallest_subgradient(objective: Objective, point: Point) -> Tensor:
    """The subgradient of F of least norm, (K, D + 1); 0 at the optimum."""
    slope = point.gradient.clone()
    slope[:, :-1] = subgradient(point.theta[:, :-1], slope[:, :-1], objective.l1)
    return slope


def subgradient(z: Tensor, gradient: Tensor, l1: Tensor | float) -> Tensor:
    """The subgradient of least size at z, given the gradient of what is smooth."""
    at_zero = torch.copysign((gradient.abs() - l1).clamp(min=0), gradient)
    return torch.where(z == 0, at_zero, gradient + l1 * z.sign())


def rounding(objective: Objective, point: Point) -> float:
    """The rounding error of F: of its sum, and of errors that are differences of large numbers."""
    size, square = objective.sizes(point)
    return UNIT * (abs(point.value) + size + UNIT * square)
