"""Softmax and logistic regression of few numbers, by Newton's method in numpy alone.

The steps are those of `Newton`, and so is where they end. A problem that they do not settle soon is left to
it: without a penalty there need be no optimum, and it tells why.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.solvers.problem.few import Few, Values

PARAMETERS = 256
"""K·(D + 1) up to which the Hessian costs next to nothing."""

ROUNDS, HALVINGS = 30, 30
"""Newton steps, and how often one is halved."""

ARMIJO = 1e-4

FINE = 1e-12
"""The gain that Newton's method leaves where nothing else was asked, as a share of the objective."""


@dataclass(frozen=True, eq=False)
class Found:
    """The optimum: weights and biases, (K, D + 1), K being 1 for two classes, and the steps it took."""

    theta: Values
    rounds: int


def solve_classes(
    X: Values,
    y: NDArray[np.int64],
    classes: int,
    weights: Values | None = None,
    *,
    l2: float,
    tol: float,
    intercept: bool = True,
) -> Found | None:
    """Minimise Σ_i w_i l(o_i, y_i) / Σ_i w_i + ½ l2 ‖W‖², l the cross-entropy, over W and, unpenalised, b.

    Args:
        X: rows, (N, D), finite.
        y: the number of each row's class, (N,).
        classes: K. Of 2 there is one row of weights: by how much the second is ahead.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l2: the penalty, of that one row for two classes.
        tol: the gain that may be left, as a share of the objective.
        intercept: whether there is a bias.

    Returns:
        The optimum; None where it is left to `Newton`.
    """
    outputs = 1 if classes == 2 else classes
    if l2 <= 0 or outputs * (X.shape[1] + 1) > PARAMETERS:
        return None
    few = Few.of(X, weights, intercept=intercept)
    if few is None:
        return None
    A, penalty = _with_ones(few, intercept)
    with np.errstate(over="ignore", invalid="ignore"):
        found = _Steps(A, y, outputs, few.shares, l2 * penalty).go(tol)
    if found is None:
        return None
    theta, rounds = found
    return Found(_leave(few, theta, intercept), rounds)


def solve_class_folds(
    X: Values,
    y: NDArray[np.int64],
    classes: int,
    views: Values,
    l2s: Sequence[float],
    *,
    tol: float,
    intercept: bool = True,
) -> Values | None:
    """The optimum of `solve_classes` for every penalty on every fold, (F, P, K, D + 1).

    All rows go down the penalties first. A fold's optimum is near that of all rows with the same penalty, and
    is some steps from there.

    Args:
        X: rows, (N, D), finite.
        y: the number of each row's class, (N,).
        classes: as of `solve_classes`.
        views: how much each row counts in each fold, (F, N).
        l2s: P penalties.
        tol: the gain that may be left, as a share of the objective.
        intercept: whether there is a bias.

    Returns:
        The optima; None where one is left to `Newton`, as that of a fold which lacks a class is.
    """
    outputs = 1 if classes == 2 else classes
    if (
        min(l2s) <= 0
        or outputs * (X.shape[1] + 1) > PARAMETERS
        or not all(len(np.unique(y[view > 0])) == classes for view in views)
    ):
        return None
    few = Few.of(X, views.sum(0), intercept=intercept)
    if few is None:
        return None
    A, penalty = _with_ones(few, intercept)
    order, found = np.argsort(l2s)[::-1].tolist(), np.empty((len(views), len(l2s), outputs, X.shape[1] + 1))
    starts: dict[int, Values] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        theta = None
        for place in order:
            one = _Steps(A, y, outputs, few.shares, l2s[place] * penalty).go(tol, theta)
            if one is None:
                return None
            theta = starts[place] = one[0]
        for fold, view in enumerate(views):
            kept = view > 0
            own = A[:, kept], y[kept], outputs, view[kept] / view.sum()
            for place in order:
                one = _Steps(*own, l2s[place] * penalty).go(tol, starts[place])
                if one is None:
                    return None
                found[fold, place] = _leave(few, one[0], intercept)
    return found


