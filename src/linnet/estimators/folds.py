"""The penalties that are tried and the folds that judge them, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.core.penalties import read_penalties
from linnet.errors import warn

Split = tuple[np.ndarray, np.ndarray]
"""Rows to train on and rows to judge by, by number."""


def penalties(l2s: int | Sequence[float]) -> list[float]:
    """The penalties that were asked for; a number is that many of 1e-6…100, evenly on a logarithmic scale.

    Raises:
        UsageError: there is none, or one is negative or not finite.
    """
    given = read_penalties(l2s, "l2s")
    return np.logspace(-6, 2, given).tolist() if isinstance(given, int) else given


def number_rows(splits: Iterable[Any], rows: int) -> list[Split]:
    """Folds by the numbers of their rows, (trained, kept) each, int64.

    Args:
        splits: pairs of rows to train on and to judge by: numbers, of which negative ones count from the
            end, or masks, (N,), as scikit-learn takes both.
        rows: N.

    Raises:
        ValueError: there is no fold, or one has no rows or others than there are.
    """
    found = [
        (_number(trained, rows, f"fold {fold} trains on"), _number(kept, rows, f"fold {fold} is judged by"))
        for fold, (trained, kept) in enumerate(splits, 1)
    ]
    if not found:
        raise ValueError("cv gives no fold: give at least one pair of rows to train on and to judge by")
    return found


def _number(given: Any, rows: int, what: str) -> NDArray[np.int64]:
    """Numbers of rows, from 0."""
    index = np.asarray(given)
    if not index.size:
        raise ValueError(f"{what} no rows: leave the fold out, or use fewer folds")
    if index.dtype == bool and index.shape == (rows,):
        return np.flatnonzero(index)
    if index.ndim != 1 or index.dtype.kind not in "iu":
        raise ValueError(
            f"{what} rows by {index.dtype} of shape {index.shape}: give numbers of rows, or a mask"
        )
    index = index.astype(np.int64)
    if not (-rows <= index.min() and index.max() < rows):
        raise ValueError(f"{what} rows {index.min()} to {index.max()}, and there are {rows}")
    return np.where(index < 0, index + rows, index)


def check_weights(splits: Sequence[Split], weights: np.ndarray | None) -> None:
    """Refuse folds without a row that counts.

    Args:
        splits: the folds.
        weights: of the rows, (N,), or None.

    Raises:
        ValueError: saying which fold.
    """
    if weights is None:
        return
    counts = weights > 0
    for fold, (trained, kept) in enumerate(splits, 1):
        for rows, use in ((trained, "trains on"), (kept, "is judged by")):
            if not counts[rows].any():
                raise ValueError(
                    "Sample weights must contain at least one non-zero number among the rows that fold "
                    f"{fold} {use}: shuffle, as KFold(5, shuffle=True), or leave rows of weight 0 out."
                )


def leave_out_weightless(splits: Sequence[Split], weights: np.ndarray | None) -> list[Split]:
    """The folds of a leave-one-out that are judged by a row that counts.

    Args:
        splits: a fold a row.
        weights: of the rows, (N,), or None.

    Raises:
        ValueError: fewer than two rows count.
    """
    if weights is None:
        return list(splits)
    if (count := int((weights > 0).sum())) < 2:
        raise ValueError(f"leave-one-out needs 2 rows of a weight above 0 at least, and there is {count}")
    return [(trained, kept) for trained, kept in splits if weights[kept].any()]


def leave_out_unknown(labels: NDArray[Any], splits: Sequence[Split]) -> list[Split]:
    """Folds that are judged by rows of classes they learn alone: of others the log loss would have no bound.

    Args:
        labels: of all rows, (N,).
        splits: the rows that each fold trains on, and those that judge it.

    Warns:
        UserWarning: rows are left out, and of which classes.

    Raises:
        ValueError: a fold has no row left.
    """
    return [(trained, _known(labels, trained, kept, fold)) for fold, (trained, kept) in enumerate(splits, 1)]


def _known(labels: NDArray[Any], trained: NDArray[Any], kept: NDArray[Any], fold: int) -> NDArray[Any]:
    known = np.isin(labels[kept], labels[trained])
    if known.all():
        return kept
    missing = np.unique(labels[kept][~known]).tolist()
    what = f"fold {fold} is judged by rows of {missing}, of which it is trained on none"
    if not known.any():
        raise ValueError(f"{what}, and by no others: shuffle the rows, or use a stratified splitter")
    warn(
        f"{what}: its log loss is over the other {int(known.sum())} rows. Use fewer folds, a stratified "
        "splitter or more rows of these classes"
    )  # fmt: skip
    return kept[known]
