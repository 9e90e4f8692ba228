"""Squared errors of few numbers with an L1 penalty, in numpy alone, to a duality gap.

The rows are put into sums of their products, whose minimum `minimise_quadratic` finds, and the proof is of
the rows. A problem whose sums have lost too many digits for it is left to `ProximalNewton`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linnet.solvers.l1.quadratic import minimise_quadratic
from linnet.solvers.problem.few import LARGEST, Few, Values

FEATURES = 512
"""Up to which the sums of products cost next to nothing."""

ROUNDS = 10
"""Calls of the quadratic, each of which goes a thousandth of the way that was left, at most."""


@dataclass(frozen=True, eq=False)
class Found:
    """The optimum: weights and biases, (K, D + 1), and how far above it the objective may be."""

    theta: Values
    gap: float


def solve_lasso(
    X: Values,
    Y: Values,
    weights: Values | None = None,
    *,
    l1: float,
    l2: float,
    tol: float,
    intercept: bool = True,
) -> Found | None:
    """Minimise Σ_i w_i ½‖ŷ_i − y_i‖² / Σ_i w_i + ½ l2 ‖W‖² + l1 ‖W‖₁ over W and, unpenalised, b.

    Args:
        X: rows, (N, D), finite.
        Y: targets, (N, K), finite.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l1: the penalty, above 0.
        l2: likewise, at least 0.
        tol: the duality gap that may be left, as a share of the objective.
        intercept: whether there is a bias.

    Returns:
        The optimum with exact zeros; None where it is left to `ProximalNewton`.
    """
    few = Few.of(X, weights, intercept=intercept) if X.shape[1] <= FEATURES else None
    if few is None or np.abs(Y).max() > LARGEST:
        return None
    level = Y[0] + few.shares @ (Y - Y[0]) if intercept else np.zeros(Y.shape[1])
    problem = _Problem.of(few, l1, l2)
    answers = [problem.solve(y, tol) for y in (Y - level).T]
    if not all(one.gap <= tol * one.value for one in answers):
        return None
    W = np.stack([one.w for one in answers])
    return Found(few.leave(W, level), sum(one.gap for one in answers))


@dataclass(frozen=True, eq=False)
class _Answer:
    """The weights of a target, (D,), the objective there, and how far above the optimum that may be."""

    w: Values
    value: float
    gap: float


@dataclass(frozen=True, eq=False)
class _Problem:
    """Rows and penalties.

    Args:
        few: the rows.
        H: the products of the columns and L2, (D, D).
        l1: of each weight, (D,).
        l2: likewise.
    """

    few: Few
    H: Values
    l1: Values
    l2: Values

    @classmethod
    def of(cls, few: Few, l1: float, l2: float) -> _Problem:
        """Rows with the penalties of their columns as they stood."""
        penalty = l2 * np.square(few.scale)
        H = (few.Z.T * few.shares) @ few.Z
        H[np.diag_indices_from(H)] += penalty
        return cls(few, H, l1 * few.scale, penalty)

    def solve(self, y: Values, tol: float) -> _Answer:
        """The weights of a target near 0, (N,), and how good they are, to the gap asked for if it can be."""
        pull = self.few.Z.T @ (self.few.shares * y)
        answer = self._prove(y, np.zeros_like(pull))
        for _ in range(ROUNDS):
            if answer.gap <= tol * answer.value:
                break
            answer = self._prove(y, minimise_quadratic(self.H, pull, self.l1, answer.w))
        return answer

    def _prove(self, y: Values, w: Values) -> _Answer:
        """The gap of the rows; the dual point is what is left of y, times what brings slopes within l1."""
        residual = y - self.few.Z @ w
        shared, penalty = self.few.shares * residual, self.l2 * w
        squares = float(shared @ residual) + float(penalty @ w)
        value = squares / 2 + float(self.l1 @ np.abs(w))
        slopes = np.abs(self.few.Z.T @ shared - penalty)
        share = 1 / max(1.0, float((slopes / self.l1).max()))
        return _Answer(w, value, value - share * float(shared @ y) + share**2 * squares / 2)