def _with_ones(few: Few, intercept: bool) -> tuple[Values, Values]:
    """Columns, and ones where there is a bias, (P, N), and what l2 comes to of each, (P,)."""
    penalty = np.square(few.scale)
    if not intercept:
        return few.Z.T, penalty
    return np.vstack([few.Z.T, np.ones(len(few.Z))]), np.append(penalty, 0.0)


def _leave(few: Few, theta: Values, intercept: bool) -> Values:
    """Parameters (K, P) as those of the rows as they stood, (K, D + 1)."""
    W, b = (theta[:, :-1], theta[:, -1]) if intercept else (theta, np.zeros(len(theta)))
    return few.leave(W, b)


@dataclass(frozen=True, eq=False)
class _Steps:
    """Newton's steps on rows with their ones, one column after another: numpy's loops are long along rows.

    Args:
        A: (P, N), ones the last where there is a bias.
        y: classes, (N,).
        outputs: K, or 1 for two classes.
        shares: of the rows, (N,).
        penalty: of each column's weight, (P,).
    """

    A: Values
    y: NDArray[np.int64]
    outputs: int
    shares: Values
    penalty: Values

    def go(self, tol: float, start: Values | None = None) -> tuple[Values, int] | None:
        """θ, (K, P), and the steps from a start or from 0; None where they do not come to an end."""
        theta = np.zeros((self.outputs, len(self.A))) if start is None else start
        truth = self.y[None] if self.outputs == 1 else self.y == np.arange(self.outputs)[:, None]  # (K, N)
        value, p = self._look(theta)
        for rounds in range(1, ROUNDS + 1):
            gradient = ((p - truth) * self.shares) @ self.A.T + self.penalty * theta
            step = self._newton(p, gradient)
            if step is None:
                return None
            slope = float((step * gradient).sum())
            if -slope <= 2 * tol * value:
                return theta + step, rounds
            following = self._search(theta, step, value, slope)
            if following is None:
                return None
            theta, value, p = following
        return None

    def _look(self, theta: Values) -> tuple[float, Values]:
        """The objective, and the probabilities, (K, N)."""
        scores = theta @ self.A
        if self.outputs == 1:
            loss = np.logaddexp(0.0, scores[0]) - self.y * scores[0]
            p = np.exp(-np.logaddexp(0.0, -scores))
        else:
            scores -= scores.max(0)
            p = np.exp(scores)
            total = p.sum(0)
            loss = np.log(total) - scores[self.y, np.arange(len(self.y))]
            p /= total
        return float(self.shares @ loss + (self.penalty * theta * theta).sum() / 2), p

    def _newton(self, p: Values, gradient: Values) -> Values | None:
        """−H⁻¹ g, (K, P)."""
        factor, fault = _lapack().dpotrf(self._hessian(p), lower=1, clean=0)
        if fault:
            return None
        step, _ = _lapack().dpotrs(factor, -gradient.ravel(), lower=1)
        return step.reshape(gradient.shape)

    def _hessian(self, p: Values) -> Values:
        """Over all parameters, (K·P, K·P).

        What is the same for all classes changes no softmax. No gradient points there, and a curvature of 1
        there keeps each step away from it, however small the penalty.
        """
        A, K, P = self.A, self.outputs, len(self.A)
        weight = p * self.shares
        if K == 1:
            H = (A * (weight * (1 - p))) @ A.T
        else:
            spread = ((np.sqrt(self.shares) * p)[:, None] * A).reshape(K * P, -1)
            H = -(spread @ spread.T)
            parts = H.reshape(K, P, K, P)
            for k in range(K):
                parts[k, :, k] += (A * weight[k]) @ A.T
            for j in range(P):
                parts[:, j, :, j] += 1 / K
        H.ravel()[:: K * P + 1].reshape(K, P)[...] += self.penalty
        return H

    def _search(
        self, theta: Values, step: Values, value: float, slope: float
    ) -> tuple[Values, float, Values] | None:
        """As much of the step as lowers the objective, by halves."""
        size = 1.0
        for _ in range(HALVINGS):
            following = theta + size * step
            found, p = self._look(following)
            if found <= value + ARMIJO * size * slope:
                return following, found, p
            size /= 2
        return None


@cache
def _lapack() -> Any:
    return importlib.import_module("scipy.linalg.lapack")
