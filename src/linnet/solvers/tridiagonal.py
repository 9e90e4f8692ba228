"""Held-out losses of many penalties by a tridiagonal form, which takes a third of the time of eigenvectors.

With second moments H = Q T Qᵀ, T tridiagonal (Householder), (H + l2) W = C is (T + l2) Z = Qᵀ C with W = Q Z:
a tridiagonal system for each penalty (Golub and Van Loan, 4.3.6 and 8.3). Q is never formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.solvers.normal import EPSILON, covariance
from linnet.solvers.statistics import Statistics

LAPACK: Any = scipy.linalg.lapack
BLOCK = 64
"""Columns that LAPACK reduces at once."""

Matrix = NDArray[np.float64]


def held_out_losses(
    statistics: Statistics, others: Statistics, l2s: Sequence[float], intercept: bool
) -> Tensor | None:
    """The mean losses on other rows of the models that penalties give, (P,).

    It is `Spectrum.of(statistics, intercept).losses(others, l2s)`, quicker.

    Args:
        statistics: of the rows that the models are of.
        others: of the rows that they are judged by.
        l2s: the penalties, P, finite.
        intercept: whether there is a bias.

    Returns:
        The losses; None where a penalty is so small that rounding decides.
    """
    mean, level, xx, xy = covariance(statistics, intercept)
    features, outputs = xy.shape
    if features < 2 or not bool(xx.isfinite().all()):
        return None
    packed, diagonal, beside, tau, _ = LAPACK.dsytrd(
        np.asfortranarray(xx.numpy()), lower=1, lwork=BLOCK * features
    )
    largest = float(np.abs(diagonal).max() + 2 * np.abs(beside).max(initial=0.0))
    if not min(l2s) > 8 * EPSILON * features * largest:
        return None
    C = _turned(packed, tau, np.asfortranarray(xy.numpy()), "T")  # (D, K)
    Z = np.empty((features, len(l2s) * outputs), order="F")
    for number, l2 in enumerate(l2s):
        *_, solved, failed = LAPACK.dptsv(diagonal + l2, beside, C)
        if failed:
            return None
        Z[:, number * outputs : (number + 1) * outputs] = solved
    W = torch.from_numpy(_turned(packed, tau, Z, "N"))  # (D, P·K)
    return _losses(others.about(mean / others.scale, level), W, len(l2s))


def _losses(others: Statistics, W: Tensor, models: int) -> Tensor:
    """The mean losses of models of centred targets, ½ Σ_k (y_k − xᵀw_k)² by sums over rows, (P,)."""
    s = others.sums
    square = (W * (s.xx @ W)).sum(0).view(models, -1).sum(1) * others.scale**2
    line = (W.view(len(W), models, -1) * s.xy[:, None]).sum((0, 2)) * others.scale
    return (square - 2 * line + s.yy.sum()) / (2 * s.weight)


def _turned(packed: Matrix, tau: Matrix, M: Matrix, how: str) -> Matrix:
    """Q M or Qᵀ M; Q is 1 in the first coordinate and the reflectors of the rest."""
    reflectors = np.asfortranarray(packed[1:, :-1])
    width = max(1, M.shape[1]) * BLOCK
    turned, _, _ = LAPACK.dormqr("L", how, reflectors, tau, np.asfortranarray(M[1:]), width)
    return np.concatenate([M[:1], turned])
