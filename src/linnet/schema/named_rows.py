"""`name_row`: what a row is called in a message: its count, and the line of its file where that is known."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Lines = Callable[[], Sequence[int]]
"""The line in which each row of a file begins, from 1: looked for when a message needs it."""


@dataclass(frozen=True, eq=False)
class NamedRows:
    """Rows of a table, as they are named.

    Args:
        lines: of all rows of its file; None where it has none, or they are not known.
        places: of these rows among all, (N,); None where none has been left out.
    """

    lines: Lines | None = None
    places: NDArray[np.int64] | None = None

    def take(self, kept: NDArray[np.bool_]) -> NamedRows:
        """Some of the rows, (N,) of these."""
        places = np.arange(len(kept)) if self.places is None else self.places
        return NamedRows(self.lines, places[kept])

    def name(self, place: int) -> str:
        """A row by its count from 1, and by its line where that is known; `place` is from 0."""
        place = place if self.places is None else int(self.places[place])
        lines = () if self.lines is None else self.lines()
        line = f" (line {lines[place]:,} of the file)" if place < len(lines) else ""
        return f"row {place + 1:,}{line}"


_ALL = NamedRows()
_ROWS: ContextVar[NamedRows] = ContextVar("_ROWS", default=_ALL)


@contextlib.contextmanager
def naming_rows(rows: NamedRows) -> Iterator[None]:
    """Within, rows are named as they stand in a table, also after some have been left out.

    Args:
        rows: those that are there at first.
    """
    token = _ROWS.set(rows)
    try:
        yield
    finally:
        _ROWS.reset(token)


def named_rows() -> NamedRows:
    """The rows that are named now."""
    return _ROWS.get()


def name_row(place: int) -> str:
    """One of the rows that are named now by its count from 1, and its line where known; `place` is from 0."""
    return _ROWS.get().name(place)


def keep_rows(kept: NDArray[np.bool_]) -> None:
    """Name these alone from now on, until `naming_rows` ends; `kept` is (N,) of those named before."""
    _ROWS.set(_ROWS.get().take(kept))
