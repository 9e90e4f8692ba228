"""`newton_bound`: how far above its optimum an objective can be, by its curvature, with a penalty or not.

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
from typing import NamedTuple

import torch
from torch import Tensor

from linnet.solvers.problem.curvature import grams
from linnet.solvers.problem.hessian import hessian
from linnet.solvers.problem.objective import Objective, Point

CURVATURE, CONCORDANCE = "curvature", "self-concordance"

PARAMETERS, WORK = 1000, 2e10
"""Parameters, and N·parameters² operations, up to which a Hessian is made for a proof."""

FLAT = 1e-13
"""The share of the columns' largest second moment below which a direction moves no score but by rounding."""

HIDDEN = 1e-10
"""The share of a row's length by which directions that were left out may move its score, by rounding."""

SLACK = 1.001
"""What rounding of the Hessian may be of λ² and of ρ."""


class Decrement(NamedTuple):
    """½λ², what a Newton step would gain; the bound that follows, infinite where none does; its name."""

    gain: float
    bound: float
    name: str


def newton_bound(objective: Objective, point: Point) -> Decrement | None:
    """Newton's decrement at a point and what it proves; None for other losses, or where it costs too much.

    Args:
        objective: in float64, over columns of about unit size; without L1.
        point: where.
    """
    rows, loss = objective.rows, objective.loss
    parameters = rows.outputs * (rows.features + 1)
    is_cheap = parameters <= PARAMETERS and len(rows) * parameters**2 <= WORK
    if not is_cheap or not loss.is_self_concordant:
        return None
    V = span(objective)  # (D + 1, r)
    if not V.shape[1]:
        return Decrement(0.0, 0.0, CURVATURE)
    if _hides(objective, V):
        return Decrement(math.nan, math.inf, CONCORDANCE)
    H = restricted(objective, point, V)
    g = (point.gradient @ V).reshape(-1, 1)
    L, failed = torch.linalg.cholesky_ex(H)
    if int(failed):
        return Decrement(math.nan, math.inf, CONCORDANCE)
    root = torch.linalg.solve_triangular(L, g, upper=False)
    square = SLACK * float(root.square().sum())
    if loss.is_quadratic:
        return Decrement(square / 2, square / 2, CURVATURE)
    return Decrement(square / 2, _proven(math.sqrt(square), SLACK * _reach(objective, V, L)), CONCORDANCE)


def restricted(objective: Objective, point: Point, V: Tensor) -> Tensor:
    """The Hessian over directions V (D + 1, r), (K r, K r)."""
    H = torch.einsum("ia,kilj,jb->kalb", V, hessian(objective, point, 0.0), V)
    return H.reshape(H.shape[0] * H.shape[1], -1)


def _proven(decrement: float, reach: float) -> float:
    """The bound for λ and ρ."""
    u = reach * decrement
    if not u < 1:
        return math.inf
    if u < 1e-4:  # of the series' first terms, where the closed form cancels
        return decrement**2 * (0.5 + u / 6 + u * u / 10)
    return (u + (1 - u) * math.log1p(-u)) / reach**2


def span(objective: Objective) -> Tensor:
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
    for index in torch.arange(len(rows), device=V.device).split(4096):
        X1 = rows.dense(index)
        if float((X1 @ left).norm(dim=1).max()) > HIDDEN * float(X1.norm(dim=1).max()):
            return True
    return False


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
    return math.sqrt(largest)
