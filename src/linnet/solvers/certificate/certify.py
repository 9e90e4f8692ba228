"""How far above the optimum a point can be at most, in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import limited_threads
from linnet.solvers.certificate.decrement import newton_bound
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import Framed, standardised
from linnet.solvers.solution import NONNEGATIVE

DUALITY = "duality"

ROUNDING = 4 * torch.finfo(torch.float64).eps
"""Of a sum of float64, as a share of it."""

SHORTEST = 1e-6
"""The part of a Newton step on the biases below which rounding alone is left."""

BALANCED = 1e-13
"""The gradient of the biases, as a share of the largest a loss can give, that counts as rounding."""


@dataclass(frozen=True, eq=False)
class Bound:
    """A point and the most by which it can be above the optimum.

    Args:
        point: in float64, its bias the best for its weights; its gradient is over the weights and the bias at
            the columns' centre.
        gap: the bound.
        name: how it was found.
        gain: what a Newton step would gain, which is no bound; NaN where it is not known.
    """

    point: Point
    gap: float
    name: str
    gain: float


def certify(objective: Objective, theta: Tensor) -> Bound:
    """Bound the objective above the optimum, after moving the bias to where it is best for these weights.

    With ω_i the rows' shares, a_i = ∂l/∂o_i at the scores o_i = W x_i + b, and G = Σ ω_i a_i x_iᵀ, Fenchel's
    dual of F(W, b) = Σ ω_i l(o_i) + ½ l2 ‖W‖² is

        D(a) = −Σ ω_i l*(a_i) − ‖G‖²/(2 l2),    where Σ ω_i a_i = 0, for the bias has no penalty.

    That condition is ∂F/∂b = 0: it holds once b is best for W, which costs elementwise work alone. There
    l(o_i) + l*(a_i) = a_iᵀ o_i, and Σ ω_i a_iᵀ o_i = ⟨G, W⟩. So the gap between primal and dual is

        F − D = ½ l2 ‖W‖² + ⟨G, W⟩ + ‖G‖²/(2 l2) = ‖l2 W + G‖²/(2 l2) = ‖∂F/∂W‖²/(2 l2),

    which is also what strong convexity of min_b F(W, b) gives: the two bounds are one. The shift of all of
    softmax's biases, which it does not feel, needs no care. Near the optimum the bound is loose by about the
    loss's curvature over l2 along what is left of the gradient. Without l2 there remains that cross-entropy
    is at least the entropy of its labels, which is 0 for class indices; other losses are at least 0.

    Without L2 it is Newton's decrement that tells: see `decrement`. Rounding is added: what float64 cannot
    tell of F is never proven of it. See Boyd and Vandenberghe, Convex Optimization, 2004, 5.5 and 9.1.2.

    Args:
        objective: smooth, in any dtype; its rows are read once and a half in float64.
        theta: (K, D + 1).
    """
    framed = standardised(objective.with_dtype(torch.float64), objective.penalty.l2)
    inner = framed.objective
    point = inner.point(framed.enter(theta.double()))
    if inner.intercept:
        with limited_threads(1):  # elementwise work, where a second thread gains little
            shift = best_shift(inner, point)
        if bool(shift.any()):
            moved = point.theta.clone()
            moved[:, -1] += shift
            better = inner.point_from(moved, point.scores + shift[:, None])
            point = better if better.value <= point.value + 1e-15 * abs(point.value) else point
        point = centred(inner, point)
    gap, name, gain = _bound(inner, point)
    point, gap = as_stored(framed, point, gap)
    return Bound(point, gap, name, gain)


def as_stored(framed: Framed, point: Point, gap: float) -> tuple[Point, float]:
    """A point of the solver's columns as θ of the rows, and its bound: with what rounding does to both.

    The bias of columns far from 0 may be far larger than a score, and its last digit then moves all of them.

    Args:
        framed: whose objective the point is of.
        point: with θ', its best.
        gap: of that point.
    """
    inner, theta = framed.objective, framed.leave(point.theta)
    if framed.standard is not None:
        again = framed.enter(theta)
        shift = (again - point.theta)[:, -1]
        if bool(shift.any()):
            moved = inner.point_from(again, point.scores + shift[:, None])
            gap, point = gap + max(0.0, moved.value - point.value), moved
    gap += rounding(inner, point)
    scores = point.scores if framed.standard is None else point.scores + framed.standard.middle[:, None]
    return Point(theta, scores, point.loss, point.value, framed.gradient(point.gradient)), gap


def rounding(objective: Objective, point: Point) -> float:
    """How much of F rounding leaves open: of its sum, and of errors that are differences of large numbers."""
    everything = slice(0, len(objective.rows))
    slope = objective.residual(point.scores, everything).abs()
    sizes, rows = point.scores.abs().double(), objective.rows
    squares = sizes.square().sum(0)
    squares = squares if rows.weights is None else squares * rows.weights
    size, square = float((slope * sizes).sum()) / rows.total, float(squares.sum()) / rows.total
    return ROUNDING * (abs(point.value) + size + ROUNDING * square)


def _bound(objective: Objective, point: Point) -> tuple[float, str, float]:
    """The bound, its name, and what a Newton step would gain, NaN where that is not known."""
    above = max(0.0, point.value - _least(objective))
    l2, bias = objective.penalty.l2, float(point.gradient[:, -1].abs().max())
    newton = newton_bound(objective, point) if l2 == 0 else None
    gain = math.nan if newton is None else newton.gain
    if newton is not None and newton.bound < above:
        return newton.bound, newton.name, gain
    if l2 == 0 or bias > BALANCED * max(1.0, abs(point.value)):
        return above, NONNEGATIVE, gain
    dual = float((point.gradient[:, :-1].square() / (2 * objective.l2)).sum())
    return (dual, DUALITY, gain) if dual < above else (above, NONNEGATIVE, gain)


def _least(objective: Objective) -> float:
    """What the mean loss can never be below."""
    least, weights = objective.loss.least(objective.rows.y), objective.rows.weights  # (N,)
    return float(least.sum() if weights is None else least @ weights) / objective.rows.total


def best_shift(objective: Objective, point: Point, iterations: int = 50) -> Tensor:
    """What to add to the biases so that they are best for the weights, (K,): Newton on the known scores.

    Args:
        objective: in float64.
        point: where.
        iterations: at most, shorter tries counted.
    """
    everything = slice(0, len(objective.rows))
    best, gradient = torch.zeros_like(point.theta[:, 0]), point.gradient[:, -1]
    step, size = _newton_shift(objective, point.scores, gradient), 1.0
    for _ in range(iterations):
        tried = best - size * step
        scores = point.scores + tried[:, None]
        slope = objective.residual(scores, everything).sum(1) / objective.rows.total
        if not float(slope.norm()) < float(gradient.norm()):
            size /= 4
            if size < SHORTEST:
                break
            continue
        best, gradient, size = tried, slope, 1.0
        step = _newton_shift(objective, scores, gradient)
    return best


def centred(objective: Objective, point: Point) -> Point:
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
