"""`sweep`, `sweep_sparse`: coordinate descent on a quadratic with L1 penalties, by a loop or compiled."""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Values = NDArray[np.float64]

SWEEPS = 5
"""Over few coordinates; fewer where a sweep changes no sign."""

COMPILED = 30
"""Over more, where a sweep takes less time than the call."""

FEW = 32
"""Coordinates up to which the call of scikit-learn takes longer than a loop in Python."""

SPARSE = 2
"""Over sparse columns, after which others find the sizes."""

FREE = 1e6
"""The unit of a bias that is swept with the weights: in it the penalty is as good as none."""

PULL = 1e3
"""The force, in units of l1, on a coordinate that keeps sweeps from ending."""

BEYOND = 1e150
"""A target whose square is beyond any gap and within float64."""


def sweep(H: Values, c: Values, l1: Values, start: Values) -> Values:
    """Each z_j in turn to the least of ½ zᵀHz − cᵀz + Σ l1_j |z_j| over it, a few times over.

    Args:
        H: (P, P), positive semidefinite.
        c: (P,).
        l1: (P,), at least 0.
        start: z, (P,).
    """
    # With biases, or softmax's rows that undo each other, many sweeps before a Newton step settle no signs.
    is_one = len(l1) > 0 and l1.min() == l1.max() > 0
    return (
        sweep_many(H, c, float(l1[0]), start) if is_one and len(start) > FEW else sweep_few(H, c, l1, start)
    )


def sweep_few(H: Values, c: Values, l1: Values, start: Values) -> Values:
    """See `sweep`; the gradient is kept up to date by one row of H a change, some microseconds each."""
    z, force = start.tolist(), c - H @ start
    diagonal, limits = H.diagonal().tolist(), l1.tolist()
    for _ in range(SWEEPS):
        has_turned = False
        for j in np.flatnonzero((np.asarray(z) != 0) | (np.abs(force) > l1)).tolist():
            old, curvature, limit = z[j], diagonal[j], limits[j]
            if curvature <= 0:
                continue
            pull = force.item(j) + curvature * old
            new = math.copysign(max(abs(pull) - limit, 0.0), pull) / curvature
            if new != old:
                force -= (new - old) * H[j]
                z[j] = new
                has_turned |= new * old <= 0
        if not has_turned:
            break
    return np.array(z)


def sweep_many(H: Values, c: Values, l1: float, start: Values, sweeps: int = COMPILED) -> Values:
    """See `sweep`; by scikit-learn, with one l1 above 0 for all.

    Of the rows it is told nothing, for all that counts is in their sums. It would leave out coordinates by a
    gap in which the squared norm of the targets is a term: with one beyond any gap it leaves out none. Where
    no force is beyond l1 that gap is 0 by rounding, and it would end at once: a coordinate more, which has no
    curvature and stays where it is, has such a force.
    """
    rows, targets, P = np.zeros((1, len(c) + 1)), np.full(1, BEYOND), len(c)
    products, force = np.zeros((P + 1, P + 1)), np.append(c, PULL * l1)
    products[:P, :P] = H
    more = {"precompute": products, "Xy": force}
    return _compiled(rows, targets, l1, 0.0, np.append(start, 0.0), sweeps, more)[:P]


def sweep_sparse(
    Z: Any, c: Values, aim: Values, l1: float, l2: float, start: Values, *, intercept: bool
) -> tuple[Values, float]:
    """Some sweeps over ½ Σ_i c_i (w z_i + b − a_i)² + l1 ‖w‖₁ + ½ l2 ‖w‖²; w, (P,), and b, from 0.

    Args:
        Z: the columns, scipy's CSR, (P, N), float64.
        c: weights of the rows, (N,), above 0.
        aim: a, (N,).
        l1: the penalty, above 0.
        l2: likewise, at least 0.
        start: w, (P,).
        intercept: whether there is a bias.
    """
    root = np.sqrt(c)
    data, indices, indptr = Z.data * root[Z.indices], Z.indices, Z.indptr
    if intercept:  # a column more, whose weight is the bias in another unit
        every = np.arange(len(c), dtype=indices.dtype)
        data, indices = np.concatenate([data, FREE * root]), np.concatenate([indices, every])
        indptr, start = np.append(indptr, indptr[-1] + len(c)), np.append(start, 0.0)
    X = sparse.csc_matrix((data, indices, indptr), (len(c), len(start)))
    found = _compiled(X, root * aim, l1, l2, start.copy(), SPARSE, {})
    return (found[:-1], FREE * float(found[-1])) if intercept else (found, 0.0)


def _compiled(
    rows: Any, targets: Values, l1: float, l2: float, start: Values, sweeps: int, more: dict[str, Any]
) -> Values:
    """Scikit-learn's sweeps over ½ ‖X w − y‖² + l1 ‖w‖₁ + ½ l2 ‖w‖²."""
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    linear_model: Any = importlib.import_module("sklearn.linear_model")  # whose types know no such arguments
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        warnings.simplefilter("ignore", ConvergenceWarning)  # whoever calls judges by the slopes
        _, w, _ = linear_model.enet_path(
            rows, targets, l1_ratio=l1 / (l1 + l2), alphas=[(l1 + l2) / len(targets)], coef_init=start,
            check_input=False, max_iter=sweeps, tol=0.0, **more,
        )  # fmt: skip
    return w[:, 0]
