"""Held-out losses of many penalties by a tridiagonal form, which takes a fifth of the time of eigenvectors.

With second moments H = Q T Qᵀ, T tridiagonal (Householder), (H + l2) W = C is (T + l2) Z = Qᵀ C with W = Q Z:
a tridiagonal system for each penalty (Golub and Van Loan, 4.3.6 and 8.3). Q is never formed.

The sum of squares over outputs is the same for C R with R orthonormal. So outputs that say nothing new, as
one of K one-hot columns about their means, cost nothing: C R has as many columns as C has rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linnet.solvers.least_squares.normal import EPSILON, covariance
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.linalg import lapack
from linnet.solvers.linalg.lapack import Matrix


@dataclass(frozen=True, eq=False)
class Judge:
    """What is ready for the losses of any penalty on a fold's rows.

    Args:
        packed: T's reflectors and T, as LAPACK leaves them, (D, D).
        tau: the reflectors' factors, (D − 1,).
        diagonal: of T, (D,).
        beside: T's other diagonal, (D − 1,).
        C: Qᵀ C R, (D, r).
        half: the judging rows' second moments, the lower triangle with half the diagonal, (D, D).
        cross: those of rows and targets, times R, (D, r).
        targets: the judging rows' Σ w ‖y‖².
        weight: their Σ w.
    """

    packed: Matrix
    tau: Matrix
    diagonal: Matrix
    beside: Matrix
    C: Matrix
    half: Matrix
    cross: Matrix
    targets: float
    weight: float

    @classmethod
    def of(cls, statistics: Statistics, others: Statistics, smallest: float, intercept: bool) -> Judge | None:
        """Make it ready.

        Args:
            statistics: of the rows that the models are of.
            others: of the rows that they are judged by.
            smallest: the least penalty that will be asked for.
            intercept: whether there is a bias.

        Returns:
            None where a penalty is so small that rounding decides, and where there is one feature.
        """
        mean, level, xx, xy = covariance(statistics, intercept)
        features = len(xx)
        if features < 2 or not bool(xx.isfinite().all()):
            return None
        packed, diagonal, beside, tau = lapack.tridiagonal(xx.numpy())
        largest = float(np.abs(diagonal).max() + 2 * np.abs(beside).max(initial=0.0))
        if not smallest > 8 * EPSILON * features * largest:
            return None
        U, sizes, Rt = np.linalg.svd(xy.numpy(), full_matrices=False)
        kept = sizes > EPSILON * features * sizes.max(initial=0.0)
        C = lapack.turned(packed, tau, (U * sizes)[:, kept], "T")
        s = others.about(mean / others.scale, level).sums
        half = (s.xx * others.scale**2).triu()  # by columns, as LAPACK reads it, the lower triangle
        half.diagonal().mul_(0.5)
        cross = (s.xy * others.scale).numpy() @ Rt[kept].T
        return cls(
            packed, tau, diagonal, beside, C, half.numpy().T, cross, float(s.yy.sum()), s.weight
        )  # fmt: skip

    def losses(self, l2s: Sequence[float]) -> Tensor | None:
        """The mean losses ½ Σ_k (y_k − xᵀw_k)² of penalties, (P,); None where one has no factor.

        They are those of `Spectrum.losses`, quicker.
        """
        features, outputs = self.C.shape
        Z = np.empty((features, len(l2s) * outputs), order="F")
        for number, l2 in enumerate(l2s):
            solved = lapack.solved(self.diagonal + l2, self.beside, self.C)
            if solved is None:
                return None
            Z[:, number * outputs : (number + 1) * outputs] = solved
        W = lapack.turned(self.packed, self.tau, Z, "N")  # (D, P·r)
        # wᵀ S w is twice wᵀ L w, L being the lower triangle with half the diagonal: half the work.
        pulled = 2 * lapack.lower_product(self.half, W) - 2 * np.tile(self.cross, len(l2s))
        sums = np.einsum("ij,ij->j", W, pulled).reshape(len(l2s), outputs).sum(1)
        return torch.from_numpy((sums + self.targets) / (2 * self.weight))
