"""`EncodedFile`: rows of a table's file as a schema encodes them, some at a time, whenever they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.blocks import Block, TableBlocks, source_of
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import SectionFile
from linnet.errors import DataError, FormatError
from linnet.schema.columns import Column, Number
from linnet.schema.named_rows import NamedRows, naming_rows
from linnet.schema.schema import Schema


@dataclass(frozen=True, eq=False)
class RowsOfFile(NamedRows):
    """Some rows of a file, from one on.

    Args:
        blocks: of the file.
        first: the number of the first among the rows of the file.
    """

    blocks: TableBlocks | None = None
    first: int = 0

    def name(self, place: int) -> str:
        """See `NamedRows.name`."""
        assert self.blocks is not None
        return f"{self.blocks.name_row(self.first + place)} of {self.blocks.path}"


class EncodedFile(SectionFile):
    """A file of rows.

    Args:
        blocks: its cells.
        schema: by which they are encoded.
        bad: which of its rows cannot be read, (N,), and are zeros; None where all can.
    """

    def __init__(self, blocks: TableBlocks, schema: Schema, bad: NDArray[np.bool_] | None = None) -> None:
        columns = [column.to_json() for column in schema.columns]
        said = hashlib.sha256(json.dumps(columns, sort_keys=True).encode()).hexdigest()
        super().__init__(blocks.path, Columns((said,), (len(schema.features),), np.dtype(np.float64)))
        self.mark = blocks.mark  # the file may have been changed since its rows were counted
        self.blocks, self.schema, self.bad = blocks, schema, bad
        self.sections = blocks.sections

    @cached_property
    def _sources(self) -> set[str]:
        return {source_of(column.name, self.blocks.kinds)[0] for column in self.schema.columns}

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`; rows before the first wanted are read, too."""
        done, first = 0, self._first(section)
        for block in self.blocks.read(section, self._sources):
            before, done = done, done + block.rows
            if done > skip:
                yield self._encode(block, first + before)[max(0, skip - before) :]
        if done != self.sections[section]:
            raise DataError(f"{self.path} ended within {self.blocks.unit} {section + 1}: bring it back")

    def _encode(self, block: Block, first: int) -> NDArray[np.float64]:
        bad = None if self.bad is None else self.bad[first : first + block.rows]
        if bad is not None and bad.any():
            X = np.zeros((block.rows, len(self.schema.features)))
            some = Block(int((~bad).sum()), block.frame[~bad].reset_index(drop=True),
                         {name: rows[~bad] for name, rows in block.lists.items()})  # fmt: skip
            X[~bad] = encode_block(some, self.schema, self.blocks)
            return X
        if block.bad:
            row, reason = next(iter(block.bad.items()))
            raise FormatError(f"{self.path}: {self.blocks.name_row(first + row)} {reason}")
        with naming_rows(RowsOfFile(blocks=self.blocks, first=first)):
            return encode_block(block, self.schema, self.blocks)


def encode_block(block: Block, schema: Schema, blocks: TableBlocks) -> NDArray[np.float64]:
    """Rows as a schema encodes them, dense, (n, D).

    Raises:
        FormatError: a cell cannot be read.
    """
    import pandas as pd

    X, low, columns = np.empty((block.rows, len(schema.features))), 0, schema.columns
    at = 0
    while at < len(columns):
        source, place = source_of(columns[at].name, blocks.kinds)
        if place < 0:
            column = columns[at]
            high, at = low + len(column.features), at + 1
            _write(column, block.frame[source], X[:, low:high])
        elif run := _run(columns, at, source, place):
            high, at = low + run, at + run
            _copy(block.lists[source][:, place : place + run], X[:, low:high], columns[at - run : at])
        else:
            column = columns[at]
            high, at = low + len(column.features), at + 1
            _write(column, pd.Series(block.lists[source][:, place], dtype=np.float64), X[:, low:high])
        low = high
    return X


def _run(columns: tuple[Column, ...], at: int, source: str, place: int) -> int:
    """How many columns from one on are elements of a list in order, without gaps in training."""
    run = 0
    while at + run < len(columns):
        column = columns[at + run]
        if column.name != f"{source}[{place + run}]" or not isinstance(column, Number) or column.has_flag:
            break
        run += 1
    return run


def _copy(values: NDArray[Any], out: NDArray[np.float64], columns: tuple[Column, ...]) -> None:
    out[:] = values
    if np.isfinite(out.sum()):
        return
    for column, cells in zip(columns, out.T, strict=True):
        assert isinstance(column, Number)
        cells[np.isnan(cells)] = column.fill
        if np.isinf(cells).any():
            import pandas as pd

            column.encode(pd.Series(cells))  # which names the row


def _write(column: Column, cells: Any, out: NDArray[np.float64]) -> None:
    if column.is_dense:
        column.write(cells, out)
        return
    block, _ = column.encode(cells)
    out[:] = block.toarray()
