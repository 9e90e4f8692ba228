"""`sweep`: coordinate descent on a quadratic with L1 penalties, by a loop, or compiled for more."""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SWEEPS = 5
"""Over few coordinates; fewer where a sweep changes no sign."""

COMPILED = 30
"""Over more, where a sweep takes less time than the call."""

FEW = 32
"""Coordinates up to which the call of scikit-learn takes longer than a loop in Python."""

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


def sweep_many(H: Values, c: Values, l1: float, start: Values) -> Values:
    """See `sweep`; by scikit-learn, with one l1 above 0 for all.

    Of the rows it is told nothing, for all that counts is in their sums. It would leave out coordinates by a
    gap in which the squared norm of the targets is a term: with one beyond any gap it leaves out none.
    """
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    linear_model: Any = importlib.import_module("sklearn.linear_model")  # whose types know no such arguments
    rows, targets = np.zeros((1, len(c))), np.full(1, BEYOND)
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        warnings.simplefilter("ignore", ConvergenceWarning)  # whoever calls judges by the slopes
        _, z, _ = linear_model.enet_path(
            rows, targets, l1_ratio=1.0, alphas=[l1], precompute=np.ascontiguousarray(H),
            Xy=np.ascontiguousarray(c), coef_init=start.copy(), check_input=False, max_iter=COMPILED, tol=0.0,
        )  # fmt: skip
    return z[:, 0]
