"""Columns of text by their different values, so that each value is looked at once and not in every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Cells: TypeAlias = Any
"""A Series of pandas, (N,), whose type stubs make a union of the result of every method."""

Frame: TypeAlias = Any
"""A DataFrame of pandas, (N, columns), likewise."""


@dataclass(frozen=True, eq=False)
class SomeRows:
    """Some rows of a frame, of which a column is copied when it is asked for, and not all at once.

    Args:
        frame: all rows.
        rows: which they are, (N,).
    """

    frame: Frame
    rows: NDArray[np.bool_]

    @property
    def columns(self) -> Any:
        """The names of the columns."""
        return self.frame.columns

    def __len__(self) -> int:
        return int(self.rows.sum())

    def __getitem__(self, name: str) -> Cells:
        return self.frame[name][self.rows]

    def between(self, low: int, high: int) -> Frame:
        """The rows from one place to another."""
        return self.frame.iloc[self._places[low:high]]

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        return self.rows.nonzero()[0]


def code_text(cells: Cells) -> Cells:
    """A column of nothing but text and gaps as its different texts and their places; others as they are."""
    import pandas as pd

    is_text = cells.dtype.kind == "O" and not is_coded(cells)
    if not is_text or pd.api.types.infer_dtype(cells, skipna=True) != "string":
        return cells
    places, values = pd.factorize(cells)
    return pd.Series(pd.Categorical.from_codes(places, values), cells.index, name=cells.name)


def is_coded(cells: Cells) -> bool:
    """Whether a column is kept as different values and their places."""
    import pandas as pd

    return isinstance(cells.dtype, pd.CategoricalDtype)


def each(cells: Cells, read: Callable[[Cells], NDArray[Any]]) -> NDArray[Any]:
    """What is read from each cell, (N,), by itself; from each different value once where they are coded.

    Args:
        cells: a column, (N,).
        read: gives something for each of some cells, whatever the others are.
    """
    if not is_coded(cells):
        return read(cells)
    return read(different(cells))[cells.cat.codes.to_numpy()]  # a gap's place is -1


def different(cells: Cells) -> Cells:
    """The different values of a coded column, and a gap after them."""
    import pandas as pd

    values: Cells = pd.Series(cells.cat.categories)
    return values.reindex(range(len(values) + 1))


def tally(
    cells: Cells,
    is_gap: Callable[[Cells], NDArray[np.bool_]],
    text: Callable[[Cells], Any],
    own: NDArray[np.int64] | None = None,
) -> Cells:
    """How often each text occurs in a column, by the texts, those of the first rows first.

    Args:
        cells: a column, (N,).
        is_gap: which of some cells have no value.
        text: the texts of some cells.
        own: how often each cell occurs, (N,); None where each is a row.
    """
    import pandas as pd

    values, counts = cells, np.ones(len(cells), np.int64) if own is None else own
    if is_coded(cells):
        values, counts = different(cells), _count_different(cells, own)
    kept = (counts > 0) & ~is_gap(values)
    texts = pd.Index(np.asarray(text(values[kept]), object), dtype=object)
    return pd.Series(counts[kept], texts).groupby(level=0, sort=False).sum()


def _count_different(cells: Cells, own: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """How often each of `different` occurs."""
    codes = cells.cat.codes.to_numpy().astype(np.int64)
    size = len(cells.cat.categories) + 1
    return np.bincount(codes % size, own, minlength=size).astype(np.int64)


def are_numbers(cells: Cells) -> NDArray[np.bool_]:
    """Which cells are finite numbers by their type, (N,), which stand for themselves beside written ones."""
    import pandas as pd

    if cells.dtype.kind != "O" or pd.api.types.infer_dtype(cells, skipna=True) in ("string", "boolean"):
        return np.zeros(len(cells), bool)
    return np.array([_is_number(cell) for cell in cells], bool)


def _is_number(cell: Any) -> bool:
    if not isinstance(cell, int | float | np.integer | np.floating) or isinstance(cell, bool):
        return False
    return bool(abs(cell) < np.inf)
