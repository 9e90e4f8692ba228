"""Products between some columns of sparse rows, for Hessians, without dense columns where few numbers meet.

Columns are s_ij − o_j of stored numbers s and what is taken off each column, o; that of ones is 0 − (−1). So

    Σ_i c_i (s_i − o)(s_i − o)ᵀ = SᵀCS − o (Sᵀc)ᵀ − (Sᵀc) oᵀ + (Σ_i c_i) o oᵀ,

whose first part meets only what is stored. Softmax's are alike, with the classes' probabilities in S.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Values = NDArray[np.float64]

DENSER = 100
"""How many products of dense numbers take the time of one of stored ones."""


@dataclass(frozen=True, eq=False)
class SparseColumns:
    """Some columns of some rows.

    Args:
        S: what is stored of them, scipy's CSR, (B, P), float64.
        offset: o, (P,).
    """

    S: Any
    offset: Values

    @property
    def is_worth_it(self) -> bool:
        """Whether so few numbers of a row meet that the products are quicker than those of dense columns."""
        held = np.diff(self.S.indptr).astype(float)
        return DENSER * float(held @ held) < self.S.shape[0] * float(self.S.shape[1]) ** 2

    def gram(self, c: Values) -> Values:
        """Σ_i c_i x_i x_iᵀ, (P, P), of c (B,)."""
        crossed = np.outer(self.offset, self.S.T @ c)
        return _meet(self._scaled(c), self.S) - crossed - crossed.T + c.sum() * _outer(self.offset)

    def softmax_gram(self, p: Values, weights: Values, of: NDArray[np.intp]) -> Values:
        """Σ_i ω_i S_i ⊗ x_i x_iᵀ on coordinates, (P, P), with S_i = diag(p_i) − p_i p_iᵀ.

        Args:
            p: probabilities, (K, B).
            weights: ω, (B,).
            of: the class that each column stands here for, (P,), in order.
        """
        own = self.S.tocoo()
        lifted = sparse.csr_matrix((own.data * p[of[own.col], own.row], (own.row, own.col)), own.shape)
        o, spread = self.offset, (p * weights) @ p.T  # (K, K)
        crossed = (lifted.T @ (p * weights).T)[:, of] * o  # (P, P)
        held = SparseColumns(lifted, o)
        H = crossed + crossed.T - _meet(held._scaled(weights), lifted) - spread[np.ix_(of, of)] * _outer(o)
        bounds = np.searchsorted(of, np.arange(len(p) + 1))
        byS = self.S.tocsc()
        for k, (first, last) in enumerate(pairwise(bounds)):
            here = slice(int(first), int(last))
            H[here, here] += SparseColumns(byS[:, here].tocsr(), o[here]).gram(weights * p[k])
        return H

    def _scaled(self, c: Values) -> Any:
        """diag(c) S."""
        S = self.S
        return sparse.csr_matrix((S.data * c.repeat(np.diff(S.indptr)), S.indices, S.indptr), S.shape)


def _meet(left: Any, right: Any) -> Values:
    """The products of all columns of the one with all of the other, (P, P)."""
    return (left.T.tocsr() @ right).toarray()


def _outer(o: Values) -> Values:
    return np.outer(o, o)
