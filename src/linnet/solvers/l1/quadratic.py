"""A quadratic with L1 penalties, minimised: the inner problem of `proximal`."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from linnet.solvers.l1.sweeps import Values, sweep

QUICK, NEAR = 30, 0.01
"""Rounds before the penalties are lowered by steps, and how near each of these steps goes, as a share
of l1: nearer than that the signs are settled."""

SIZES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
"""Shares of a Newton step that are tried, all in one product."""


def minimise_quadratic(
    H: Values, c: Values, l1: Values, start: Values, tol: float = 1e-15, max_iter: int = 200
) -> Values:
    """argmin_z ½ zᵀHz − cᵀz + Σ l1_j |z_j|, with exact zeros.

    Sweeps of coordinate descent find which z_j are 0 and the signs of the others (Friedman, Hastie and
    Tibshirani, 2010); a Newton step on those that are not 0 then goes to the best values for these signs,
    which coordinates alone take thousands of sweeps for where features are correlated. Where it would change
    signs it is cut off at 0, and the best of some shares of it is taken, so the objective never rises.

    Args:
        H: (P, P), positive semidefinite, float64.
        c: (P,).
        l1: (P,), 0 where a variable has no penalty.
        start: (P,).
        tol: stop where the largest subgradient is at most this share of the largest |c_j| + l1_j, or a
            thousandth of what it was at the start: the quadratic is but a model, or is called again.
        max_iter: Newton steps, each after its sweeps.
    """
    if not len(start):
        return start
    slope = _slope(H, c, l1, start)
    enough = max(tol * float((np.abs(c) + l1).max()), 1e-3 * slope)
    z, is_there = _rounds(H, c, l1, start, enough, min(QUICK, max_iter))
    if is_there or max_iter <= QUICK:
        return z
    if _slope(H, c, l1, z) <= NEAR * float(l1[l1 > 0].min() if (l1 > 0).any() else 0.0):
        return _rounds(H, c, l1, z, enough, max_iter - QUICK)[0]
    return min(z, _lower(H, c, l1, z, enough, max_iter), key=lambda one: _value(H, c, l1, one))


def _slope(H: Values, c: Values, l1: Values, z: Values) -> float:
    """The largest of the subgradient of least size."""
    gradient = H @ z - c
    slopes = np.where(z == 0, np.maximum(np.abs(gradient) - l1, 0.0), np.abs(gradient + l1 * np.sign(z)))
    return float(slopes.max())


def _rounds(H: Values, c: Values, l1: Values, z: Values, enough: float, most: int) -> tuple[Values, bool]:
    """Sweeps and a Newton step in turn, and whether they came to an end."""
    for _ in range(most):
        z = sweep(H, c, l1, z)
        if _slope(H, c, l1, z) <= enough:
            return z, True
        following = _newton(H, c, l1, z)
        if following is z:
            return z, True  # rounding hides any gain
        z = following
    return z, False


def _lower(H: Values, c: Values, l1: Values, z: Values, enough: float, most: int) -> Values:
    """From large penalties down to these, by halves.

    Where penalties are very small and H is singular, sweeps from afar let in more variables than its rank,
    and which of them go is settled one at a time. From above, few are in at any time.
    """
    is_held = l1 > 0
    z = np.where(is_held, 0.0, z)
    share = float((np.abs(H @ z - c)[is_held] / l1[is_held]).max()) if is_held.any() else 1.0
    while share > 2:
        share = max(1.0, share / 2)
        held = share * l1
        z, _ = _rounds(H, c, held, z, NEAR * float(held[is_held].min()), QUICK)
    return _rounds(H, c, l1, z, enough, most)[0]


def _value(H: Values, c: Values, l1: Values, z: Values) -> float:
    return float(z @ (H @ z) / 2 - c @ z + l1 @ np.abs(z))


def _newton(H: Values, c: Values, l1: Values, z: Values) -> Values:
    """The best of some shares of the Newton step on what is not 0, each cut off where a sign would change."""
    gradient, index = H @ z - c, z.nonzero()[0]
    if not len(index):
        return z
    direction = np.zeros_like(z)
    direction[index] = -_solve(H[np.ix_(index, index)], (gradient + l1 * np.sign(z))[index])
    moved = z + _sizes(z, direction)[:, None] * direction
    moved = np.where((l1 > 0) & (moved * z <= 0), 0.0, moved)
    change = moved - z
    gain = change @ gradient + ((change @ H) * change).sum(1) / 2 + (np.abs(moved) - np.abs(z)) @ l1
    best = int(gain.argmin())
    return moved[best] if gain[best] < 0 else z


def _solve(H: Values, right: Values) -> Values:
    """H⁻¹ of a vector, where H is singular that of a matrix near it."""
    lapack: Any = importlib.import_module("scipy.linalg.lapack")
    _, solution, fault = lapack.dposv(H, right)
    if not fault and np.isfinite(solution).all():
        return solution
    import torch  # which few problems come to need

    from linnet.solvers.problem.hessian import factor

    column = torch.from_numpy(right[:, None])
    return torch.cholesky_solve(column, factor(torch.from_numpy(H)))[:, 0].numpy()


def _sizes(z: Values, direction: Values) -> Values:
    """Shares of a step to try: the whole one where it changes no sign.

    Else some of the whole, and up to where the first, second, fourth … sign changes. Where H is singular the
    whole step is far too long, and only the latter are of use.
    """
    turns = direction * z < 0
    crossing = np.sort(-z[turns] / direction[turns])
    crossing = crossing[crossing < 1]
    if not len(crossing):
        return np.ones(1)
    places = 2 ** np.arange(len(crossing).bit_length()) - 1
    return np.concatenate([SIZES, crossing[places[places < len(crossing)]]])
