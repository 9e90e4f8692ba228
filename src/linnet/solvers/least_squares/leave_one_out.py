"""Least squares judged by each row in turn: the errors of models of all other rows, without making them.

With H the hat matrix of all rows, ŷ = H y, the model of all rows but i errs there by (y_i − ŷ_i)/(1 − H_ii)
(Allen 1974, "The relationship between variable selection and data augmentation and a method for
prediction"). One factorisation gives H for all penalties.
"""

from __future__ import annotations

import numpy as np

from linnet.solvers.problem.few import LARGEST, Values

SQUARED = 1e-6
"""Penalties below this share of the largest squared singular value are not told by squares: by the SVD."""

SHORTEST = 1e-9
"""A column shorter than this share of the longest has too few digits left among singular values."""

LEAST = 1e-6
"""A row of which less than this is left by the others is left to models of the others."""


def leave_one_out(
    X: Values, Y: Values, weights: Values | None, l2s: Values, *, intercept: bool = True
) -> Values | None:
    """½ Σ_k (ŷ_k − y_k)² at each row, ŷ of the model that minimises the mean loss of all other rows.

    The penalty is ½ l2 ‖W‖² beside that mean, as it is of all rows.

    Args:
        X: rows, (N, D).
        Y: targets, (N, K).
        weights: of the rows, (N,), positive; None for 1.
        l2s: the penalties, (P,).
        intercept: whether there is a bias.

    Returns:
        The errors, (P, N); None where rounding hides them, for one row alone says what no other does.
    """
    if len(X) < 2 or not X.shape[1] or not max(np.abs(X).max(), np.abs(Y).max()) <= LARGEST:
        return None
    total = float(len(X) if weights is None else weights.sum())
    factored = _factor(X, Y, weights, float(l2s.min()) * total, intercept=intercept)
    if factored is None:
        return None
    L, T, values = factored
    pulled = L.T @ T  # (r, K)
    share = np.full(len(X), 1 / total) if weights is None else weights / total
    own, fitted = np.empty((len(X), len(l2s))), np.empty((Y.shape[1], len(X), len(l2s)))
    if weights is None:
        inverse = 1 / (values[:, None] + l2s * (total - 1))  # (r, P)
        np.matmul(L * L, inverse, out=own)
        for k, one in enumerate(pulled.T):
            np.matmul(L, inverse * one[:, None], out=fitted[k])
    else:  # each row leaves others of another weight, and so another penalty
        for place, l2 in enumerate(l2s):
            part = L / (values + (l2 * (total - weights))[:, None])  # (N, r)
            own[:, place], fitted[:, :, place] = (L * part).sum(1), (part @ pulled).T
    left = (1 - share * intercept)[:, None] - own  # (N, P)
    if not left.min() >= LEAST:
        return None
    errors = np.square((T.T[:, :, None] - fitted) / left).sum(0) / 2  # (N, P)
    return (errors if weights is None else errors / weights[:, None]).T


def _factor(
    X: Values, Y: Values, w: Values | None, penalty: float, *, intercept: bool
) -> tuple[Values, Values, Values] | None:
    """L (N, r) with L Lᵀ = Z Zᵀ and LᵀL = diag(values), and T: Z and T are √w times the centred X and Y.

    None where columns are so short beside others that singular values do not tell them.
    """
    if intercept:
        X, Y = X - np.average(X, 0, w), Y - np.average(Y, 0, w)
    if w is not None:
        root = np.sqrt(w)[:, None]
        X, Y = X * root, Y * root
    is_wide = X.shape[1] > len(X)
    values, vectors = np.linalg.eigh(X @ X.T if is_wide else X.T @ X)
    if penalty > SQUARED * values[-1]:
        return (vectors * np.sqrt(values.clip(0)) if is_wide else X @ vectors), Y, values.clip(0)
    lengths = np.sqrt(np.einsum("ij,ij->j", X, X))
    if lengths.any() and lengths[lengths > 0].min() < SHORTEST * lengths.max():
        return None
    U, sizes, _ = np.linalg.svd(X, full_matrices=False)
    kept = sizes > np.finfo(np.float64).eps * max(X.shape) * sizes[:1]
    return U[:, kept] * sizes[kept], Y, sizes[kept] ** 2
