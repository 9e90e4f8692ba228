"""Rows of numbers in files that are never held whole, Parquet and Arrow's; nothing here needs torch.

A `RowFile` has its rows in sections that can be read on their own: a row group of Parquet, some rows of a
file that is mapped into memory. Within a section rows are read in order, some at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.streams.arrow_rows import (
    Columns,
    columns_as_rows,
    faults,
    is_mapped,
    is_parquet,
    mark_of,
    open_arrow,
    open_parquet,
    to_rows,
)
from linnet.data.streams.finite import are_finite
from linnet.errors import DataError, FormatError

MAPPED, MAPPED_BYTES, SECTIONS = 16, 1 << 15, 1 << 20
"""Rows of a section where a file is mapped into memory, any of them being at hand; fewer where they are long,
and more where it would have more sections than that."""

STORED = 1 << 15
"""Rows that are had at once where they are wanted as they are stored."""

PIECE_BYTES = 1 << 20
"""Of rows that are decoded at once: Parquet's reader holds some times as much."""


class RowFile(ABC):
    """A file of rows.

    Args:
        path: of it.
        columns: that its features are read from.
    """

    sections: tuple[int, ...]
    """The rows of each."""

    is_mapped: bool
    """Whether a section costs no more than its own rows, wherever it is."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path, self.columns = path, columns
        self.mark = self._mark()

    def _mark(self) -> tuple[int, int]:
        """What tells the file from another, see `mark_of`."""
        return mark_of(self.path)

    @property
    def piece(self) -> int:
        """Rows that are read at once."""
        return max(1, PIECE_BYTES // (self.columns.features * self.columns.dtype.itemsize))

    @abstractmethod
    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """The features of a section's rows from one on, some rows at a time, (n, D).

        Raises:
            FormatError: a cell is missing or no finite number, with its row.
        """

    @abstractmethod
    def iterate(self, first: int = 0) -> Iterator[NDArray[Any]]:
        """The features of all rows from one on, some rows at a time, (n, D).

        Raises:
            FormatError: as `read`.
        """

    def stored(self, first: int = 0) -> Iterator[list[NDArray[Any]]]:
        """The cells of rows from one on as they are stored, some at a time: each column's, (n, width)."""
        return ([rows] for rows in self.iterate(first))

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The features of some rows, in any order, (n, D); of a file that is mapped. Raises as `read`."""
        raise NotImplementedError("its sections are decoded as a whole")

    def place(self, row: int) -> str:
        """What a row is called."""
        return f"{self.path}: row {row + 1:,}"

    def check_unchanged(self) -> None:
        """Refuse to go on where the file is another than it was.

        Raises:
            DataError: it was changed, replaced or removed.
        """
        try:
            now = self._mark()
        except OSError as error:
            raise DataError(f"{self.path} has gone since it was first read: {error.strerror}") from error
        if now != self.mark:
            raise DataError(
                f"{self.path} was changed since it was first read: begin anew, or bring the old file back"
            )

    def _rows_of(self, batch: Any, first: int) -> NDArray[Any]:
        """A record batch that begins with a row of the file, as rows of finite numbers."""
        rows = to_rows(batch, self.columns, lambda row: self.place(first + row))
        self._check_finite(rows, lambda row: first + row)
        return rows

    def _check_finite(self, rows: NDArray[Any], number: Callable[[int], int]) -> None:
        """Refuse numbers that are not finite."""
        if rows.dtype.kind == "f" and not are_finite(rows):
            where = self.place(number(int((~np.isfinite(rows).all(axis=1)).argmax())))
            raise FormatError(f"{where} has a number that is missing or not finite: leave such rows out")


class SectionFile(RowFile):
    """A file whose sections are decoded, each as a whole."""

    is_mapped = False

    def iterate(self, first: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.iterate`."""
        low = 0
        for section, rows in enumerate(self.sections):
            if low + rows > first:
                yield from self.read(section, max(0, first - low))
            low += rows

    def _first(self, section: int) -> int:
        return sum(self.sections[:section])


class BatchFile(SectionFile):
    """A file of record batches."""

    def stored(self, first: int = 0) -> Iterator[list[NDArray[Any]]]:
        """See `RowFile.stored`."""
        low = 0
        for section, rows in enumerate(self.sections):
            for batch in self._batches(section) if low + rows > first else ():
                cells = columns_as_rows(batch, self.columns, lambda row, at=low: self.place(at + row))
                if low + len(batch) > first:
                    yield [part[max(0, first - low) :] for part in cells]
                low += len(batch)
            low += rows if low + rows <= first else 0

    @abstractmethod
    def _batches(self, section: int) -> Iterator[Any]:
        """The record batches of a section."""


