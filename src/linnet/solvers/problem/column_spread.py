"""Where columns lie and how far they reach, dense or sparse, in float64 and whatever their units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from linnet.solvers.least_squares.design import power
from linnet.solvers.problem.rows import BLOCK, DenseRows, Rows, SparseRows


class Spread(NamedTuple):
    """Where stored columns lie and how far they reach about there: mean and root mean square, (D,) each."""

    centre: Tensor
    size: Tensor


def spread_of(rows: Rows, intercept: bool) -> Spread:
    """Of the rows that count; looked at once a set of rows."""
    if intercept not in rows.spreads:
        found = (
            _sparse_spread(rows, intercept)
            if isinstance(rows, SparseRows)
            else _dense_spread(rows, intercept)
        )
        rows.spreads[intercept] = found
    return rows.spreads[intercept]


def _blocks(rows: DenseRows) -> Iterator[tuple[Tensor, Tensor]]:
    """Stored rows in float64, (B, D), and their shares, (B,)."""
    weights = rows.weights
    for low in range(0, len(rows), BLOCK):
        X = rows.X[low : low + BLOCK].double()
        if weights is None:
            yield X, X.new_full((len(X),), 1 / rows.total)
            continue
        share = weights[low : low + BLOCK]
        yield X[share > 0], share[share > 0] / rows.total


def _dense_spread(rows: Rows, intercept: bool) -> Spread:
    """In three looks: the mean, how far columns reach, and their size, whose squares then neither end."""
    assert isinstance(rows, DenseRows), "rows are dense or sparse"
    centre = rows.X.new_zeros(rows.features, dtype=torch.float64)
    if intercept:
        first = next(X[0] for X, _ in _blocks(rows) if len(X))
        centre = first + torch.stack([share @ (X - first) for X, share in _blocks(rows)]).sum(0)
    reach = torch.stack([(X - centre).abs().amax(0) for X, _ in _blocks(rows) if len(X)]).amax(0)
    inverse = 1 / power(reach)
    squares = [share @ ((X - centre) * inverse).square() for X, share in _blocks(rows)]
    return Spread(centre, torch.stack(squares).sum(0).sqrt() / inverse)


def _sparse_spread(rows: Rows, intercept: bool) -> Spread:
    assert isinstance(rows, SparseRows), "rows are dense or sparse"
    X, D = rows.X.tocsc(), rows.features
    share = np.ones(len(rows)) if rows.weights is None else rows.weights.numpy()
    data, share = X.data.astype(np.float64), share[X.indices] / rows.total
    column = np.repeat(np.arange(D), np.diff(X.indptr))
    held = np.bincount(column, share, D)
    full = np.diff(X.indptr) == len(rows)
    first = np.zeros(D)
    first[full] = data[X.indptr[:-1][full]]  # so that a constant column is centred to 0 exactly
    centre = first + np.bincount(column, share * (data - first[column]), D) if intercept else np.zeros(D)
    off = data - centre[column]
    rest = np.where(full, 0.0, np.abs(centre))
    reach = np.maximum(_amax(np.abs(off), X.indptr), rest)
    inverse = 1 / power(torch.from_numpy(reach)).numpy()
    squares = np.bincount(column, share * (off * inverse[column]) ** 2, D)
    squares += np.where(full, 0.0, (1 - held).clip(0)) * (centre * inverse) ** 2
    return Spread(torch.from_numpy(centre), torch.from_numpy(np.sqrt(squares) / inverse))


def _amax(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The largest value of each column of a CSC matrix, 0 of an empty one."""
    if not len(values):
        return np.zeros(len(starts) - 1)
    found = np.maximum.reduceat(np.append(values, 0.0), np.minimum(starts[:-1], len(values)))
    return np.where(np.diff(starts) > 0, found, 0.0)
