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

FAR = 1e-60
"""Of the largest l1: another that is less would bring sums near the end of float64."""


def sweep(H: Values, c: Values, l1: Values, start: Values) -> Values:
    """Each z_j in turn to the least of ½ zᵀHz − cᵀz + Σ l1_j |z_j| over it, a few times over.

    Args:
        H: (P, P), positive semidefinite.
        c: (P,).
        l1: (P,), at least 0; of many coordinates those of l1 0 stay as they are.
        start: z, (P,).
    """
    # With biases, or softmax's rows that undo each other, many sweeps before a Newton step settle no signs.
    is_one = len(l1) > 0 and l1.min() == l1.max() > 0
    return sweep_many(H, c, l1, start) if is_one and len(start) > FEW else sweep_few(H, c, l1, start)


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


def sweep_many(H: Values, c: Values, l1: Values, start: Values) -> Values:
    """See `sweep`; by scikit-learn, which takes one l1 for all: z_j l1_j / l1 are what it moves."""
    held = np.flatnonzero(l1)
    if not len(held):
        return start
    if l1[held].min() < FAR * l1.max():
        return sweep_few(H, c, l1, start)
    if len(held) < len(l1):
        free = np.flatnonzero(l1 == 0)
        c = c[held] - H[np.ix_(held, free)] @ start[free]
        H = H[np.ix_(held, held)]
    limits = l1[held]
    most = float(limits.max())
    factor = limits / most
    if (factor != 1).any():
        H, c = H / factor / factor[:, None], c / factor
    z = start.copy()
    z[held] = _descend(H, c, most, start[held] * factor) / factor
    return z


def _descend(H: Values, c: Values, l1: float, start: Values) -> Values:
    """The compiled sweeps; of the rows it is told but their number, for all that counts is in their sums."""
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    linear_model: Any = importlib.import_module("sklearn.linear_model")  # whose types know no such arguments
    shape = np.zeros((1, len(c)))
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        warnings.simplefilter("ignore", ConvergenceWarning)  # whoever calls judges by the slopes
        _, z, _ = linear_model.enet_path(
            shape, np.ones(1), l1_ratio=1.0, alphas=[l1], precompute=np.ascontiguousarray(H),
            Xy=np.ascontiguousarray(c), coef_init=start, check_input=False, max_iter=COMPILED, tol=0.0,
        )  # fmt: skip
    return z[:, 0]
