"""From a solver's model to the optimum to the last digit, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.solvers.basis import Basis
from linnet.solvers.likelihoods import Likelihood

NEAR, SETTLED = 0.1, 1e-8
"""A model further from the optimum than the first many standard errors is refused; the second is rounding."""

STEPS = 12
"""Newton's steps at most: near an optimum each doubles the digits."""

RUNS = 0.1
"""A step that is no matter for the likelihood, yet moves scores by this much, runs to infinity."""

EXACT_FIT = 1e-10
"""Residuals below this share of the targets are rounding, so distances are not told by them."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model at its optimum.

    Args:
        gamma: parameters, (J, D + 1), the bias last.
        scores: of the rows, (J, N).
        information: the second derivative of the negative log-likelihood over η, (J·r, J·r), without penalty.
        ridge: the penalty's, (J·r, J·r).
        factor: Cholesky's, of the sum of both.
        running: which parameters have no optimum, (J, D + 1).
        separated: which classes these tell apart, the reference first, (J + 1,).
    """

    gamma: Tensor
    scores: Tensor
    information: Tensor
    ridge: Tensor
    factor: Tensor
    running: Tensor
    separated: Tensor


def at_optimum(
    likelihood: Likelihood, basis: Basis, gamma: Tensor, scores: Tensor, ridge: Tensor, pull: Tensor
) -> Fitted:
    """Newton's steps from a model that is near the optimum to it.

    A regression's model is kept as the solver gave it: its residuals were of doubled precision.

    Args:
        likelihood: of the rows.
        basis: r columns.
        gamma: (J, D + 1).
        scores: of gamma, (J, N).
        ridge: the penalty's second derivative over η, (J·r, J·r).
        pull: its derivative at gamma, (J·r,).

    Raises:
        UsageError: the model is not near the optimum.
    """
    J, Z = likelihood.outputs, basis.Z
    running = torch.zeros(J, basis.T.shape[0], dtype=torch.bool)
    separated = torch.zeros(J + 1, dtype=torch.bool)
    if not likelihood.is_quadratic and not ridge.any() and is_apart(likelihood.Y, scores):
        information = likelihood.information(scores, Z, basis.w)
        return Fitted(gamma, scores, information, ridge, _factor(information), ~running, ~separated)
    moved, change = torch.zeros_like(scores), torch.zeros_like(gamma)
    information = factor = torch.empty(0)
    for number in range(STEPS):
        information = likelihood.information(scores, Z, basis.w)
        factor = _factor(information + ridge)
        gradient = ((likelihood.residual(scores) * basis.w) @ Z).flatten() + pull
        step = -torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        distance = float((-gradient @ step).clamp_min(0).sqrt()) / _unit(likelihood, basis, scores)
        if number == 0 and not distance <= NEAR:
            raise UsageError(_far(distance))
        if likelihood.is_quadratic:
            return Fitted(gamma, scores, information, ridge, factor, running, separated)
        turned = step.view(J, -1)
        moved, change = turned @ Z.T, turned @ basis.T.T
        gamma, scores, pull = gamma + change, scores + moved, pull + ridge @ step
        if distance <= SETTLED:
            break
    if not ridge.any() and float(moved.abs().max()) > RUNS:
        running, separated = _running(basis, change), _apart(moved)
    return Fitted(gamma, scores, information, ridge, factor, running, separated)


def is_apart(Y: Tensor, scores: Tensor) -> bool:
    """Whether every row's class, (J, N) of 0 and 1, has the highest score, the reference's being 0."""
    full = torch.cat([torch.zeros_like(scores[:1]), scores])
    own = torch.cat([1 - Y.sum(0, keepdim=True), Y])
    if not bool(((own == 0) | (own == 1)).all()):
        return False
    ours = full.masked_fill(own == 0, -torch.inf).amax(0)
    return bool((ours > full.masked_fill(own == 1, -torch.inf).amax(0)).all())


def _unit(likelihood: Likelihood, basis: Basis, scores: Tensor) -> float:
    """What one standard error is in the Hessian's units: σ for a regression."""
    if not likelihood.is_quadratic:
        return 1.0
    squares = float(likelihood.residual(scores).square() @ basis.w)
    smallest = EXACT_FIT**2 * float(likelihood.Y.square() @ basis.w)
    left = max(1, len(basis.w) - basis.rank)
    return (max(squares, smallest) / left) ** 0.5 or 1.0


def _factor(H: Tensor) -> Tensor:
    """Cholesky's factor; where rounding leaves no positive matrix, of one that is hardly larger."""
    L, failed = torch.linalg.cholesky_ex(H)
    more = 1e-15 * float(H.diagonal().max())
    while int(failed):
        L, failed = torch.linalg.cholesky_ex(H + more * torch.eye(len(H), dtype=H.dtype))
        more = max(10 * more, 1e-300)
    return L


def _running(basis: Basis, change: Tensor) -> Tensor:
    """Parameters whose last step moved scores, (J, D + 1)."""
    pinned = torch.linalg.lstsq(basis.T, torch.eye(len(basis.T), dtype=basis.T.dtype)).solution  # (r, D + 1)
    columns = basis.Z @ pinned  # (N, D + 1), the features as far as the basis has them
    return change.abs() * columns.square().mean(0).sqrt() > RUNS / 100


def _apart(moved: Tensor) -> Tensor:
    """Classes whose scores move against most others', (J + 1,)."""
    full = torch.cat([torch.zeros_like(moved[:1]), moved])
    middle = full.quantile(0.5, 0, keepdim=True)
    return (full - middle).abs().amax(1) > RUNS / 2


def _far(distance: float) -> str:
    return (
        f"the model is not at the optimum of these rows: about {distance:.2g} standard errors away, where "
        f"inference needs at most {NEAR:g}. Solve it first (linnet solve, or linnet.solvers), on the same "
        "rows with the same penalty"
    )
