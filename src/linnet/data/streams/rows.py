"""`StreamedRows`: the rows of files that are never held whole, or some of them, numbered from 0."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.streams.row_files import MAPPED, RowFile
from linnet.data.streams.shuffle import Array, Stretch, plan_windows
from linnet.dist.processes import Processes
from linnet.errors import UsageError

LANES = 16
"""Sections that are read side by side, unless they are mapped into memory: each is decoded by itself."""

WINDOW_BYTES = 32 << 20
"""Of the rows of a window, within which they are shuffled; half of it where sections are decoded."""


class StreamedRows:
    """Rows of files, in their order.

    Args:
        files: of one kind.
        kept: which of all rows are these, (N,); None where all are.
    """

    def __init__(self, files: Sequence[RowFile], kept: NDArray[np.bool_] | None = None) -> None:
        self.files, self.kept = tuple(files), kept
        self._sections = [(file, number) for file in self.files for number in range(len(file.sections))]
        sizes = [rows for file in self.files for rows in file.sections]
        self._firsts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])  # among all rows
        counts = sizes
        if kept is not None:
            bounds = zip(self._firsts[:-1].tolist(), self._firsts[1:].tolist(), strict=True)
            counts = [int(np.count_nonzero(kept[low:high])) for low, high in bounds]
        self.starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])  # among these
        self.columns = self.files[0].columns

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def features(self) -> int:
        """D."""
        return self.columns.features

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers, as they are stored."""
        return self.columns.dtype

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what tells the files from others, and of which rows are taken."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.path.name} {file.mark} {file.sections}".encode())
        digest.update(f"{self.columns}".encode())
        if self.kept is not None:
            digest.update(np.packbits(self.kept).data)
        return digest.hexdigest()

    def take(self, index: Array | slice) -> StreamedRows:
        """Some of the rows, in the same order.

        Raises:
            UsageError: they are asked for in another order, or twice.
        """
        if not (isinstance(index, np.ndarray) and index.dtype == bool):
            numbers = np.arange(len(self))[index]
            if len(numbers) > 1 and bool((np.diff(numbers) <= 0).any()):
                raise UsageError("rows of a stream keep their order, and none is there twice")
            index = np.zeros(len(self), bool)
            index[numbers] = True
        if self.kept is None:
            return StreamedRows(self.files, index)
        kept = np.zeros_like(self.kept)
        kept[self.kept] = index
        return StreamedRows(self.files, kept)

    @classmethod
    def join(cls, parts: Sequence[StreamedRows]) -> StreamedRows:
        """The rows of several parts, one after the other.

        Raises:
            UsageError: their rows are not alike.
        """
        first = parts[0]
        if any((one.features, one.dtype) != (first.features, first.dtype) for one in parts):
            raise UsageError("rows of streams that differ in number or type of features cannot be joined")
        kept = [np.ones(int(one._firsts[-1]), bool) if one.kept is None else one.kept for one in parts]
        return cls([file for one in parts for file in one.files], np.concatenate(kept))

    def read(self, section: int, skip: int = 0) -> Iterator[Array]:
        """The rows of a section from one on, some at a time, (n, D)."""
        file, number = self._sections[section]
        if self.kept is None:
            yield from file.read(number, skip)
            return
        mask = self.kept[self._firsts[section] : self._firsts[section + 1]]
        places = np.flatnonzero(mask)
        if skip >= len(places):
            return
        place = int(places[skip])
        for rows in file.read(number, place):
            some = mask[place : place + len(rows)]
            place += len(rows)
            if some.any():
                yield rows if some.all() else rows[some]

    def iterate(self, first: int = 0) -> Iterator[Array]:
        """All rows from one on, in order, some at a time, (n, D)."""
        return (
            rows for [rows] in self._through(first, lambda file, row: ([own] for own in file.iterate(row)))
        )

    def stored(self, first: int = 0) -> Iterator[list[Array]]:
        """As `iterate`, of cells as their files have them: each column's, (n, width)."""
        return self._through(first, lambda file, row: file.stored(row))

    def _through(
        self, first: int, read: Callable[[RowFile, int], Iterator[list[Array]]]
    ) -> Iterator[list[Array]]:
        """Go through the files from one of the rows on.

        Args:
            first: that row.
            read: gives arrays of a file's rows from one of them on, (n, …) each, some rows at a time.
        """
        if first >= len(self):
            return
        start = int(self.places_of(np.array([first]))[0])
        for file, low, high in self._bounds():
            if high <= start:
                continue
            file.check_unchanged()
            place = max(low, start)
            for cells in read(file, place - low):
                mask = None if self.kept is None else self.kept[place : place + len(cells[0])]
                place += len(cells[0])
                if mask is None or mask.all():
                    yield cells
                elif mask.any():
                    yield [part[mask] for part in cells]

    def _bounds(self) -> Iterator[tuple[RowFile, int, int]]:
        """Each file, its first row among all rows, and the row behind its last."""
        low = 0
        for file in self.files:
            yield file, low, low + sum(file.sections)
            low += sum(file.sections)

    def places_of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which of all rows some of these are, by their numbers."""
        if self.kept is None:
            return index
        places = np.empty(len(index), np.int64)
        sections = np.searchsorted(self.starts, index, "right") - 1
        order = np.argsort(sections, kind="stable")
        cuts = np.flatnonzero(np.diff(sections[order])) + 1
        for some in np.split(order, cuts):
            if len(some):
                low, high = self._firsts[sections[some[0]] : sections[some[0]] + 2].tolist()
                places[some] = (
                    low + np.flatnonzero(self.kept[low:high])[index[some] - self.starts[sections[some[0]]]]
                )
        return places

    def check_unchanged(self) -> None:
        """Refuse to go on where a file is another than it was.

        Raises:
            DataError: naming it.
        """
        for file in self.files:
            file.check_unchanged()

    def gather(self, index: NDArray[np.int64]) -> Array:
        """Rows by their numbers, in any order, (B, D); each section that has one is read once."""
        self.check_unchanged()
        if self.is_mapped:
            return self.take_mapped(self.places_of(index))
        out = np.empty((len(index), self.features), self.dtype)
        order = np.argsort(index, kind="stable")
        sections = np.searchsorted(self.starts, index[order], "right") - 1
        for section in np.unique(sections).tolist():
            wanted = order[sections == section]
            places = index[wanted] - int(self.starts[section])
            place = int(places[0])
            for rows in self.read(section, place):
                here = (places >= place) & (places < place + len(rows))
                out[wanted[here]] = rows[places[here] - place]
                place += len(rows)
                if place > places[-1]:
                    break
        return out

    def take_mapped(self, places: NDArray[np.int64]) -> Array:
        """Rows of mapped files by their places among all rows, (B, D)."""
        if len(self.files) == 1:
            return self.files[0].take(places)
        out = np.empty((len(places), self.features), self.dtype)
        for file, low, high in self._bounds():
            here = np.flatnonzero((places >= low) & (places < high))
            if len(here):
                out[here] = file.take(places[here] - low)
        return out

    def first_windows(self, count: int, seed: int = 0) -> list[NDArray[np.int64]]:
        """The numbers of the rows of the first windows of an epoch; no row is read for it."""
        return [self.numbers_of(window) for window in itertools.islice(self.plan(seed, 0), count)]

    def plan(self, seed: int, epoch: int) -> Iterator[list[Stretch]]:
        """Which rows make up each window of an epoch, see `plan_windows`; no row is read for it."""
        return plan_windows(np.diff(self.starts), self.lanes, self.piece, seed, epoch)

    def numbers_of(self, window: Sequence[Stretch]) -> NDArray[np.int64]:
        """The numbers of a window's rows, stretch after stretch."""
        return np.concatenate([np.arange(one.low, one.high) + self.starts[one.section] for one in window])

    def check_shared(self, processes: Processes) -> None:
        """Refuse more processes than there are sections side by side.

        Raises:
            UsageError: saying how many can share the rows.
        """
        if self.is_mapped or processes.size <= self.lanes:
            return
        lanes, name = self.lanes, self.files[0].path.name
        fit = "one process" if lanes == 1 else f"1 to {lanes} processes"
        raise UsageError(
            f"the rows of {name} are read in {lanes} part{'s side by side' * (lanes > 1)}, of which each "
            f"process needs one: take {fit}, not {processes.size}, or an Arrow file without compression "
            "(linnet data convert), which any number can share"
        )

    @property
    def lanes(self) -> int:
        """Sections of which a window has rows."""
        height = min(MAPPED, self.files[0].sections[0]) if self.is_mapped and self._sections else 1
        most = max(1, self._window_rows // height) if self.is_mapped else LANES
        return max(1, min(most, len(self._sections)))

    @property
    def piece(self) -> int:
        """Rows of a section that a window has."""
        return max(1, self._window_rows // self.lanes)

    @property
    def is_mapped(self) -> bool:
        """Whether any rows can be had at once."""
        return all(file.is_mapped for file in self.files)

    @property
    def _window_rows(self) -> int:
        most = WINDOW_BYTES if self.is_mapped else WINDOW_BYTES // 2
        return max(1, most // (self.features * self.dtype.itemsize))
