"""A quadratic with L1 penalties, minimised: the inner problem of `proximal`."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnet.solvers.certificate.duality import subgradient
from linnet.solvers.problem.hessian import factor

SWEEPS = 5
"""Over the coordinates before each Newton step; fewer where a sweep changes no sign."""

QUICK, NEAR = 30, 0.01
"""Rounds before the penalties are lowered by steps, and how near each of these steps goes, as a share
of l1: nearer than that the signs are settled."""

SIZES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
"""Shares of a Newton step that are tried, all in one product."""


def minimise_quadratic(
    H: Tensor, c: Tensor, l1: Tensor, start: Tensor, tol: float = 1e-15, max_iter: int = 200
) -> Tensor:
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
    slope = float(subgradient(start, H @ start - c, l1).abs().max())
    enough = max(tol * float((c.abs() + l1).max()), 1e-3 * slope)
    z, is_there = _rounds(H, c, l1, start, enough, min(QUICK, max_iter))
    if is_there or max_iter <= QUICK:
        return z
    left = subgradient(z, H @ z - c, l1).abs()
    if float(left.max()) <= NEAR * float(l1[l1 > 0].min() if bool((l1 > 0).any()) else 0.0):
        return _rounds(H, c, l1, z, enough, max_iter - QUICK)[0]
    return min(z, _lower(H, c, l1, z, enough, max_iter), key=lambda one: _value(H, c, l1, one))


def _rounds(H: Tensor, c: Tensor, l1: Tensor, z: Tensor, enough: float, most: int) -> tuple[Tensor, bool]:
    """Sweeps and a Newton step in turn, and whether they came to an end."""
    for _ in range(most):
        z = _sweep(H, c, l1, z)
        if float(subgradient(z, H @ z - c, l1).abs().max()) <= enough:
            return z, True
        following = _newton(H, c, l1, z)
        if following is z:
            return z, True  # rounding hides any gain
        z = following
    return z, False


def _lower(H: Tensor, c: Tensor, l1: Tensor, z: Tensor, enough: float, most: int) -> Tensor:
    """From large penalties down to these, by halves.

    Where penalties are very small and H is singular, sweeps from afar let in more variables than its rank,
    and which of them go is settled one at a time. From above, few are in at any time.
    """
    is_held = l1 > 0
    z = torch.where(is_held, 0.0, z)
    share = float(((H @ z - c).abs() / l1)[is_held].max()) if bool(is_held.any()) else 1.0
    while share > 2:
        share = max(1.0, share / 2)
        held = share * l1
        z, _ = _rounds(H, c, held, z, NEAR * float(held[is_held].min()), QUICK)
    return _rounds(H, c, l1, z, enough, most)[0]


def _value(H: Tensor, c: Tensor, l1: Tensor, z: Tensor) -> float:
    return float(z @ (H @ z) / 2 - c @ z + l1 @ z.abs())


def _sweep(H: Tensor, c: Tensor, l1: Tensor, start: Tensor) -> Tensor:
    """Each coordinate in turn to its best, those at 0 that want to stay there left alone, a few times over.

    The gradient is kept up to date by one row of H a change. That is some microseconds a coordinate, and the
    few sweeps need no compiled loop.
    """
    matrix, thresholds = H.numpy(), l1.numpy()
    z, force = start.tolist(), (c - H @ start).numpy()  # force = c − Hz
    diagonal, limits = matrix.diagonal().tolist(), thresholds.tolist()
    for _ in range(SWEEPS):
        has_turned = False
        for j in np.flatnonzero((np.asarray(z) != 0) | (np.abs(force) > thresholds)).tolist():
            old, curvature, limit = z[j], diagonal[j], limits[j]
            if curvature <= 0:
                continue
            pull = force.item(j) + curvature * old
            new = math.copysign(max(abs(pull) - limit, 0.0), pull) / curvature
            if new != old:
                force -= (new - old) * matrix[j]
                z[j] = new
                has_turned |= new * old <= 0
        if not has_turned:
            break
    return torch.tensor(z, dtype=torch.float64)


def _newton(H: Tensor, c: Tensor, l1: Tensor, z: Tensor) -> Tensor:
    """The best of some shares of the Newton step on what is not 0, each cut off where a sign would change."""
    gradient, index = H @ z - c, z.nonzero()[:, 0]
    if not len(index):
        return z
    direction = torch.zeros_like(z)
    slope = (gradient + l1 * z.sign())[index, None]
    direction[index] = -torch.cholesky_solve(slope, factor(H[index][:, index]))[:, 0]
    moved = z + _sizes(z, direction)[:, None] * direction
    moved = torch.where((l1 > 0) & (moved * z <= 0), 0.0, moved)
    change = moved - z
    gain = change @ gradient + ((change @ H) * change).sum(1) / 2 + (moved.abs() - z.abs()) @ l1
    best = int(gain.argmin())
    return moved[best] if float(gain[best]) < 0 else z


def _sizes(z: Tensor, direction: Tensor) -> Tensor:
    """Shares of a step to try: some of the whole, and up to where the first, second, fourth … sign changes.

    Where H is singular the whole step is far too long, and only the latter are of use.
    """
    crossing = (-z / direction)[direction * z < 0].sort().values
    crossing = crossing[crossing < 1]
    places = 2 ** torch.arange(max(len(crossing), 1).bit_length()) - 1
    return torch.cat([torch.tensor(SIZES, dtype=z.dtype), crossing[places[places < len(crossing)]]])
