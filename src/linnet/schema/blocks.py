"""The encoded rows of several columns beside each other: dense, or sparse where they are many and wide."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.cells import Cells, Frame
from linnet.schema.coded import SomeRows
from linnet.schema.columns import Block, Column, Seen
from linnet.schema.one_hot import OneHot

MOST_DENSE = 50_000_000
"""Numbers of categories that are made dense, at 8 bytes each; of more only the ones are kept."""


def is_wide(columns: Sequence[Column], rows: int) -> bool:
    """Whether the levels of so many rows are too many for a dense block."""
    return rows * sum(one.width for one in columns if isinstance(one, OneHot)) > MOST_DENSE


PIECE = 1 << 18
"""Rows that are encoded at a time where only the numbers that are not 0 are kept."""


def encode_blocks(columns: Sequence[Column], cells: Mapping[str, Cells]) -> tuple[Block, dict[str, Seen]]:
    """Columns beside each other, (N, D), and what was seen in each.

    Args:
        columns: fitted.
        cells: of each, (N,), by name.
    """
    found = {one.name: one.encode(cells[one.name]) for one in columns}
    return join_blocks([block for block, _ in found.values()]), {
        name: seen for name, (_, seen) in found.items()
    }


def encode_wide(columns: Sequence[Column], frame: Frame | SomeRows) -> tuple[Block, dict[str, Seen]]:
    """The same, sparse, some rows at a time, so that little more than the result is in memory.

    Args:
        columns: fitted.
        frame: of their cells, and others, (N, columns).
    """
    kept, seen, count = _Kept(), {one.name: list[Seen]() for one in columns}, len(frame)
    for low in range(0, count, PIECE):
        piece = _between(frame, low, low + PIECE)
        found = {one.name: _encode(one, piece[one.name], frame) for one in columns}
        for name, (_, of_piece) in found.items():
            seen[name].append(of_piece)
        kept.add([block for block, _ in found.values()], (count - low) / len(piece))
    return kept.matrix(sum(len(one.features) for one in columns)), {
        name: Seen.of(parts) for name, parts in seen.items()
    }


def _between(frame: Frame | SomeRows, low: int, high: int) -> Frame:
    return frame.between(low, high) if isinstance(frame, SomeRows) else frame.iloc[low:high]


def _encode(column: Column, cells: Cells, frame: Frame | SomeRows) -> tuple[Block, Seen]:
    """Some cells of a column; what cannot be read is said of all, by their rows in the frame."""
    encode = column.encode_sparse if isinstance(column, OneHot) else column.encode
    try:
        return encode(cells.reset_index(drop=True))
    except FormatError:
        encode(frame[column.name].reset_index(drop=True))
        raise


class _Kept:
    """The numbers of rows that are not 0, and their columns: arrays that grow in place."""

    def __init__(self) -> None:
        self.size = 0
        self.values, self.places = np.empty(0), np.empty(0, np.int32)
        self.counts = list[NDArray[np.int64]]()

    def _resize(self, size: int) -> None:
        self.values.resize(size, refcheck=False)  # nothing else refers to them
        self.places.resize(size, refcheck=False)

    def matrix(self, width: int) -> Block:
        """All rows, (N, D), whose arrays are those kept here."""
        from scipy.sparse import csr_array

        self._resize(self.size)
        starts = np.concatenate([np.zeros(1, np.int64), *self.counts]).cumsum()
        if self.size <= np.iinfo(np.int32).max:  # both of one type, or scipy copies them
            starts = starts.astype(np.int32)
        return csr_array((self.values, self.places, starts), shape=(len(starts) - 1, width))

    def add(self, blocks: Sequence[Block], share: float) -> None:
        """Take more rows in.

        Args:
            blocks: of each column, (n, d).
            share: how many times as many rows are still to come, these among them.
        """
        entries = [_entries_of(block) for block in blocks]
        counts = [np.bincount(rows, minlength=blocks[0].shape[0]) for rows, _, _ in entries]
        total = np.sum(counts, axis=0)
        size = int(total.sum())
        if self.size + size > len(self.values):
            self._resize(self.size + math.ceil(size * share * 1.02))
        at, low = self.size + total.cumsum() - total, 0
        for block, count, (rows, places, values) in zip(blocks, counts, entries, strict=True):
            within = np.arange(len(rows)) - (count.cumsum() - count)[rows]
            goes = at[rows] + within
            self.values[goes], self.places[goes] = values, places + low
            at, low = at + count, low + block.shape[1]
        self.size += size
        self.counts.append(total)


def _entries_of(block: Block) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Rows, columns and values of what is not 0 in a block, row by row."""
    if isinstance(block, np.ndarray):
        rows, places = block.nonzero()
        return rows, places, block[rows, places]
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    return rows, block.indices, block.data


def join_blocks(blocks: Sequence[Block]) -> Block:
    """The encoded rows of columns beside each other, (N, D): sparse where one of them is."""
    if all(isinstance(block, np.ndarray) for block in blocks):
        return np.column_stack(blocks)
    kept = _Kept()
    kept.add(blocks, 1.0)
    return kept.matrix(sum(block.shape[1] for block in blocks))
