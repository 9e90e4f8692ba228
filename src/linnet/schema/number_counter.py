"""`NumberCounter`: what is to be known of columns of numbers, of rows that come some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.schema.counted import CountedColumn, Numbering
from linnet.schema.remarks import NINES

Array = NDArray[Any]


class NumberCounter:
    """Columns of numbers side by side: their ends, gaps, and a sample of their rows.

    Args:
        width: how many columns.
        is_whole: whether the sample has all rows, in order.
    """

    def __init__(self, width: int, *, is_whole: bool) -> None:
        self.is_whole, self.rows = is_whole, 0
        self._ends = [_Ends(width), _Ends(width)]  # of the rows that are not trained on, and that are
        self._order = _Order(width)
        self._nines = dict[tuple[int, float], int]()
        self._ordinary = _Ends(width)
        self._sample = list[Array]()
        self._is_train = list[NDArray[np.bool_]]()

    def add_(self, values: Array, is_train: NDArray[np.bool_], picked: NDArray[np.int64]) -> None:
        """Count some rows.

        Args:
            values: their numbers, (n, width), float32 or float64, NaN where there is none.
            is_train: which of them are trained on, (n,).
            picked: places of those that the sample takes.
        """
        self.rows += len(values)
        self._sample.append(values[picked])
        self._is_train.append(is_train[picked])
        self._order.add_(values)
        before = _Ends(values.shape[1])
        for ends, some in zip(self._ends, (_take(values, ~is_train), _take(values, is_train)), strict=True):
            own = _Ends(values.shape[1])
            own.add_(some)
            ends.join_(own)
            ends.find_fractions_(some)
            before.join_(own)
        is_nine = np.isin(np.abs(before.low), NINES) | np.isin(np.abs(before.high), NINES)
        for place in np.flatnonzero(is_nine).tolist():
            column = values[:, place]
            is_nine_here = np.isin(np.abs(column), NINES)
            for value in np.unique(column[is_nine_here]).tolist():
                key = place, float(value)
                self._nines[key] = self._nines.get(key, 0) + int((column == value).sum())
            own = _Ends(1)
            own.add_(column[~is_nine_here][:, None])
            before.low[place], before.high[place] = own.low[0], own.high[0]
        self._ordinary.join_(before)

    def all_rows(self, place: int) -> CountedColumn:
        """A column by all rows, which tell its kind."""
        if self.is_whole:
            return CountedColumn(_series(self._column(place)))
        nines = {value: n for (column, value), n in self._nines.items() if column == place}
        known = self._ordinary.known(place)
        gaps = sum(int(ends.gaps[place]) for ends in self._ends)
        rest = self.rows - gaps - sum(nines.values())
        more = [one.fraction[place] for one in self._ends if np.isfinite(one.fraction[place])]
        values = [*known, *more, *nines, np.nan]
        counts = [rest] * min(1, len(known)) + [0] * (max(0, len(known) - 1) + len(more))
        is_unique = bool(self._order.is_rising[place]) or not _has_twice(self._column(place))
        numbering = Numbering(bool(self._order.is_counting[place]), is_unique)
        return CountedColumn(_series(values), np.array([*counts, *nines.values(), gaps]), numbering)

    def trained_rows(self, place: int) -> CountedColumn:
        """A column by the rows that are trained on, which tell its median and its ends."""
        sample = self._column(place)[np.concatenate(self._is_train)]
        if self.is_whole:
            return CountedColumn(_series(sample))
        known, ends = sample[~np.isnan(sample)], self._ends[1]
        more = [ends.fraction[place]] if np.isfinite(ends.fraction[place]) else []
        beside = [*ends.known(place), *more, *([np.nan] if ends.gaps[place] else [])]  # in no median
        counts = np.repeat([1, 0], [len(known), len(beside)])
        return CountedColumn(_series([*known.tolist(), *beside]), counts)

    def _column(self, place: int) -> Array:
        return np.concatenate([rows[:, place] for rows in self._sample]).astype(np.float64)


class _Ends:
    """The lowest and highest number of each column, and how many have none."""

    def __init__(self, width: int) -> None:
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)
        self.gaps = np.zeros(width, np.int64)
        self.fraction = np.full(width, np.nan)  # a number that is not whole

    def find_fractions_(self, values: Array) -> None:
        """Keep a number that is not whole of each column that has one, as far as none is known."""
        left = np.flatnonzero(np.isnan(self.fraction))
        some = values[:, left] if len(left) < len(self.fraction) else values
        with np.errstate(invalid="ignore"):
            wrong = (some != np.floor(some)) & np.isfinite(some)
        for place in np.flatnonzero(wrong.any(axis=0)).tolist():
            self.fraction[left[place]] = some[int(wrong[:, place].argmax()), place]

    def add_(self, values: Array) -> None:
        if not len(values):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            has_gaps = bool(np.isnan(values.sum(dtype=np.float64)))
        if has_gaps:
            self.gaps += np.isnan(values).sum(axis=0)
        low, high = (np.fmin, np.fmax) if has_gaps else (np.minimum, np.maximum)
        self.low = np.fmin(self.low, low.reduce(values, axis=0))
        self.high = np.fmax(self.high, high.reduce(values, axis=0))

    def join_(self, other: _Ends) -> None:
        self.low, self.high = np.fmin(self.low, other.low), np.fmax(self.high, other.high)
        self.gaps = self.gaps + other.gaps

    def known(self, place: int) -> list[float]:
        """The lowest and highest of a column; nothing of one without numbers."""
        return (
            [float(self.low[place]), float(self.high[place])] if self.low[place] <= self.high[place] else []
        )


class _Order:
    """Whether the numbers of each column rise from row to row, and by one."""

    def __init__(self, width: int) -> None:
        self.is_counting, self.is_rising = np.ones(width, bool), np.ones(width, bool)
        self._last: Array | None = None

    def add_(self, values: Array) -> None:
        left = np.flatnonzero(self.is_rising)
        if not len(left) or not len(values):
            return
        with np.errstate(invalid="ignore"):
            rows = values[:, left] if self._last is None else np.vstack([self._last[left], values[:, left]])
            steps = np.diff(rows.astype(np.float64), axis=0)
        self.is_counting[left] &= (steps == 1).all(axis=0)
        self.is_rising[left] &= (steps > 0).all(axis=0)
        self._last = values[-1]


def _take(values: Array, rows: NDArray[np.bool_]) -> Array:
    """Some rows, stored by columns where all are."""
    return values.T[:, rows].T if values.flags.f_contiguous else values[rows]


def _has_twice(values: Array) -> bool:
    known = values[~np.isnan(values)]
    return len(np.unique(known)) < len(known)


def _series(values: Sequence[float] | Array) -> Any:
    import pandas as pd

    return pd.Series(np.asarray(values, np.float64))
