"""`solve_dual`: least squares of more columns than rows, by the products of the rows with each other.

The optimum lies in the span of the rows, W = αᵀ A, so that N numbers an output are looked for and not D:

    (A Aᵀ + l2 I) α = T,   A and T being the rows and targets, centred, times the roots of their shares

(Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual variables", 1998). Without a
penalty W is the shortest of all that fit, for nothing of it is outside the span.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.solvers.problem.error_free import above
from linnet.solvers.problem.few import LARGEST, Values

SOUND = 1e-6
"""The reciprocal of the condition number of A Aᵀ + l2 I, below which the singular value decomposition tells
more: its square root is that of the rows."""

ROUNDS = 6
"""Corrections at most; one or two bring α to rounding."""


@dataclass(frozen=True, eq=False)
class DualFound:
    """The optimum.

    Args:
        theta: weights and biases, (K, D + 1).
        means: of the columns, (D,), by the rows' shares; 0 without a bias.
        rounds: corrections that were made.
    """

    theta: Values
    means: Values
    rounds: int


def solve_dual(
    X: Values, Y: Values, weights: Values | None = None, *, l2: float = 0.0, intercept: bool = True
) -> DualFound | None:
    """Minimise Σ_i w_i ½‖ŷ_i − y_i‖² / Σ_i w_i + ½ l2 ‖W‖² over W and, unpenalised, b.

    Args:
        X: rows, (N, D), float64, fewer than columns.
        Y: targets, (N, K), float64.
        weights: of the rows, (N,), at least 0, not all 0; None for 1.
        l2: the penalty.
        intercept: whether there is a bias; it is 0 otherwise.

    Returns:
        The optimum; None where rows are so nearly combinations of others that it is left to the SVD.
    """
    if not max(np.abs(X).max(), np.abs(Y).max()) <= LARGEST:
        return None
    if weights is not None and not weights.all():
        kept = weights > 0
        X, Y, weights = X[kept], Y[kept], weights[kept]
    shares = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
    means, level = (shares @ X, shares @ Y) if intercept else (np.zeros(X.shape[1]), np.zeros(Y.shape[1]))
    root = np.sqrt(shares)[:, None]
    A = X - means
    A *= root
    T = root * (Y - level)
    # Powers of two lose nothing, and keep the squares of tiny and huge numbers from ending in 0 and infinity.
    unit, height = above(A), above(T)
    A /= unit
    T /= height
    l2 = l2 / unit / unit
    found = _solve(A, T, l2, root[:, 0] if intercept else None) if math.isfinite(l2) else None
    if found is None:
        return None
    alpha, rounds = found
    W = (alpha.T @ A) * (height / unit)  # (K, D)
    b = level - W @ means if intercept else level
    return DualFound(np.column_stack([W, b]), means, rounds)


def _solve(A: Values, T: Values, l2: float, root: Values | None) -> tuple[Values, int] | None:
    """α, (N, K), and the corrections made; of centred rows `root`ᵀ A is 0, and so is `root`ᵀ α."""
    lapack: Any = importlib.import_module("scipy.linalg.lapack")
    G = A @ A.T
    diagonal = np.einsum("ii->i", G)
    size = float(diagonal.mean())
    diagonal += l2
    if root is not None:
        G += (size or 1.0) * np.outer(root, root)
    norm = float(np.abs(G).sum(0).max())
    factor, fault = lapack.dpotrf(G, lower=1, clean=0)
    if fault or not lapack.dpocon(factor, norm, uplo="L")[0] >= SOUND:
        return None
    alpha, before, rounds = np.zeros_like(T), np.inf, 0
    while rounds < ROUNDS:
        step, _ = lapack.dpotrs(factor, T - A @ (A.T @ alpha) - l2 * alpha, lower=1)
        now = float(np.linalg.norm(step))
        if not now < before / 2:  # rounding allows no more
            break
        alpha, before, rounds = alpha + step, now, rounds + 1
    return alpha, rounds
