"""`factor_shortest`: the factor of the shortest least-squares weights, of columns of any lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from linnet.solvers.least_squares.design import Design, Factor, factor_of, tolerance
from linnet.solvers.problem.few import Values


def factor_shortest(design: Design) -> Factor:
    """Two QRs: of the scaled columns, which tells the rank, and of the shortest weights that span it.

    The columns as they stand are A S⁻¹, A of about unit length and S the scale. With A = Q (Qᵀ A), of rank r,
    the shortest weights are B⁺ Qᵀ y, B = Qᵀ A S⁻¹ (r, D). Bᵀ has rows of very different sizes. Singular
    values keep the digits of the largest alone; Householder's QR keeps those of each where it pivots the
    columns and the rows come largest first (Cox and Higham, "Stability of Householder QR factorization for
    weighted least squares problems", 1998).

    Args:
        design: without a penalty, each column of its own scale.
    """
    import scipy.linalg

    centred = design.centre_rows().numpy()
    qr: Any = scipy.linalg.qr
    Q, R, _ = qr(centred, mode="economic", pivoting=True)
    diagonal = np.abs(R.diagonal())
    rank = int((diagonal > tolerance(min(centred.shape)) * diagonal[:1]).sum())
    Q = np.ascontiguousarray(Q[:, :rank])
    scale = design.scale.numpy()[:, None]
    right = _invert_rows((Q.T @ centred).T / scale, qr) / scale
    values = torch.from_numpy(scipy.linalg.svdvals(R[:rank])) if rank else torch.empty(0)
    null, free = design.A.new_zeros(len(right), 0), torch.empty(0, dtype=torch.long)
    return factor_of(torch.from_numpy(Q), torch.from_numpy(right), null, free, values)


def _invert_rows(B: Values, qr: Any) -> Values:
    """V T⁻ᵀ Pᵀ (D, r), for Bᵀ P = V T is the QR of the transpose, (D, r): the right inverse of B."""
    from scipy.linalg import solve_triangular

    order = np.argsort(-np.abs(B).max(1, initial=0.0), kind="stable")
    V, T, pivots = qr(B[order], mode="economic", pivoting=True)
    inverse = np.empty_like(B)
    inverse[order] = V @ solve_triangular(T, np.eye(B.shape[1])[pivots], trans=1)
    return inverse
