"""Columns that alone tell what is predicted, as those do that are filled in after it: notes of a schema.

What is seen is said, and nothing is left out: whether a column is known in time, the table does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.i18n import say
from linnet.schema.category import as_text
from linnet.schema.cells import NO_NUMBER, Cells, Frame, is_missing, to_numbers
from linnet.schema.coded import is_coded
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.counted import CountedFrame
from linnet.schema.date_cells import to_days
from linnet.schema.dates import Date
from linnet.schema.one_hot import OneHot
from linnet.schema.row_numbers import are_row_numbers
from linnet.schema.schema import Target

ROWS, CELLS, FEWEST = 2_000, 2_000_000, 200
"""Rows that are looked at; of wide tables so many that cells are not more, but no fewer than the last."""

LEAST = 30
"""Rows below which a column may tell the target by chance."""

OUTSIDE = 10
"""Rows of all classes but the most frequent, likewise."""

EACH = 5
"""Rows of a class or of a level, on average, likewise."""

EXCEPTIONS, OF_ROW_NUMBERS = 0.01, 0.05
"""The share of the rows outside the most frequent class that may be exceptions."""

ALIKE = 0.999999
"""The correlation from which on a column is the target in other units."""

STRAY = 3e-3
"""The most that the median row is off the line, by the target's median deviation: one far row makes none."""

LISTED = 5
"""Columns that have a note of their own."""


def find_leaks(frame: Frame | CountedFrame, columns: Sequence[Column], target: Target) -> dict[str, str]:
    """What to say of columns each of which alone tells the target nearly perfectly, by their names.

    A class has a level of the column for itself, or a range of its numbers; a number is the column, or the
    column times a factor and more by a constant. Some rows are looked at, always the same ones.

    Args:
        frame: the cells of a table, each with a target.
        columns: that are kept. Of a single one nothing is said: it is all that there is.
        target: what is predicted.
    """
    if len(columns) < 2 or len(frame) < LEAST:
        return {}
    if isinstance(frame, CountedFrame):
        assert frame.places is not None, "which rows are looked at is known before they are read"
        places, some, at = frame.places, frame.some, np.arange(len(frame.some))
    else:
        places = at = choose_looked_at(len(frame), len(columns))
        some = frame
    cells = _take(some[target.name], at)
    judge: _Classes | _Numbers
    if target.classes:
        judge = _Classes(target.name, target.labels(cells), len(target.classes), places)
    else:
        judge = _Numbers(target.name, target.numbers(cells))
    if not judge.is_enough:
        return {}
    said = {column.name: judge.judge(_take(some[column.name], at), column) for column in columns}
    found = {name: note for name, note in said.items() if note}
    if len(others := list(found)[LISTED:]) < 2:
        return found
    some = ", ".join(others[:LISTED]) + ", …" * (len(others) > LISTED)
    more = say("schema.leak.more", "en", n=f"{len(others):,}", names=some, target=target.name)
    return {name: more if name in others else note for name, note in found.items()}


