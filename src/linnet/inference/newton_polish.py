"""From a solver's model to the optimum to the last digit, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from linnet.core.losses import SoftmaxCrossEntropy
from linnet.errors import UsageError
from linnet.inference.design import Basis
from linnet.inference.likelihood import Classes, Likelihood, prepend
from linnet.inference.limit import Limit, all_apart, factor_with_null, find_limit, mean_diagonal

NEAR, SETTLED = 0.1, 1e-8
"""A model further from the optimum than the first many standard errors is refused; the second is rounding."""

STEPS = 16
"""Newton's steps at most: near an optimum each doubles the digits."""

EXACT_FIT = 1e-10
"""Residuals below this share of the targets are rounding, so distances are not told by them."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model at its optimum, or at that of the limit problem where it has none.

    Args:
        likelihood: of the rows, in the limit.
        gamma: parameters, (J, D + 1), the bias last; those without an optimum are as the solver left them.
        scores: of the rows, (J, N).
        information: the second derivative of the negative log-likelihood over η, (J·r, J·r), without penalty.
        ridge: the penalty's, (J·r, J·r).
        factor: Cholesky's, of the sum of both, held where neither bends.
        limit: what is left where the likelihood has no optimum; None where it has one.
    """

    likelihood: Likelihood
    gamma: Tensor
    scores: Tensor
    information: Tensor
    ridge: Tensor
    factor: Tensor
    limit: Limit | None = None

    @property
    def inverse(self) -> Tensor:
        """Of information and penalty, over the directions that have an optimum, (J·r, J·r)."""
        inverse = torch.cholesky_inverse(self.factor)
        if self.limit is None:
            return inverse
        null = self.limit.null
        return inverse - null @ null.T / mean_diagonal(self.information + self.ridge)


def polish(
    likelihood: Likelihood, basis: Basis, gamma: Tensor, scores: Tensor, ridge: Tensor, pull: Tensor
) -> Fitted:
    """Newton's steps from a model that is near the optimum to it.

    A regression's model is kept as the solver gave it: its residuals were of double-double. Classes that
    are told apart have no optimum; the model then is at that of the limit problem.

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
    start = Fitted(likelihood, gamma, scores, ridge, ridge, ridge)
    if not isinstance(likelihood, Classes) or ridge.any():
        return _newton(start, basis, pull)
    if _is_separated(likelihood, scores):
        return _polish_limit(start, all_apart(likelihood, basis), basis, pull)
    found = _newton(start, basis, pull)
    limit = find_limit(likelihood, basis, found.scores, found.information)
    return found if limit is None else _polish_limit(found, limit, basis, pull)


def _polish_limit(start: Fitted, limit: Limit, basis: Basis, pull: Tensor) -> Fitted:
    """From near the optimum of a limit problem to it."""
    likelihood = Classes(start.likelihood.Y, limit.allowed)
    return _newton(replace(start, likelihood=likelihood, limit=limit), basis, pull, nearest=math.inf)


def _newton(start: Fitted, basis: Basis, pull: Tensor, nearest: float = NEAR) -> Fitted:
    """Newton's steps until the optimum is there, from a model as near to it as `nearest`."""
    likelihood, gamma, scores, ridge = start.likelihood, start.gamma, start.scores, start.ridge
    null = ridge[:, :0] if start.limit is None else start.limit.null
    information = factor = ridge
    for number in range(STEPS):
        information = likelihood.information(scores, basis.Z, basis.w)
        factor = factor_with_null(information, ridge, null)
        gradient = ((likelihood.residual(scores) * basis.w) @ basis.Z).flatten() + pull
        step = -torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        step -= null @ (null.T @ step)
        distance = float((-gradient @ step).clamp_min(0).sqrt()) / _unit(likelihood, basis, scores)
        if number == 0 and not distance <= nearest:
            raise UsageError(
                f"the model is not at the optimum of these rows: about {distance:.2g} standard errors away, "
                f"where inference needs at most {NEAR:g}. Solve it first (linnet solve, or linnet.solve), on "
                "the same rows with the same penalty"
            )
        if likelihood.is_quadratic:
            break
        turned = step.view(likelihood.outputs, -1)
        gamma, scores, pull = gamma + turned @ basis.T.T, scores + turned @ basis.Z.T, pull + ridge @ step
        if distance <= SETTLED:
            break
    return replace(start, gamma=gamma, scores=scores, information=information, factor=factor)


def _is_separated(likelihood: Classes, scores: Tensor) -> bool:
    """Whether every row's class has the highest score, the reference's being 0."""
    targets = prepend(1 - likelihood.Y.sum(0, keepdim=True), likelihood.Y)  # (J + 1, N)
    margins = SoftmaxCrossEntropy().margins(likelihood.full(scores), targets)
    return margins is not None and bool((margins > 0).all())


def _unit(likelihood: Likelihood, basis: Basis, scores: Tensor) -> float:
    """What one standard error is in the Hessian's units: σ for a regression."""
    if not likelihood.is_quadratic:
        return 1.0
    squares = float(likelihood.residual(scores).square() @ basis.w)
    smallest = EXACT_FIT**2 * float(likelihood.Y.square() @ basis.w)
    left = max(1, len(basis.w) - basis.rank)
    return (max(squares, smallest) / left) ** 0.5 or 1.0
