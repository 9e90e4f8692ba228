"""The coefficients of a linear model as part of a page: all of them, or the largest of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.data.features import CELLS
from linnet.data.sparse import SparseFeatures
from linnet.evaluate.score import parameter_errors
from linnet.report.blocks import Block, Table, Text
from linnet.report.subject import Subject

LISTED = 40
"""Columns whose coefficients are listed; of more, those of the largest."""

Array = NDArray[np.float64]


def coefficients(of: Subject) -> list[Block]:
    """The weight of each column and the bias, for each output, by the names that the columns have."""
    if of.run.predictor.features > LISTED:
        return _largest(of)
    return [_table(of, np.arange(of.run.predictor.features), None)]


def _largest(of: Subject) -> list[Block]:
    """The columns of the largest weights, scaled to deviation 1 where the training rows are at hand."""
    model, train = of.run.predictor, of.rows.train
    W = model.W.astype(np.float64)
    deviation = None if train is None else column_deviations(train)
    sizes = np.abs(W if deviation is None else W * (deviation * of.run.card.scale)).max(0)  # (D,)
    used = np.flatnonzero((W != 0).any(0))
    largest = used[np.argsort(-sizes[used], kind="stable")[:LISTED]]
    said = of.say(
        "report.largest" if deviation is None else "report.largest_by_deviation",
        n=f"{model.features:,}", used=f"{len(used):,}", shown=len(largest),
    )  # fmt: skip
    return [Text(said), _table(of, largest, deviation)]


def _table(of: Subject, chosen: NDArray[np.intp], deviation: Array | None) -> Table:
    """A row a column that was chosen, and one of the bias.

    Args:
        of: the run.
        chosen: the columns.
        deviation: of all columns, (D,), where the one weight of each is given by it, too.
    """
    model, train, scale = of.run.predictor, of.rows.train, of.run.card.scale
    names = (train.columns if train else of.run.card.columns) or [f"w{d}" for d in range(model.features)]
    rows = [(names[d], *(f"{w:.6g}" for w in model.W[:, d].tolist())) for d in chosen]
    rows.append(("b", *(f"{b:.6g}" for b in model.b.tolist())))
    alone = (of.say("report.value"),) if model.outputs == 1 else tuple(f"y{k}" for k in range(model.outputs))
    heads = (of.say("report.parameter"), *(of.run.card.classes or alone))
    if deviation is not None and model.outputs == 1:
        scaled = [f"{model.W[0, d] * deviation[d] * scale:.6g}" for d in chosen]
        rows = [(*row, one) for row, one in zip(rows, [*scaled, ""], strict=True)]
        heads = (*heads, of.say("report.by_deviation"))
    truth = of.run.truth or (train.truth if train else None)
    if truth is not None and model.outputs == 1:
        errors = parameter_errors(model, truth)
        wrong = [*errors.w[chosen].tolist(), errors.b]
        rows = [(*row, f"{error:+.2e}") for row, error in zip(rows, wrong, strict=True)]
        heads = (*heads, of.say("report.truth_less_value"))
    return Table(heads, tuple(rows))


def column_deviations(data: Dataset) -> Array:
    """The standard deviation of each column over the rows that count, (D,); 0 of one that never changes.

    Means come first, and then the squares about them, in units of the largest, so that no digit cancels
    wherever a column lies and no square overflows.

    Args:
        data: rows, of which a part at a time is dense and float64.
    """
    X, weights = data.arrays.X, data.arrays.weights
    shares = np.ones(len(data)) if weights is None else weights
    shares = shares / shares.sum()
    return _of_sparse(X, shares) if isinstance(X, SparseFeatures) else _of_dense(data, shares)


def _of_dense(data: Dataset, shares: Array) -> Array:
    X, first = data.arrays, int((shares > 0).argmax())
    origin = X.dense(slice(first, first + 1))[0].astype(np.float64)  # of a row that counts
    height = max(1, CELLS // data.features)
    parts = [slice(start, start + height) for start in range(0, len(data), height)]
    mean, reach, squares = np.zeros((3, data.features))
    for rows in parts:
        block, own = X.dense(rows).astype(np.float64) - origin, shares[rows]  # (B, D)
        mean += own @ block
        np.maximum(reach, np.abs(block[own > 0]).max(0, initial=0.0), out=reach)
    reach = np.where(reach > 0, reach, 1.0)
    for rows in parts:
        squares += shares[rows] @ ((X.dense(rows).astype(np.float64) - origin - mean) / reach) ** 2
    return reach * np.sqrt(squares)


def _of_sparse(X: SparseFeatures, shares: Array) -> Array:
    """Likewise of stored numbers and the zeros between them, which are never written out."""
    data, columns, starts = X.parts
    own, D = np.repeat(shares, np.diff(starts)), X.shape[1]
    is_full = np.bincount(columns, own > 0, D) == (shares > 0).sum()
    zeros = np.where(is_full, 0.0, 1 - np.bincount(columns, own, D)).clip(0)  # their share
    origin, reach = np.zeros(D), np.zeros(D)
    origin[columns[own > 0]] = data[own > 0]
    origin = np.where(is_full, origin, 0.0)
    mean = origin + np.bincount(columns, own * (data - origin[columns]), D)
    np.maximum.at(reach, columns, np.where(own > 0, np.abs(data), 0.0))
    reach = np.where(reach > 0, reach, 1.0)
    squares = np.bincount(columns, own * ((data - mean[columns]) / reach[columns]) ** 2, D)
    return reach * np.sqrt(squares + zeros * (mean / reach) ** 2)
