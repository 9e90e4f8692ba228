"""`CountedFrame`: a table too large to hold, by the different cells of its columns and their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from linnet.schema.coded import Cells, Frame, SomeRows

Counts: TypeAlias = NDArray[np.int64] | None
"""How often each of some cells occurs, (n,); None where each is a row."""


class Numbering(NamedTuple):
    """What numbers tell by their order, where they are too many to be kept.

    Args:
        is_counting: whether they go up by one from each row to the next.
        is_unique: whether no two are alike.
    """

    is_counting: bool
    is_unique: bool


class WordCounts(NamedTuple):
    """Words of the texts of a column.

    Args:
        words: in order.
        total: how often each occurs, (n,).
        rows: how many rows have it, (n,).
        of: how many rows there are.
    """

    words: NDArray[np.object_]
    total: NDArray[np.int64]
    rows: NDArray[np.int64]
    of: int


@dataclass(frozen=True, eq=False)
class CountedColumn:
    """A column by its different cells.

    Args:
        cells: in the order of the first rows that have them, by whose numbers they are indexed; or some that
            stand for all: of numbers the lowest, the highest and a sample between.
        counts: how often each occurs, (n,); None where each is a row.
        numbering: of numbers that some stand for.
        words: of texts that some stand for.
    """

    cells: Cells
    counts: Counts = None
    numbering: Numbering | None = None
    words: WordCounts | None = None


@dataclass(frozen=True, eq=False)
class CountedFrame:
    """A table by its columns.

    Args:
        of: each column, by name, in order.
        rows: N.
        some: rows that are looked at one by one, a frame of all columns.
        places: which they are, (n,).
    """

    of: Mapping[str, CountedColumn]
    rows: int
    some: Frame = None
    places: NDArray[np.int64] | None = None

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self.of)

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> Cells:
        return self.of[name].cells


def column_in(frame: Frame | SomeRows | CountedFrame, name: str) -> CountedColumn:
    """A column of a frame: its cells, and how often each occurs where it is not each a row."""
    if isinstance(frame, CountedFrame):
        return frame.of[name]
    return CountedColumn(frame[name].reset_index(drop=True))


def weights_of(cells: Cells, counts: Counts) -> NDArray[np.int64]:
    """How often each cell occurs, (n,)."""
    return np.ones(len(cells), np.int64) if counts is None else counts


def median(values: NDArray[np.float64], counts: Counts) -> float:
    """The median of values that occur so often each; at least one does."""
    if counts is None or counts.max() == 1:
        return float(np.median(values if counts is None else values[counts > 0]))
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(counts[order])
    places = np.array([(ends[-1] - 1) // 2, ends[-1] // 2])
    low, high = values[order][np.searchsorted(ends, places, "right")].tolist()
    return float((low + high) / 2)
