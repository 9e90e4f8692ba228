"""How far above the optimum a point can be at most, in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.penalties import Penalty
from linnet.solvers.certificate.decrement import newton_bound
from linnet.solvers.certificate.duality import ROUNDING, duality_gap, rounding, with_best_bias
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import Framed, standardise
from linnet.solvers.solution import NONNEGATIVE, Certificate

DUALITY = "duality"

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
    gain: float = math.nan

    def certificate(self, iterations: int, passes: float, seconds: float) -> Certificate:
        """It as a certificate, with what it took."""
        norm = float(self.point.gradient.norm())
        return Certificate(
            self.point.value, norm, self.gap, iterations, passes, seconds, self.name, self.gain
        )


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
    is_smooth = not objective.loss.has_straight_parts
    framed = standardise(objective.with_dtype(torch.float64), objective.penalty.l2 if is_smooth else 0.0)
    inner = framed.objective
    point = with_best_bias(inner, inner.point(framed.enter(theta.double())))
    gap, name, gain = _bound_smooth(inner, point) if is_smooth else (*bound_by_dual(inner, point), math.nan)
    return store(framed, Bound(point, gap, name, gain))


def bound_by_dual(objective: Objective, point: Point) -> tuple[float, str]:
    """The bound by Fenchel's dual, with L1 or without, or by Newton's decrement; and its name.

    Without a penalty classes have no dual but at 0, and there is nothing but the decrement.
    """
    gap = duality_gap(objective, point)
    if objective.penalty != Penalty():
        return gap, DUALITY
    newton = newton_bound(objective, point)
    bound = math.inf if newton is None else newton.bound + ROUNDING * abs(point.value)
    if objective.loss.dual_reach is not None:
        return min(gap, bound), DUALITY
    return min(gap, bound), NONNEGATIVE if newton is None or math.isinf(bound) else newton.name


def store(framed: Framed, bound: Bound) -> Bound:
    """A bound of the solver's columns as one of the rows' θ: with what rounding does to both.

    The bias of columns far from 0 may be far larger than a score, and its last digit then moves all of them.

    Args:
        framed: whose objective the point is of.
        bound: with θ', its best.
    """
    inner, point, gap = framed.objective, bound.point, bound.gap
    theta, scores = framed.leave(point.theta), point.scores
    if framed.standard is not None:
        again = framed.enter(theta)
        shift = (again - point.theta)[:, -1]
        if bool(shift.any()):
            moved = inner.point_from(again, point.scores + shift[:, None])
            gap, point = gap + max(0.0, moved.value - point.value), moved
        scores = point.scores + framed.standard.level[:, None]
    gap += rounding(inner, point)
    stored = Point(theta, scores, point.loss, point.value, framed.gradient(point.gradient))
    return Bound(stored, gap, bound.name, bound.gain)


def _bound_smooth(objective: Objective, point: Point) -> tuple[float, str, float]:
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
    return float(objective.loss.least(objective.rows.y).double() @ objective.rows.shares)
