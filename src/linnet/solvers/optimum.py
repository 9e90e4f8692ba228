"""From a solver's model to the optimum to the last digit, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.solvers.basis import Basis
from linnet.solvers.kronecker import factor as factored
from linnet.solvers.likelihoods import Likelihood

NEAR, SETTLED = 0.1, 1e-8
"""A model further from the optimum than the first many standard errors is refused; the second is rounding."""

STEPS = 12
"""Newton's steps at most: near an optimum each doubles the digits."""

RUNS = 0.1
"""A step that is no matter for the likelihood, yet moves scores by this much, runs to infinity."""

FLAT, WHOLE = 1e4, 2000
"""A direction in which scores have such a standard error is endless; looked for in so many parameters."""

TAKES_PART = 1e-3
"""A parameter that moves scores by this share of what the whole direction does takes part in it."""

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
        return Fitted(gamma, scores, information, ridge, factored(information), ~running, ~separated)
    information = factor = step = torch.empty(0)
    for number in range(STEPS):
        information = likelihood.information(scores, Z, basis.w)
        factor = factored(information + ridge)
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
    if not ridge.any() and len(ways := _endless(information, basis, step)):
        running, separated = _running(basis, ways, J), _apart(basis, ways, J)
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


def _endless(information: Tensor, basis: Basis, step: Tensor) -> Tensor:
    """Directions of η in which the likelihood rises for ever, (n, J·r), each moving a score by 1.

    There the rows' probabilities come to 0 and 1. Newton's steps go on by about 1 however little it matters;
    and once rounding ends these, the curvature is nothing.

    Args:
        information: at the last point, (J·r, J·r).
        basis: r columns.
        step: Newton's last, (J·r,).
    """
    found = step[None][_reach(basis, step[None]) > RUNS]
    if len(information) <= WHOLE:
        values, vectors = torch.linalg.eigh(information)
        typical = float(basis.Z.square().mean())  # of a direction's scores squared
        found = torch.cat([found, vectors.T[values * FLAT**2 < typical]])
    return found / _reach(basis, found)[:, None] if len(found) else found


def _reach(basis: Basis, ways: Tensor) -> Tensor:
    """The most that directions (n, J·r) move a score, (n,)."""
    return (ways.view(len(ways), -1, basis.rank) @ basis.Z.T).abs().amax((1, 2))


def _running(basis: Basis, ways: Tensor, J: int) -> Tensor:
    """Parameters that take part in endless directions, (J, D + 1)."""
    pinned = torch.linalg.pinv(basis.T)  # (r, D + 1): the columns as far as the basis has them are Z pinned
    size = (basis.Z @ pinned).square().mean(0).sqrt()
    return (ways.view(-1, J, basis.rank) @ basis.T.T).abs().amax(0) * size > TAKES_PART


def _apart(basis: Basis, ways: Tensor, J: int) -> Tensor:
    """Classes whose scores move against most others' in endless directions, (J + 1,)."""
    moved = ways.view(-1, J, basis.rank) @ basis.Z.T  # (n, J, N)
    full = torch.cat([torch.zeros_like(moved[:, :1]), moved], 1)
    middle = full.quantile(0.5, 1, keepdim=True)
    return (full - middle).abs().amax((0, 2)) > 0.25


def _far(distance: float) -> str:
    return (
        f"the model is not at the optimum of these rows: about {distance:.2g} standard errors away, where "
        f"inference needs at most {NEAR:g}. Solve it first (linnet solve, or linnet.solvers), on the same "
        "rows with the same penalty"
    )
