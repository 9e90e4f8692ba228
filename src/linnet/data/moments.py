"""`Moments`: where columns lie, how far they spread and how far they reach, in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from linnet.data.sparse import SparseFeatures
from linnet.dist.processes import ALONE, Processes
from linnet.errors import UsageError

BLOCK = 1 << 18
"""How many numbers are made float64 at once: 2 MiB, well inside a CPU's last cache."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Figures of columns over the rows that count.

    Args:
        mean: (D,), float64.
        deviation: population standard deviation, (D,), float64; 0 to the last bit of a column that never
            changes.
        reach: the largest distance from the mean, (D,), float64.
    """

    mean: Tensor
    deviation: Tensor
    reach: Tensor

    @classmethod
    def of(
        cls,
        X: Tensor,
        weights: Tensor | None = None,
        read: Callable[[Tensor], Tensor] | None = None,
        processes: Processes = ALONE,
    ) -> Moments:
        """The moments of rows. Sums and blocks of rows are float64, never all rows; sparse ones stay sparse.

        Args:
            X: rows as they are stored, (N, D), any real dtype, or `SparseFeatures`.
            weights: how much each row counts, (N,), not negative; None where all count alike.
            read: a map of rows, in float64, whose columns these are; none when None.
            processes: that share the rows, which all of them have.

        Raises:
            UsageError: no row counts, or a column's mean or deviation is not finite.
        """
        ones = torch.ones(len(X), dtype=torch.float64, device=X.device)
        weights = ones if weights is None else weights.double()
        if not bool((weights > 0).any()):
            raise UsageError("standardising needs at least one row of positive weight")
        if isinstance(X, SparseFeatures) and read is None:
            found = _sparse(X, weights.numpy())
        else:
            found = _dense(X, weights, read or (lambda rows: rows), processes)
        if not bool(found.mean.isfinite().all()):
            raise UsageError("every column's mean must be finite: remove rows with NaN or infinite features")
        if not bool(found.deviation.isfinite().all()):
            raise UsageError("every column's scale must be finite: divide columns of very large numbers")
        return found


def _dense(X: Tensor, weights: Tensor, read: Callable[[Tensor], Tensor], processes: Processes) -> Moments:
    # Differences from a row that counts: a column that never changes is 0 to the last bit.
    first = int(weights.nonzero()[0, 0])
    origin = read(X[first : first + 1].double())  # (1, D)
    sums = _Sums(weights.new_zeros(()), torch.zeros_like(origin[0]), torch.zeros_like(origin[0]))
    low, high = torch.zeros_like(sums.mean), torch.zeros_like(sums.mean)
    height = max(1, BLOCK // max(1, X.shape[1]))
    share = processes.share(len(X), height)
    for start in range(share.start, share.stop, height):
        rows = slice(start, min(start + height, share.stop))
        block, own = read(X[rows].double()) - origin, weights[rows]
        sums = _merge(sums, _sums(block, own))
        if not bool((own > 0).all()):
            block = block[own > 0]
        if len(block):
            low, high = torch.minimum(low, block.amin(0)), torch.maximum(high, block.amax(0))
    if processes.size > 1:
        sums, low, high = _join(processes.gather((sums, low, high)))
    reach = torch.maximum(high - sums.mean, sums.mean - low)
    return Moments(sums.mean + origin[0], (sums.squares / sums.total).sqrt_(), reach)


class _Sums(NamedTuple):
    """What there is to know of some rows.

    Args:
        total: their weight.
        mean: (D,).
        squares: the weighted squared differences from it, (D,).
    """

    total: Tensor
    mean: Tensor
    squares: Tensor


def _join(parts: list[tuple[_Sums, Tensor, Tensor]]) -> tuple[_Sums, Tensor, Tensor]:
    """The figures of rows that several processes have, in their order."""
    sums, low, high = parts[0]
    for own, least, most in parts[1:]:
        sums, low, high = _merge(sums, own), torch.minimum(low, least), torch.maximum(high, most)
    return sums, low, high


def _sparse(X: SparseFeatures, weights: np.ndarray) -> Moments:
    """Likewise of stored numbers and the zeros between them, which are never written out."""
    matrix, D = X.matrix.tocsc(), X.shape[1]
    matrix = matrix[weights > 0] if not (weights > 0).all() else matrix
    own = weights[weights > 0]
    share = own[matrix.indices] / own.sum()
    data, column = matrix.data.astype(np.float64), np.repeat(np.arange(D), np.diff(matrix.indptr))
    is_full = np.diff(matrix.indptr) == len(own)
    origin = np.zeros(D)
    origin[is_full] = data[matrix.indptr[:-1][is_full]]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = origin + np.bincount(column, share * (data - origin[column]), D)
        off, rest = data - mean[column], np.where(is_full, 0.0, np.abs(mean))
        squares = np.bincount(column, share * off**2, D)
        squares += np.where(is_full, 0.0, (1 - np.bincount(column, share, D)).clip(0)) * mean**2
    np.maximum.at(rest, column, np.abs(off))
    return Moments(*(torch.from_numpy(one) for one in (mean, np.sqrt(squares), rest)))


def _sums(X: Tensor, weights: Tensor) -> _Sums:
    """Weight, mean and squared differences of a block's rows."""
    total = weights.sum()
    if not total:
        return _Sums(total, torch.zeros_like(X[0]), torch.zeros_like(X[0]))
    mean = weights @ X / total  # (D,)
    return _Sums(total, mean, weights @ (X - mean).square_())


def _merge(one: _Sums, other: _Sums) -> _Sums:
    """The figures of both together (Chan, Golub & LeVeque 1983)."""
    if not other.total:
        return one
    total, apart = one.total + other.total, other.mean - one.mean
    mean = one.mean + apart * (other.total / total)
    squares = one.squares + other.squares + apart.square() * (one.total * other.total / total)
    return _Sums(total, mean, squares)