def choose_looked_at(rows: int, columns: int) -> NDArray[np.int64]:
    """The places of the rows that are looked at, in order."""
    most = max(FEWEST, min(ROWS, CELLS // columns))
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def _take(cells: Cells, places: NDArray[np.int64]) -> Cells:
    some = cells.iloc[places].reset_index(drop=True)
    return some.cat.remove_unused_categories() if is_coded(some) else some


def _numbers_of(cells: Cells, column: Column) -> NDArray[np.float64] | None:
    """The numbers of a column of numbers or dates, (n,), NaN where there is none; None of other columns."""
    if isinstance(column, Date):
        return to_days(cells, column.pattern)
    if not isinstance(column, Number):
        return None
    values = to_numbers(cells, column.style)
    return np.where(is_missing(cells, NO_NUMBER) | ~np.isfinite(values), np.nan, values)


@dataclass(frozen=True, eq=False)
class _Classes:
    """Rows of classes.

    Args:
        name: of the target.
        y: their classes, (n,).
        classes: K.
        places: of the rows in the table, (n,).
    """

    name: str
    y: NDArray[np.int64]
    classes: int
    places: NDArray[np.int64]

    @property
    def outside(self) -> int:
        """The rows that the most frequent class is wrong of."""
        return len(self.y) - int(np.bincount(self.y).max())

    @property
    def is_enough(self) -> bool:
        return self.outside >= OUTSIDE and len(self.y) >= EACH * self.classes

    def judge(self, cells: Cells, column: Column) -> str:
        """What to say of a column; empty where it does not tell the classes."""
        values = _numbers_of(cells, column)
        if values is not None:
            is_row = isinstance(column, Number) and are_row_numbers(column.name, values, self.places)
            allowed = int((OF_ROW_NUMBERS if is_row else EXCEPTIONS) * self.outside)
            return self._say(
                "row" if is_row else "range", self._count_ranges(values, allowed), column, allowed
            )
        if isinstance(column, OneHot | Truth):
            return self._say("level", self._count_levels(cells), column, int(EXCEPTIONS * self.outside))
        return ""

    def _say(self, kind: str, right: int, column: Column, allowed: int) -> str:
        if len(self.y) - right > allowed:
            return ""
        rows = {"right": f"{right:,}", "rows": f"{len(self.y):,}"}
        return say(f"schema.leak.{kind}", "en", name=column.name, target=self.name, **rows)

    def _count_ranges(self, values: NDArray[np.float64], allowed: int) -> int:
        """The rows that are told by a range of values for each class, and by whether there is a value.

        Counted only where more than the allowed number of exceptions is not certain: a row that is an
        exception adds at most two changes of class to those between K ranges.
        """
        gaps = np.isnan(values)
        right = int(np.bincount(self.y[gaps], minlength=1).max())
        order = np.lexsort((self.y[~gaps], values[~gaps]))
        y, v = self.y[~gaps][order], values[~gaps][order]
        if not len(y) or np.count_nonzero(np.diff(y)) > self.classes - 1 + 2 * allowed:
            return right
        last = np.append(v[1:] != v[:-1], True)  # of equal values, which no range parts
        counts = np.cumsum(y[:, None] == np.arange(self.classes), axis=0)[last]
        counts = np.vstack([np.zeros_like(counts[:1]), counts])  # (U + 1, K), of the values up to each
        medians = [np.median(v[y == k]) if (y == k).any() else np.inf for k in range(self.classes)]
        best = np.zeros(len(counts), np.int64)
        for k in np.argsort(medians, kind="stable"):  # the classes' ranges from low to high
            best = counts[:, k] + np.maximum.accumulate(best - counts[:, k])
        return right + int(best[-1])

    def _count_levels(self, cells: Cells) -> int:
        """The rows of the class that most others of their level have; no level is told by a row alone."""
        texts = np.where(is_missing(cells), "", as_text(cells).astype(str))
        levels, codes = np.unique(texts, return_inverse=True)
        if len(levels) * EACH > len(self.y):
            return 0
        K = self.classes
        table = np.bincount(codes.ravel() * K + self.y, minlength=len(levels) * K).reshape(-1, K)
        ranked = np.sort(table, axis=1)
        rivals = np.where(table == ranked[:, -1:], ranked[:, -2:-1], ranked[:, -1:])
        return int(table[table - 1 > rivals].sum())


@dataclass(frozen=True, eq=False)
class _Numbers:
    """Rows with numbers to predict.

    Args:
        name: of the target.
        y: the numbers, (n,).
    """

    name: str
    y: NDArray[np.float64]

    @property
    def is_enough(self) -> bool:
        return len(np.unique(self.y)) >= EACH

    def judge(self, cells: Cells, column: Column) -> str:
        """What to say of a column; empty where it does not tell the numbers."""
        values = _numbers_of(cells, column)
        if values is None:
            return ""
        known = np.isfinite(values)
        x, y = values[known], self.y[known]
        if len(x) < max(LEAST, len(self.y) / 2) or len(np.unique(x)) < EACH:
            return ""
        said = {"name": column.name, "target": self.name, "rows": f"{len(x):,}"}
        if np.array_equal(x, y):
            return say("schema.leak.same", "en", **said)
        return say("schema.leak.affine", "en", **said) if _are_affine(x, y) else ""


def _are_affine(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Whether y is x times a factor and more by a constant, by their correlation and in most rows."""
    x, y = _standardize(x), _standardize(y)
    r = float(x @ y) / len(x)
    if not abs(r) > ALIKE:
        return False
    return bool(np.median(np.abs(y - r * x)) <= STRAY * np.median(np.abs(y - np.median(y))))


def _standardize(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of mean 0 and deviation 1; they are not all equal."""
    values = values / np.abs(values).max()  # so that no square overflows
    values = values - values.mean()
    return values / np.sqrt(np.mean(values**2))
