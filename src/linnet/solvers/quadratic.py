"""A quadratic with L1 penalties, minimised: the inner problem of `proximal`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from linnet.solvers.kronecker import factor

SWEEPS = 5
"""Over the coordinates before each Newton step; fewer where a sweep changes no sign."""

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
    z = start
    if not len(z):
        return z
    enough = max(tol * float((c.abs() + l1).max()), 1e-3 * float(subgradient(z, H @ z - c, l1).abs().max()))
    for _ in range(max_iter):
        z = _sweep(H, c, l1, z)
        slope = subgradient(z, H @ z - c, l1)
        if float(slope.abs().max()) <= enough:
            break
        following = _newton(H, c, l1, z)
        if following is z:
            break  # rounding hides any gain
        z = following
    return z


def subgradient(z: Tensor, gradient: Tensor, l1: Tensor | float) -> Tensor:
    """The subgradient of least size at z, given the gradient of what is smooth."""
    at_zero = torch.copysign((gradient.abs() - l1).clamp(min=0), gradient)
    return torch.where(z == 0, at_zero, gradient + l1 * z.sign())


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
            old, bend, limit = z[j], diagonal[j], limits[j]
            if bend <= 0:
                continue
            pull = force.item(j) + bend * old
            new = (pull - limit) / bend if pull > limit else (pull + limit) / bend if pull < -limit else 0.0
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
