"""How far above the optimum a point can be at most, in float64."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.losses import SoftmaxCrossEntropy
from linnet.device import limited_threads
from linnet.solvers.objective import Objective, Point

DUALITY, NONNEGATIVE = "duality", "losses are never negative"

SHORTEST = 1e-6
"""The part of a Newton step on the biases below which rounding alone is left."""

BALANCED = 1e-13
"""The gradient of the biases, as a share of the largest a loss can give, that counts as rounding."""


@dataclass(frozen=True, eq=False)
class Bound:
    """A point and the most by which it can be above the optimum.

    Args:
        point: in float64, its bias the best for its weights.
        gap: the bound.
        name: how it was found.
    """

    point: Point
    gap: float
    name: str


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

    Up to rounding of float64. See Boyd and Vandenberghe, Convex Optimization, 2004, 5.5 and 9.1.2.

    Args:
        objective: smooth, in any dtype; its rows are read once and a half in float64.
        theta: (K, D + 1).
    """
    objective = objective.with_dtype(torch.float64)
    point = objective.point(theta.double())
    if objective.intercept:
        with limited_threads(1):  # elementwise work, where a second thread gains little
            shift = best_shift(objective, point)
        if bool(shift.any()):
            moved = point.theta.clone()
            moved[:, -1] += shift
            better = objective.point_from(moved, point.scores + shift[:, None])
            point = better if better.value <= point.value + 1e-15 * abs(point.value) else point
        point = centred(objective, point)
    return _bound(objective, point)


def _bound(objective: Objective, point: Point) -> Bound:
    above = max(0.0, point.value - _least(objective))
    l2, bias = objective.penalty.l2, float(point.gradient[:, -1].abs().max())
    if l2 == 0 or bias > BALANCED * max(1.0, abs(point.value)):
        return Bound(point, above, NONNEGATIVE)
    dual = float(point.gradient[:, :-1].square().sum()) / (2 * l2)
    rounding = 4 * torch.finfo(torch.float64).eps * abs(point.value)
    return Bound(point, dual + rounding, DUALITY) if dual < above else Bound(point, above, NONNEGATIVE)


def _least(objective: Objective) -> float:
    """What the mean loss can never be below."""
    y = objective.rows.y
    if not isinstance(objective.loss, SoftmaxCrossEntropy) or not y.is_floating_point():
        return 0.0
    entropy = torch.special.entr(y.double()).sum(1)  # (N,)
    weights = objective.rows.weights
    return float(entropy.sum() if weights is None else entropy @ weights) / objective.rows.total


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
    if not isinstance(objective.loss, SoftmaxCrossEntropy) or not bool(common):
        return point
    theta = point.theta.clone()
    theta[:, -1] -= common
    return objective.point_from(theta, point.scores - common)


def _newton_shift(objective: Objective, scores: Tensor, gradient: Tensor) -> Tensor:
    """H⁻¹ g of the biases alone, (K,); the directions that the loss does not feel are left alone."""
    return torch.linalg.pinv(objective.bias_hessian(scores.double()), rtol=1e-12, hermitian=True) @ gradient
