"""Softmax and logistic regression of few numbers, by Newton's method in numpy alone.

The steps are those of `Newton`, and so is where they end. A problem that they do not settle soon is left to
it: without a penalty there need be no optimum, and it tells why.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
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
    penalty = l2 * np.square(few.scale)
    A = np.column_stack([few.Z, np.ones(len(X))]) if intercept else few.Z
    with np.errstate(over="ignore", invalid="ignore"):
        found = _Steps(A, y, outputs, few.shares, np.append(penalty, np.zeros(int(intercept)))).go(tol)
    if found is None:
        return None
    theta, rounds = found
    W, b = (theta[:, :-1], theta[:, -1]) if intercept else (theta, np.zeros(outputs))
    return Found(few.leave(W, b), rounds)


@dataclass(frozen=True, eq=False)
class _Steps:
    """Newton's steps on rows with their ones.

    Args:
        A: (N, P), a column of ones the last where there is a bias.
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

    def go(self, tol: float) -> tuple[Values, int] | None:
        """θ, (K, P), and the steps; None where they do not come to an end."""
        theta = np.zeros((self.outputs, self.A.shape[1]))
        value, p = self._look(theta)
        for rounds in range(1, ROUNDS + 1):
            gradient = ((p - self._truth()) * self.shares[:, None]).T @ self.A + self.penalty * theta
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

    def _truth(self) -> Values:
        """What the probabilities are to be, (N, K)."""
        if self.outputs == 1:
            return self.y[:, None].astype(np.float64)
        return (self.y[:, None] == np.arange(self.outputs)).astype(np.float64)

    def _look(self, theta: Values) -> tuple[float, Values]:
        """The objective, and the probabilities, (N, K)."""
        scores = self.A @ theta.T
        if self.outputs == 1:
            score = scores[:, 0]
            loss = np.logaddexp(0.0, score) - self.y * score
            p = np.exp(-np.logaddexp(0.0, -scores))
        else:
            scores -= scores.max(1, keepdims=True)
            p = np.exp(scores)
            total = p.sum(1, keepdims=True)
            loss = np.log(total[:, 0]) - scores[np.arange(len(scores)), self.y]
            p /= total
        return float(self.shares @ loss + (self.penalty * theta * theta).sum() / 2), p

    def _newton(self, p: Values, gradient: Values) -> Values | None:
        """−H⁻¹ g, (K, P)."""
        lapack: Any = importlib.import_module("scipy.linalg.lapack")
        factor, fault = lapack.dpotrf(self._hessian(p), lower=1, clean=0)
        if fault:
            return None
        step, _ = lapack.dpotrs(factor, -gradient.ravel(), lower=1)
        return step.reshape(gradient.shape)

    def _hessian(self, p: Values) -> Values:
        """Over all parameters, (K·P, K·P).

        What is the same for all classes changes no softmax. No gradient points there, and a curvature of 1
        there keeps each step away from it, however small the penalty.
        """
        A, K, P = self.A, self.outputs, self.A.shape[1]
        weight = p * self.shares[:, None]
        if K == 1:
            H = (A * (weight * (1 - p))).T @ A
        else:
            spread = (np.sqrt(self.shares)[:, None, None] * p[:, :, None] * A[:, None, :]).reshape(
                len(A), K * P
            )
            H = -(spread.T @ spread)
            for k in range(K):
                H[k * P : (k + 1) * P, k * P : (k + 1) * P] += (A * weight[:, k, None]).T @ A
            H.reshape(K, P, K, P)[:, range(P), :, range(P)] += 1 / K
        H[np.diag_indices_from(H)] += np.tile(self.penalty, K)
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
