"""`Moments`: where columns lie, how far they spread and how far they reach, in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linnet.data.sparse import SparseFeatures
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
    ) -> Moments:
        """The moments of rows. Sums and blocks of rows are float64, never all rows; sparse ones stay sparse.

        Args:
            X: rows as they are stored, (N, D), any real dtype, or `SparseFeatures`.
            weights: how much each row counts, (N,), not negative; None where all count alike.
            read: a map of rows, in float64, whose columns these are; none when None.

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
            found = _dense(X, weights, read or (lambda rows: rows))
        if not bool(found.mean.isfinite().all()):
            raise UsageError("every column's mean must be finite: remove rows with NaN or infinite features")
        if not bool(found.deviation.isfinite().all()):
            raise UsageError("every column's scale must be finite: divide columns of very large numbers")
        return found


def _dense(X: Tensor, weights: Tensor, read: Callable[[Tensor], Tensor]) -> Moments:
    # Differences from a row that counts: a column that never changes is 0 to the last bit.
    first = int(weights.nonzero()[0, 0])
    origin = read(X[first : first + 1].double())  # (1, D)
    total, mean, squares = weights.new_zeros(()), torch.zeros_like(origin[0]), torch.zeros_like(origin[0])
    low, high = torch.zeros_like(mean), torch.zeros_like(mean)
    height = max(1, BLOCK // max(1, X.shape[1]))
    for start in range(0, len(X), height):
        rows = slice(start, start + height)
        block, own = read(X[rows].double()) - origin, weights[rows]
        total, mean, squares = _merge(total, mean, squares, block, own)
        if not bool((own > 0).all()):
            block = block[own > 0]
        if len(block):
            low, high = torch.minimum(low, block.amin(0)), torch.maximum(high, block.amax(0))
    reach = torch.maximum(high - mean, mean - low)
    return Moments(mean + origin[0], (squares / total).sqrt_(), reach)


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


def _merge(
    total: Tensor, mean: Tensor, squares: Tensor, X: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Weight, mean and squared differences with a block's added (Chan, Golub & LeVeque 1983)."""
    added = weights.sum()
    if not added:
        return total, mean, squares
    own = weights @ X / added  # (D,)
    own_squares = weights @ (X - own).square_()
    sum_, apart = total + added, own - mean
    mean = mean + apart * (added / sum_)
    return sum_, mean, squares + own_squares + apart.square() * (total * added / sum_)
