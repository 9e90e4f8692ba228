"""`Spread`: where columns lie and how far they reach about there, of dense rows and of sparse ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from linnet.solvers.problem.double_double import power
from linnet.solvers.problem.rows import Rows, height_of
from linnet.solvers.problem.sparse_rows import SparseRows

TINY, HUGE = 1e-140, 1e140
"""Sizes whose squares lose nothing."""


class Spread(NamedTuple):
    """Where stored columns lie and how far they reach about there: mean and root mean square, (D,) each."""

    centre: Tensor
    size: Tensor


def find_spread(rows: Rows, intercept: bool) -> Spread:
    """The spread of the rows that count, in float64; found once a set of rows."""
    if intercept not in rows.spreads:
        find = _spread_sparse if isinstance(rows, SparseRows) else _spread_dense
        rows.spreads[intercept] = find(rows, intercept)
    return rows.spreads[intercept]


def _blocks(rows: Rows) -> Iterator[tuple[Tensor, Tensor]]:
    """Stored rows that count in float64, (B, D), and their shares, (B,)."""
    height = height_of(rows.features, 1)
    for X, share in zip(rows.X.split(height), rows.shares.split(height), strict=True):
        is_all = rows.weights is None or bool((share > 0).all())
        yield (X.double(), share) if is_all else (X[share > 0].double(), share[share > 0])


def _spread_dense(rows: Rows, intercept: bool) -> Spread:
    """In one look, or in another of scaled columns where their squares end in 0 or infinity."""
    spread = _look(rows, intercept, None)
    size = spread.size
    if bool(((size > TINY) & (size < HUGE)).all()):
        return spread
    reach = torch.stack([(X - spread.centre).abs().amax(0) for X, _ in _blocks(rows) if len(X)]).amax(0)
    return _look(rows, intercept, 1 / power(reach))


def _look(rows: Rows, intercept: bool, inverse: Tensor | None) -> Spread:
    """Mean and size of each column, block after block, about the first row, so that constants give 0.

    The squares of blocks are about their own means, and are put together by those (Chan, Golub and LeVeque,
    1983).
    """
    first = next(X[0] for X, _ in _blocks(rows) if len(X)) if intercept else None
    shares, means, squares = list[Tensor](), list[Tensor](), list[Tensor]()
    for X, share in _blocks(rows):
        off = X if first is None else X - first
        off = off if inverse is None else off * inverse
        total = share.sum().clamp(min=torch.finfo(share.dtype).tiny)
        mean = share @ off / total
        off = off - mean if intercept else off.clone()
        shares.append(total)
        means.append(mean)
        squares.append(share @ off.square_())
    W, M = torch.stack(shares)[:, None], torch.stack(means)
    unit = 1.0 if inverse is None else inverse
    if first is None:
        return Spread(M.new_zeros(rows.features), torch.stack(squares).sum(0).sqrt() / unit)
    mean = (W * M).sum(0)
    size = (torch.stack(squares) + W * (M - mean).square()).sum(0).sqrt()
    return Spread(first + mean / unit, size / unit)


def _spread_sparse(rows: Rows, intercept: bool) -> Spread:
    X, D = rows.X.tocsc(), rows.features
    data, share = X.data.astype(np.float64), rows.shares.numpy()[X.indices]
    column = np.repeat(np.arange(D), np.diff(X.indptr))
    held = np.bincount(column, share, D)
    full = np.diff(X.indptr) == len(rows)
    first = np.zeros(D)
    first[full] = data[X.indptr[:-1][full]]  # so that a constant column is centred to 0 exactly
    centre = first + np.bincount(column, share * (data - first[column]), D) if intercept else np.zeros(D)
    off = data - centre[column]
    rest = np.where(full, 0.0, np.abs(centre))  # of entries that are not stored
    reach = np.zeros(D)
    np.maximum.at(reach, column, np.abs(off))
    inverse = 1 / power(torch.from_numpy(np.maximum(reach, rest))).numpy()
    squares = np.bincount(column, share * (off * inverse[column]) ** 2, D)  # of integers where there is none
    squares = squares + np.where(full, 0.0, (1 - held).clip(0)) * (centre * inverse) ** 2
    return Spread(torch.from_numpy(centre), torch.from_numpy(np.sqrt(squares) / inverse))
