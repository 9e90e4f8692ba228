"""Rows that come as batches of a Python iterable, as `RowFile` has them: gone through anew for every pass."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import SectionFile
from linnet.errors import DataError, UsageError

Source = Callable[[], Iterable[Any]] | Iterable[Any]
"""Gives an iterator over pairs (X, y) whenever it is called, or whenever one asks for its iterator."""


class Batch(NamedTuple):
    """Some rows.

    Args:
        X: their features, (B, D), as they are stored.
        y: their targets, (B,) or (B, K), as they came.
    """

    X: NDArray[Any]
    y: NDArray[Any]

    @property
    def mark(self) -> int:
        """A number made of the targets and of the first and the last row."""
        parts = (np.ascontiguousarray(part) for part in (self.y, self.X[0], self.X[-1]))
        found = 0
        for part in parts:
            found = zlib.crc32(part.view(np.uint8).data if part.size else b"", found)
        return found


class Counted(NamedTuple):
    """What a first pass over batches told.

    Args:
        rows: of each batch.
        marks: of each batch, see `Batch.mark`.
        columns: the features of all.
    """

    rows: Sequence[int]
    marks: Sequence[int]
    columns: Columns


class BatchRows(SectionFile):
    """The rows of batches, one section, as they can be read only in order.

    Args:
        name: what to call them.
        read: gives the batches of a pass.
        counted: what the first pass told.
    """

    def __init__(self, name: str, read: Callable[[], Iterator[Batch]], counted: Counted) -> None:
        self._read, self._counted = read, counted
        self._starts = np.concatenate([[0], np.cumsum(counted.rows, dtype=np.int64)])
        super().__init__(Path(name), counted.columns)
        self.sections = (int(self._starts[-1]),)

    def _mark(self) -> tuple[int, int]:
        """The number of the rows, and a number made of the marks of the batches."""
        digest = hashlib.sha256(np.array(self._counted.marks, np.uint32).data)
        return int(self._starts[-1]), int.from_bytes(digest.digest()[:8], "big")

    def check_unchanged(self) -> None:
        """Nothing: each batch is looked at when it comes."""

    def place(self, row: int) -> str:
        """The batch that a row is in, and its place in it."""
        batch = int(np.searchsorted(self._starts, row, "right")) - 1
        return f"batch {batch + 1:,}, row {row - int(self._starts[batch]) + 1:,}"

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`; batches before the first row wanted are gone through, too.

        Raises:
            DataError: the batches are others than those of the first pass.
        """
        number = 0
        for number, batch in enumerate(self._read(), 1):
            self._check_same(number, batch)
            first, high = self._starts[number - 1 : number + 1].tolist()
            if high > skip:
                rows = batch.X.astype(self.columns.dtype, copy=False)
                self._check_finite(rows, lambda row, first=first: first + row)
                yield rows[max(0, skip - first) :]
        if number < len(self._counted.rows):
            raise DataError(
                f"the batches ended after {number:,} of {len(self._counted.rows):,}: give a function "
                "that makes their iterator anew at each call, or an object that does so for each loop"
            )

    def _check_same(self, number: int, batch: Batch) -> None:
        """Refuse batches in another order, or of other rows: they would get the targets of others."""
        known = self._counted
        if number <= len(known.rows):
            rows, mark = known.rows[number - 1], known.marks[number - 1]
            if (len(batch.X), batch.mark) == (rows, mark):
                return
        raise DataError(
            f"batch {number:,} is another than in the first pass: batches come with the same rows in one "
            "order every time (no shuffle=True, no random changes; linnet shuffles within a window by itself)"
        )


def iterate(source: Source) -> Iterator[Any]:
    """A pass over batches, from the first on.

    Raises:
        UsageError: there is but one, so that there is no second pass.
    """
    found = source() if callable(source) else source
    try:
        batches = iter(found)
    except TypeError as error:
        raise UsageError(
            f"the function of batches gave a {type(found).__name__}: it returns an iterator over pairs (X, y)"
        ) from error
    if batches is found and not callable(source):
        raise UsageError(
            f"a {type(found).__name__} can be gone through once, and rows are counted before they are "
            "trained on: give the function that makes it, linnet.load(lambda: batches(), stream=True)"
        )
    return batches