class ParquetFile(BatchFile):
    """Row groups of Parquet, decoded some rows at a time."""

    def __init__(self, path: Path, columns: Columns) -> None:
        super().__init__(path, columns)
        meta = open_parquet(path).metadata
        self.sections = tuple(meta.row_group(group).num_rows for group in range(meta.num_row_groups))

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`; rows before the first wanted are decoded, too."""
        names, done, first = list(self.columns.names), 0, self._first(section)
        with faults(self.path), open_parquet(self.path) as file:
            for batch in file.iter_batches(self.piece, row_groups=[section], columns=names):
                before, done = done, done + len(batch)
                if done > skip:
                    yield self._rows_of(batch, first + before)[max(0, skip - before) :]
        if done != self.sections[section]:
            raise DataError(f"{self.path} ended within row group {section + 1}: bring the whole file back")

    def _batches(self, section: int) -> Iterator[Any]:
        names = list(self.columns.names)  # each thread that reads rows of its own decodes on its own
        with faults(self.path), open_parquet(self.path) as file:
            yield from file.iter_batches(STORED, row_groups=[section], columns=names, use_threads=False)


class PackedArrowFile(BatchFile):
    """An Arrow file whose batches are compressed."""

    def __init__(self, path: Path, columns: Columns, reader: Any) -> None:
        super().__init__(path, columns)
        self._reader = reader
        self.sections = tuple(self._batch(number).num_rows for number in range(reader.num_record_batches))

    def _batch(self, number: int) -> Any:
        with faults(self.path):
            return self._reader.get_batch(number).select(list(self.columns.names))

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`."""
        batch, first = self._batch(section), self._first(section)
        for low in range(skip, len(batch), self.piece):
            yield self._rows_of(batch.slice(low, self.piece), first + low)

    def _batches(self, section: int) -> Iterator[Any]:
        yield self._batch(section)


class MappedFile(RowFile):
    """A file whose rows can be had wherever they are, such as one that is mapped into memory."""

    is_mapped = True

    def _cut(self, rows: int) -> None:
        """Make sections of so many rows, each a few of them."""
        self._count = rows
        length = self.columns.features * self.columns.dtype.itemsize
        height = max(1, min(MAPPED, MAPPED_BYTES // length), -(-rows // SECTIONS))
        full, rest = divmod(rows, height)
        self.sections = (height,) * full + (rest,) * (rest > 0)

    @abstractmethod
    def _between(self, low: int, high: int) -> NDArray[Any]:
        """Rows that follow each other, (n, D).

        Raises:
            FormatError: as `read`.
        """

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`."""
        low = section * self.sections[0]
        yield self._between(low + skip, low + self.sections[section])

    def iterate(self, first: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.iterate`."""
        for low in range(first, self._count, self.piece):
            yield self._between(low, min(low + self.piece, self._count))


class MappedArrowFile(MappedFile):
    """An Arrow file that is not compressed, mapped into memory."""

    def __init__(self, path: Path, columns: Columns, reader: Any) -> None:
        super().__init__(path, columns)
        names = list(columns.names)
        with faults(path):
            batches = [reader.get_batch(number).select(names) for number in range(reader.num_record_batches)]
        self._firsts = np.concatenate([[0], np.cumsum([len(batch) for batch in batches], dtype=np.int64)])
        # Views of the file, a matrix of each column: they take no memory.
        self._views = [
            columns_as_rows(batch, columns, lambda row, first=first: self.place(first + row))
            for batch, first in zip(batches, self._firsts.tolist(), strict=False)
        ]
        self._cut(int(self._firsts[-1]))

    def _between(self, low: int, high: int) -> NDArray[Any]:
        """See `MappedFile`; of a single column of lists, within a batch, a view."""
        batch = int(np.searchsorted(self._firsts, low, "right")) - 1
        first, views = int(self._firsts[batch]), self._views[batch] if low < high else []
        if len(views) != 1 or high > self._firsts[batch + 1] or views[0].dtype != self.columns.dtype:
            return self.take(np.arange(low, high))
        rows = views[0][low - first : high - first]
        self._check_finite(rows, lambda row: low + row)
        return rows

    def stored(self, first: int = 0) -> Iterator[list[NDArray[Any]]]:
        """See `RowFile.stored`."""
        for low, views in zip(self._firsts.tolist(), self._views, strict=False):
            rows = len(views[0])
            for at in range(max(0, first - low), rows, STORED):
                yield [view[at : at + STORED] for view in views]

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `RowFile.take`."""
        out = np.empty((len(rows), self.columns.features), self.columns.dtype)
        batches = np.searchsorted(self._firsts, rows, "right") - 1
        for batch in np.unique(batches).tolist():
            here = np.flatnonzero(batches == batch)
            places, low = rows[here] - self._firsts[batch], 0
            for view in self._views[batch]:
                out[here, low : low + view.shape[1]] = view[places]
                low += view.shape[1]
        self._check_finite(out, lambda row: int(rows[row]))
        return out


def open_rows(path: Path, columns: Columns) -> RowFile:
    """A file of rows, by its suffix."""
    if is_parquet(path):
        return ParquetFile(path, columns)
    reader = open_arrow(path)
    return (MappedArrowFile if is_mapped(path) else PackedArrowFile)(path, columns, reader)
