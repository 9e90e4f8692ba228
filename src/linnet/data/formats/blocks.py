"""`TableBlocks`: the cells of a table's file some rows at a time, in sections that are read on their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linnet.data.streams.arrow_rows import Columns, mark_of
from linnet.data.streams.pieces import Rejected
from linnet.schema.cells import Frame

Kind = Literal["number", "date", "cells", "list"]
"""What a column of a file is by its type: numbers, dates, a list of numbers, or anything else."""

CELLS, HEIGHT = 1 << 19, 1 << 14
"""Cells, and rows, that are read at once."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of a file.

    Args:
        rows: how many there are.
        frame: the columns that are no lists, of plain types.
        lists: the numbers of those that are, (rows, width), NaN where there is none.
        bad: places of rows that have no list of their column's length, with the reasons.
    """

    rows: int
    frame: Frame
    lists: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    bad: Mapping[int, str] = field(default_factory=dict)


class TableBlocks(ABC):
    """A file of a table.

    Args:
        path: of it.
    """

    sections: tuple[int, ...]
    """The rows of each."""

    kinds: Mapping[str, Kind]
    """The kinds of its columns by their types, in order."""

    widths: Mapping[str, int]
    """The numbers of a list, of the columns that are lists."""

    unit: str
    """What messages call a section."""

    schema: Any = None
    """What the file itself says of its columns, of Arrow; None of text, which says nothing."""

    rejected: tuple[Rejected, ...] = ()
    """Lines that are no rows, and were left out."""

    notes: tuple[str, ...] = ()
    """What is to be said of how the file is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = mark_of(path)

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(self.sections)

    @property
    def names(self) -> list[str]:
        """The names of the columns, each element of a list being one."""
        return [one for name in self.kinds for one in self.names_of(name)]

    def names_of(self, name: str) -> list[str]:
        """The columns of the table that one of the file is."""
        return [f"{name}[{at}]" for at in range(self.widths[name])] if name in self.widths else [name]

    def take_as_cells_(self, name: str) -> None:
        """Read a column of numbers as cells, as it is in another file."""
        raise NotImplementedError("types of columns are the file's")

    @property
    def state(self) -> Any:
        """What was found out of the file by reading it, in plain values, which opens it again at once."""
        return None

    def plain_columns(self, names: Sequence[str]) -> Columns | None:
        """Some columns as features that are read as they stand; None where they cannot be."""
        return None

    @property
    def height(self) -> int:
        """Rows that are read at once."""
        width = sum(self.widths.get(name, 1) for name in self.kinds)
        return max(64, min(HEIGHT, CELLS // max(1, width)))

    @abstractmethod
    def read(self, section: int, columns: Collection[str] | None = None) -> Iterator[Block]:
        """The rows of a section, some at a time.

        Args:
            section: which.
            columns: that are wanted, of `kinds`; all when None.

        Raises:
            FormatError, DataError: the file cannot be read, or has fewer rows than it had.
        """

    def name_row(self, row: int) -> str:
        """What a row of the file is called, by its number from 0: with the section that it is in."""
        ends = np.cumsum(self.sections)
        section = int(np.searchsorted(ends, row, "right"))
        return f"{self.unit} {section + 1:,}, row {row + 1:,}" if len(ends) > 1 else f"row {row + 1:,}"


def source_of(name: str, kinds: Mapping[str, Kind]) -> tuple[str, int]:
    """The column of a file that one of its table is in, and its place there; −1 where it is all of it."""
    if name in kinds:
        return name, -1
    source, _, place = name.rpartition("[")
    return source, int(place.removesuffix("]"))
