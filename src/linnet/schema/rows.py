"""`RowEncoder`: encodes rows that come as Python values in microseconds, as `Schema.encode` does a frame.

A frame of pandas takes milliseconds, whatever its rows. So what a column makes of a cell is asked of the
column once, by a frame of one column, and remembered: levels, truths and days come again. Numbers stand for
themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby
from math import isfinite
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.blocks import join_blocks
from linnet.schema.cells import Cells
from linnet.schema.columns import Block, Column, Seen
from linnet.schema.schema import Encoded, Schema

CELL_TYPES = frozenset({str, int, float, bool, NoneType})
"""Types that a cell may have."""

NUMBERS = frozenset({int, float})
NONE = frozenset[type]()

GAP = (NoneType, None)

FEW = 4
"""Rows up to which one number after another is quicker than an array."""

REMEMBERED = 100_000
"""Cells of all columns together that are remembered, at some 300 bytes each."""

LONG = 100
"""Characters from which on a text is not remembered."""

AT_ONCE = 1_000_000
"""Encoded numbers that are made at once of cells not met before."""


class Code(NamedTuple):
    """What a column makes of a cell.

    Args:
        numbers: those that are not 0, with their places among the D.
        is_gap: whether the cell has no value.
        is_strange: whether training did not see its level.
    """

    numbers: tuple[tuple[int, float], ...]
    is_gap: bool
    is_strange: bool


class RowEncoder:
    """Encodes rows by a schema, which is the readable reference; a test holds the two equal to the bit.

    Args:
        schema: fitted.
    """

    def __init__(self, schema: Schema) -> None:
        self.names, self._combine = schema.names, schema.combine
        most = max(256, REMEMBERED // max(1, len(schema.columns)))
        self._parts: list[_Dense | _Sparse] = []
        for is_dense, columns in groupby(schema.columns, lambda column: column.is_dense):
            group = list(columns)
            self._parts += [_Dense(group, most)] if is_dense else map(_Sparse, group)

    def encode(self, columns: Sequence[Sequence[Any]]) -> Encoded:
        """Rows as numbers.

        Args:
            columns: the cells of each of the schema's columns in its order, N each: text, numbers, truths or
                None.

        Returns:
            X (N, D), and what was seen in those columns in which something was.

        Raises:
            FormatError: a cell cannot be read; rows are counted from 0.
        """
        blocks, seen, start = [], dict[str, Seen](), 0
        for part in self._parts:
            blocks.append(part.encode(columns[start : start + part.count], seen))
            start += part.count
        return Encoded(self._combine(blocks[0] if len(blocks) == 1 else join_blocks(blocks)), seen)


class _Dense:
    """Columns beside each other that become some numbers each."""

    def __init__(self, columns: Iterable[Column], most: int) -> None:
        self.memories: list[_Memory] = []
        self.features = 0
        for column in columns:
            self.memories.append(_Memory(column, self.features, most))
            self.features += len(column.features)
        self.count = len(self.memories)

    def encode(self, columns: Sequence[Sequence[Any]], seen: dict[str, Seen]) -> NDArray[np.float64]:
        """Cells as numbers (N, d), and what was seen, which is put to the rest."""
        X = np.zeros((len(columns[0]), self.features))
        for memory, cells in zip(self.memories, columns, strict=True):
            memory.fill_(X, cells, seen)
        return X


class _Sparse:
    """A column of texts, of which none comes again."""

    def __init__(self, column: Column) -> None:
        self.column, self.count = column, 1
        self.encode([["", None]], {})  # what it is made by is loaded now

    def encode(self, columns: Sequence[Sequence[Any]], seen: dict[str, Seen]) -> Block:
        """See `_Dense.encode`."""
        import pandas as pd

        cells, name = columns[0], self.column.name
        for row, cell in enumerate(cells):
            _check_kind(type(cell), row, name)
        block, found = self.column.encode(pd.Series(cells, dtype=object))
        if found.missing:
            seen[name] = found
        return block


class _Memory:
    """What a column makes of the cells that it has met.

    Args:
        column: of some numbers.
        start: the place of the first of them.
        most: cells to remember.
    """

    def __init__(self, column: Column, start: int, most: int) -> None:
        self.column, self.start, self.most = column, start, most
        self.known: dict[Hashable, Code] = {}
        usual = (*column.usual, None)[-most:]
        self._learn(list(enumerate(usual)))

    def fill_(self, X: NDArray[np.float64], cells: Sequence[Any], seen: dict[str, Seen]) -> None:
        """Write a column's numbers into X (N, D), which is 0 there."""
        start, known, new = self.start, self.known, list[tuple[int, Any]]()
        numbers = NUMBERS if self.column.takes_numbers else NONE
        if len(cells) > FEW and numbers.issuperset(map(type, cells)):
            X[:, start] = cells
            if isfinite(np.add.reduce(X[:, start])):
                return
        codes = list[tuple[int, Code]]()
        for row, cell in enumerate(cells):
            kind = type(cell)
            if kind in numbers and isfinite(cell):
                X[row, start] = cell
            elif (code := known.get(cell if kind is str else _key(cell, row, self.column.name))) is None:
                new.append((row, cell))
            else:
                codes.append((row, code))
        for row, code in [*codes, *self._learn(new)] if new else codes:
            for place, number in code[0]:
                X[row, place] = number
            if code[1] or code[2]:
                self._mark_(seen, len(X), row, code)

    def _mark_(self, seen: dict[str, Seen], rows: int, row: int, code: Code) -> None:
        """Keep that a cell is a gap or strange."""
        name = self.column.name
        if name not in seen:
            seen[name] = Seen(np.zeros(rows, bool), np.zeros(rows, bool))
        seen[name].gaps[row] = code.is_gap
        if (strange := seen[name].strange) is not None:
            strange[row] = code.is_strange

    def _learn(self, cells: list[tuple[int, Any]]) -> list[tuple[int, Code]]:
        """Codes of cells that were not met before, with their rows."""
        at_once = max(1, AT_ONCE // max(1, len(self.column.features)))
        codes = list[tuple[int, Code]]()
        for _, alike in groupby(sorted(cells, key=_by_type), _by_type):
            rows = list(alike)
            for low in range(0, len(rows), at_once):
                codes += self._ask(rows[low : low + at_once])
        return codes

    def _ask(self, cells: list[tuple[int, Any]]) -> Iterable[tuple[int, Code]]:
        """Codes of cells of one type, by the column itself."""
        import pandas as pd

        column, name = self.column, self.column.name
        found: Cells = pd.Series([cell for _, cell in cells])
        try:
            block, seen = column.encode(found)
        except FormatError as error:
            if not (wrong := column.find_unreadable(found)).any():
                raise
            row, cell = cells[int(wrong.argmax())]
            raise FormatError(f"row {row}, column {name!r} has {column.fault}: {cell!r:.60}") from error
        strange = np.zeros(len(cells), bool) if seen.strange is None else seen.strange
        for place, (row, cell) in enumerate(cells):
            at = block[place].nonzero()[0].tolist()
            numbers = tuple((self.start + one, float(block[place, one])) for one in at)
            code = Code(numbers, bool(seen.gaps[place]), bool(strange[place]))
            if not (isinstance(cell, str) and len(cell) > LONG):
                if len(self.known) >= self.most:
                    self.known.clear()
                self.known[_key(cell, row, name)] = code
            yield row, code


def _key(cell: Any, row: int, name: str) -> Hashable:
    """A cell as a key: 1, 1.0 and true are equal in Python, and not one cell; each NaN is no value."""
    kind = type(cell)
    if kind is str:
        return cell
    if cell is None:
        return GAP
    _check_kind(kind, row, name)
    return GAP if cell != cell else (kind, cell)


def _by_type(numbered: tuple[int, Any]) -> str:
    return type(numbered[1]).__name__


def _check_kind(kind: type, row: int, name: str) -> None:
    if kind not in CELL_TYPES:
        what = {list: "a list", dict: "an object"}.get(kind, kind.__name__)
        raise FormatError(f"row {row}, column {name!r} is {what}: expected one value")
