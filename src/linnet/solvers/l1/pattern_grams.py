"""`PatternGrams`: Hessians of many weightings of the same sparse rows, from products that are made once.

Folds weigh rows in a few ways: a row counts in all of them but one. The rows of one such pattern q have
products G_q = Σ_i c_i x_i x_iᵀ between the columns of a working set, and the Hessian of a weighting that
counts them v_q times is Σ_q v_q G_q. So those of all folds cost as much as that of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Values = NDArray[np.float64]

DENSER = 170
"""How many products of dense float32 take the time of one of stored numbers."""

BLOCK = 2048
"""Rows that become dense at once."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """The Hessian of one weighting.

    Args:
        H: of the weights at the best bias for them, or at none, (P, P).
        sums: Σ_i v_i c_i x_i, (P,).
        total: Σ_i v_i c_i.
    """

    H: Values
    sums: Values
    total: float


class PatternGrams:
    """The products between the columns of a working set, by patterns of rows.

    Args:
        XT: the columns, scipy's CSR, (D, N), the rows of each pattern next to each other.
        borders: where patterns begin, and N, (Q + 1,).
    """

    def __init__(self, XT: Any, borders: NDArray[np.intp]) -> None:
        self._XT, self._borders = XT, borders
        self.renew_(np.zeros(0, dtype=np.intp), np.zeros(XT.shape[1]))

    def renew_(self, features: NDArray[np.intp], curvature: Values) -> None:
        """Make all anew, for some columns (P,) and weights of the rows (N,)."""
        patterns = len(self._borders) - 1
        self._curvature, self.features = curvature, np.zeros(0, dtype=np.intp)
        self.X = sparse.csr_matrix((len(curvature), 0))
        self._grams, self._sums = np.zeros((patterns, 0, 0)), np.zeros((patterns, 0))
        self._totals = np.add.reduceat(curvature, self._borders[:-1])
        self._weighed = dict[int, Weighed]()
        self.add_(features)

    def add_(self, features: NDArray[np.intp]) -> None:
        """Take in columns that are not there yet."""
        if not len(features):
            return
        before = len(self.features)
        self.features = np.concatenate([self.features, features])
        self.X = self._XT[self.features].T.tocsr()  # (N, P)
        grams = np.zeros((len(self._sums), len(self.features), len(self.features)))
        grams[:, :before, :before] = self._grams
        self._grams = grams
        meet = _meet_dense if self._is_dense(len(features)) else _meet_sparse
        for gram, (start, end) in zip(grams, pairwise(self._borders), strict=True):
            crossed = meet(self.X[start:end], self._curvature[start:end], before)
            gram[before:], gram[:, before:] = crossed, crossed.T
        sums = [
            self.X[start:end, before:].T @ self._curvature[start:end]
            for start, end in pairwise(self._borders)
        ]
        self._sums = np.concatenate([self._sums, np.stack(sums)], 1)
        self._weighed = {}

    def weigh(self, model: int, v: Values, l2: float, *, intercept: bool) -> Weighed:
        """The Hessian of a weighting v, (Q,), kept by its model's number until columns change."""
        if model not in self._weighed:
            H, h, d = np.tensordot(v, self._grams, 1), v @ self._sums, float(v @ self._totals)
            if intercept:
                H -= np.outer(h, h / d)
            H[np.diag_indices(len(H))] += l2
            self._weighed[model] = Weighed(H, h, d)
        return self._weighed[model]

    def _is_dense(self, new: int) -> bool:
        """Whether so many numbers of a row meet that products of dense columns are quicker."""
        N, P = len(self._curvature), len(self.features)
        return DENSER * self.X.nnz**2 * (new / P) > float(N) ** 2 * P * new


def _meet_sparse(X: Any, c: Values, first: int) -> Values:
    """Σ_i c_i x_i x_iᵀ, of columns from `first` on with all, (P − first, P)."""
    scaled = sparse.csr_matrix((X.data * c.repeat(np.diff(X.indptr)), X.indices, X.indptr), X.shape)
    return (scaled[:, first:].T.tocsr() @ X).toarray()


def _meet_dense(X: Any, c: Values, first: int) -> Values:
    """The same by products of dense float32, which the quadratic model of a step needs no finer."""
    total = np.zeros((X.shape[1] - first, X.shape[1]))
    for start in range(0, X.shape[0], BLOCK):
        block = X[start : start + BLOCK].astype(np.float32).toarray()
        total += (block[:, first:] * c[start : start + BLOCK, None].astype(np.float32)).T @ block
    return total
