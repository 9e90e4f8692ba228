"""`gather_bytes`: sums over streamed rows of small whole numbers, to the last digit, at the speed of reading.

A block's columns, its targets' digits and ones are the rows of one matrix of bytes, whose product with itself
holds all sums: Σ x xᵀ, Σ x y, Σ y² and Σ x. A target y = Σ_g 256^g d_g has digits d_g in −128…127.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.streamed import StreamedFeatures
from linnet.device import map_in_threads
from linnet.errors import DataError
from linnet.solvers.least_squares.moments import MIDDLE, ROWS, Moments, bytes_are_quicker, multiplies_bytes

MOST = 2**16
"""Rows of a product: each of its numbers is at most 2^14 a row, and int32 holds 2^17 such."""

DIGITS = 3
"""Bytes of a target, which is below 2^23 then."""

EXACT = 2.0**53
"""Whole numbers up to which float64 has all."""


def gather_bytes(dataset: Dataset) -> tuple[Moments, Tensor] | None:
    """The sums over a stream about its columns' middle, and that, (D,), targets as they are; None of others.

    Args:
        dataset: rows without weights, whose stored features are whole numbers of a byte's size and whose
            targets are whole numbers or classes.
    """
    features = dataset.X
    if not isinstance(features, StreamedFeatures) or dataset.weights is not None or not multiplies_bytes():
        return None
    first = next(features.rows.stored(), None)
    digits = _count_digits(dataset.y)
    if first is None or digits is None or any(part.dtype.kind not in "iu" for part in first):
        return None
    middle = np.concatenate([np.full(part.shape[1], _middle_of(part.dtype)) for part in first])
    job = _Job(dataset, features, middle, digits)
    workers = max(1, min(torch.get_num_threads(), len(dataset) // MOST))
    bounds = [len(dataset) * worker // workers for worker in range(workers + 1)]
    found = map_in_threads(lambda worker: job.sum_up(*bounds[worker : worker + 2]), range(workers))
    totals = [each for each in found if each is not None]
    if len(totals) < len(found):
        return None
    moments = _moments_of(sum(totals[1:], totals[0]), dataset, digits)
    return None if moments is None else (moments, torch.from_numpy(middle).double())


def _middle_of(dtype: np.dtype[Any]) -> int:
    """What is taken from numbers of a type, so that those of a byte lie in −128…127."""
    return MIDDLE if dtype == np.uint8 else 0


def _count_digits(y: Tensor) -> int | None:
    """The bytes that hold each target; None where some hold none."""
    if not y.is_floating_point():
        return 1
    low, high = (float(bound) for bound in torch.aminmax(y))
    mosts = [(256**digits - 1) / 255 * 127 for digits in range(1, DIGITS + 1)]  # of digits of at most 127
    return next((place + 1 for place, most in enumerate(mosts) if -most <= low and high <= most), None)


@dataclass(frozen=True, eq=False)
class _Job:
    """Sums over a stream, the same for each thread that has a share of it.

    Args:
        dataset: the rows.
        features: of them.
        middle: what is taken from each column, (D,).
        digits: of a target.
    """

    dataset: Dataset
    features: StreamedFeatures
    middle: NDArray[np.int64]
    digits: int

    def sum_up(self, low: int, high: int) -> Tensor | None:
        """Σ z zᵀ of some rows, int64, z being features, digits of targets and 1; None where one has none."""
        width = self.dataset.features + self.digits * self.dataset.outputs + 1
        total = torch.zeros(width, width, dtype=torch.int64)
        for parts in self.features.rows.stored(low):
            rows = min(len(parts[0]), high - low)
            for first in range(0, rows, MOST):
                some = [part[first : min(first + MOST, rows)] for part in parts]
                Z = torch.empty(width, len(some[0]), dtype=torch.int8)
                if not self._fill_(Z.numpy(), some, low + first):
                    return None
                total += _square(Z)
            low += rows
            if low >= high:
                return total
        raise DataError(f"the files of {self.dataset.name} have fewer rows than they had: begin anew")

    def _fill_(self, Z: NDArray[np.int8], parts: Sequence[NDArray[Any]], low: int) -> bool:
        """Write features, digits and 1 of rows that begin with one, (P, n); whether all are whole and fit."""
        at, n = 0, Z.shape[1]
        for part in parts:
            into = Z[at : at + part.shape[1]]
            if part.dtype == np.uint8:
                np.bitwise_xor(part.T, np.uint8(MIDDLE), out=into.view(np.uint8))
            elif part.dtype == np.int8:
                into[:] = part.T
            elif part.min() < -128 or part.max() > 127:
                return False
            else:
                into[:] = part.T
            at += part.shape[1]
        Z[-1] = 1
        y = self.dataset.y[low : low + n]
        if not y.is_floating_point():
            Z[at:-1] = np.arange(self.dataset.outputs)[:, None] == y.numpy()
            return True
        left = y.numpy().T.astype(np.int32)  # (K, n)
        if (left != y.numpy().T).any():
            return False
        for digit in range(self.digits):
            own = left.astype(np.int8)  # its last byte, with its sign
            Z[at + digit : -1 : self.digits] = own
            left = (left - own) >> 8
        return True


def _square(Z: Tensor) -> Tensor:
    """Z Zᵀ of bytes, (P, P), int64."""
    if bytes_are_quicker():
        return torch._int_mm(Z, Z.T).long()  # pyright: ignore[reportPrivateImportUsage]
    first, *others = [(part @ part.T).long() for part in Z.float().split(ROWS, 1)]  # float32 holds each sum
    return sum(others, first)


def _moments_of(total: Tensor, dataset: Dataset, digits: int) -> Moments | None:
    """The sums with targets put together of their digits; None where float64 does not hold them."""
    D, K = dataset.features, dataset.outputs
    place = 256 ** torch.arange(digits)
    xy = (total[:D, D:-1].view(D, K, digits) * place).sum(2)
    y = (total[D:-1, -1].view(K, digits) * place).sum(1)
    yy = (total[D:-1, D:-1].view(K, digits, K, digits) * place[:, None, None] * place).sum((1, 3)).diagonal()
    rows = int(total[-1, -1])
    parts = [total[:D, -1], y, total[:D, :D], xy, yy]
    if max(float(part.double().abs().max()) for part in parts if part.numel()) >= EXACT:
        return None
    return Moments(rows, float(rows), *(part.double() for part in parts))
