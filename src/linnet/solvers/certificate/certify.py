"""`certify`: upper bounds on the optimality gap by duality, strong convexity or Newton's decrement.

With g and H the gradient and Hessian at θ, λ² = gᵀH⁻¹g is Newton's decrement, and ½λ² what a Newton step
gains. For a square that is the distance from the optimum, exactly. Along a direction h softmax's and the
logistic loss's third derivative is at most their second times the most that h moves a score, or two scores
against each other, of any row, which is at most ρ‖h‖ in the norm of H. So (Bach, "Self-concordant analysis
for logistic regression", 2010, proposition 1)

    F(θ + h) ≥ F(θ) + gᵀh + (exp(−ρr) + ρr − 1)/ρ²,    r = ‖h‖,

whose least value over all h is (u + (1 − u) log(1 − u))/ρ² below F(θ), with u = ρλ < 1: half of λ² near the
optimum. Where u ≥ 1 nothing is proven. Directions in which no row's score moves are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.core.penalties import Penalty
from linnet.solvers.certificate.duality import FINE, ROUNDING, duality_gap, move_bias, rounding
from linnet.solvers.passes.dual import unpenalised_gap
from linnet.solvers.passes.objective import PassObjective
from linnet.solvers.problem.curvature import grams
from linnet.solvers.problem.hessian import hessian
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.problem.standard import Framed, standardise
from linnet.solvers.solution import NONNEGATIVE, Certificate

DUALITY, CURVATURE, CONCORDANCE = "duality", "curvature", "self-concordance"

FLAT = 1e-13
"""The share of the columns' largest second moment below which a direction moves no score but by rounding."""

HIDDEN = 1e-10
"""The share of a row's length by which directions that were left out may move its score, by rounding."""

SLACK = 1.001
"""What rounding of the Hessian may be of λ² and of ρ."""


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
    is_smooth = not (objective.loss.has_straight_parts and objective.keeps_scores)
    framed = standardise(objective.with_dtype(torch.float64), objective.penalty.l2 if is_smooth else 0.0)
    inner = framed.objective
    point = move_bias(inner, inner.point(framed.enter(theta.double())))
    return store(framed, _bound_smooth(inner, point) if is_smooth else bound_by_dual(inner, point))


def bound_by_dual(objective: Objective, point: Point, tol: float = FINE) -> Bound:
    """The bound by Fenchel's dual, with L1 or without, or by Newton's decrement; `tol` as of `duality_gap`.

    Without a penalty classes have no dual but at 0, and there is nothing but the decrement.
    """
    gap = duality_gap(objective, point, tol)
    newton = newton_bound(objective, point) if objective.penalty == Penalty() else None
    has_dual = objective.penalty != Penalty() or objective.loss.dual_reach is not None
    if newton is None or math.isinf(newton.gap):
        return Bound(point, gap, DUALITY if has_dual else NONNEGATIVE)
    gap = min(gap, newton.gap + ROUNDING * abs(point.value))
    return Bound(point, gap, DUALITY if has_dual else newton.name)


def store(framed: Framed, bound: Bound) -> Bound:
    """A bound of the solver's columns as one of the rows' θ: with what rounding does to both.

    The bias of columns far from 0 may be far larger than a score, and its last digit then moves all of them.

    Args:
        framed: whose objective the point is of.
        bound: with θ', its best.
    """
    inner, point, gap = framed.objective, bound.point, bound.gap
    theta, scores = framed.leave(point.theta), point.scores
    if framed.centre is not None:
        again = framed.enter(theta)
        shift = (again - point.theta)[:, -1]
        if bool(shift.any()):
            moved = inner.moved(point, again, shift)
            gap, point = gap + max(0.0, moved.value - point.value), moved
        scores = point.scores + torch.as_tensor(framed.level)[..., None]
    gap += rounding(inner, point)
    stored = Point(theta, scores, point.loss, point.value, framed.gradient(point.gradient))
    return Bound(stored, gap, bound.name, bound.gain)


def _bound_smooth(objective: Objective, point: Point) -> Bound:
    """The best bound of a smooth objective."""
    bounds = [Bound(point, max(0.0, point.value - objective.least()), NONNEGATIVE)]
    if not objective.penalty.l2:
        newton = newton_bound(objective, point) or bounds[0]
        if isinstance(objective, PassObjective) and objective.loss.dual_reach is not None:
            bounds.append(Bound(point, unpenalised_gap(objective, point), DUALITY))
        return replace(min(*bounds, newton, key=lambda bound: bound.gap), gain=newton.gain)
    if float(point.gradient[:, -1].abs().max()) <= BALANCED * max(1.0, abs(point.value)):
        gap = float((point.gradient[:, :-1].square() / (2 * objective.l2)).sum())
        bounds.append(Bound(point, gap, DUALITY))
    return min(bounds, key=lambda bound: bound.gap)


def newton_bound(objective: Objective, point: Point) -> Bound | None:
    """Newton's decrement at a point and what it proves; None for other losses, or where it costs too much.

    Args:
        objective: in float64, over columns of about unit size; without L1.
        point: where.
    """
    loss = objective.loss
    if not loss.is_self_concordant or not objective.affords_hessian:
        return None
    V = find_span(objective)  # (D + 1, r)
    if not V.shape[1]:
        return Bound(point, 0.0, CURVATURE, 0.0)
    L, failed = torch.linalg.cholesky_ex(restrict_hessian(objective, point, V))
    if int(failed) or _hides(objective, V):
        return Bound(point, math.inf, CONCORDANCE)
    g = (point.gradient @ V).reshape(-1, 1)
    square = SLACK * float(torch.linalg.solve_triangular(L, g, upper=False).square().sum())
    if loss.is_quadratic:
        return Bound(point, square / 2, CURVATURE, square / 2)
    gap = _bound_decrement(math.sqrt(square), SLACK * _reach(objective, V, L))
    return Bound(point, gap, CONCORDANCE, square / 2)


def restrict_hessian(objective: Objective, point: Point, V: Tensor) -> Tensor:
    """The Hessian over directions V (D + 1, r), (K r, K r)."""
    H = torch.einsum("ia,kilj,jb->kalb", V, hessian(objective, point, 0.0), V)
    return H.reshape(H.shape[0] * H.shape[1], -1)


def _bound_decrement(decrement: float, reach: float) -> float:
    """The bound for λ and ρ."""
    u = reach * decrement
    if not u < 1:
        return math.inf
    if u < 1e-4:  # of the series' first terms, where the closed form cancels
        return decrement**2 * (0.5 + u / 6 + u * u / 10)
    return (u + (1 - u) * math.log1p(-u)) / reach**2


def find_span(objective: Objective) -> Tensor:
    """An orthonormal basis of the directions in which rows' scores move, (D + 1, r)."""
    rows = objective.rows
    every = torch.arange(rows.features + int(objective.intercept), device=rows.y.device)
    total = grams(rows, every, rows.counts[None])[0]
    if objective.penalty.l2:
        V = torch.eye(len(every), dtype=total.dtype, device=total.device)
    else:
        values, vectors = torch.linalg.eigh(total)
        V = vectors[:, values > FLAT * len(values) * float(values[-1:].sum())]
    return torch.nn.functional.pad(V, (0, 0, 0, rows.features + 1 - len(every)))


def _hides(objective: Objective, V: Tensor) -> bool:
    """Whether scores move along directions that V (D + 1, r) leaves out: columns all but collinear."""
    rows = objective.rows
    if V.shape[1] == rows.features + int(objective.intercept):
        return False
    left = torch.eye(len(V), dtype=V.dtype, device=V.device) - V @ V.T
    if not objective.intercept:
        left[:, -1] = 0
    farthest = 0.0
    for index in torch.arange(len(rows), device=V.device).split(4096):
        X1 = rows.dense(index)
        farthest = max(farthest, float((X1 @ left).norm(dim=1).max()) / float(X1.norm(dim=1).max()))
    return rows.most(farthest) > HIDDEN


def _reach(objective: Objective, V: Tensor, L: Tensor) -> float:
    """The most that a direction of length 1 in the norm of H moves a row's score; of softmax, two apart."""
    rows, K, r = objective.rows, objective.rows.outputs, V.shape[1]
    inverse = torch.cholesky_inverse(L).view(K, r, K, r).diagonal(dim1=0, dim2=2)  # (r, r, K)
    largest = 0.0
    for index in torch.arange(len(rows), device=V.device).split(4096):
        Z = rows.dense(index) @ V  # (B, r)
        squares = torch.einsum("ia,abk,ib->ik", Z, inverse, Z)
        if rows.weights is not None:
            squares = squares[rows.weights[index] > 0]
        worst = 2 * squares.sum(1) if objective.loss.couples_outputs else squares.amax(1)
        largest = max(largest, float(worst.max()) if len(worst) else 0.0)
    return math.sqrt(rows.most(largest))
