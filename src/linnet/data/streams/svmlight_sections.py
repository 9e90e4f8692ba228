"""LIBSVM text as rows that are dense when they are read, in sections of lines, as `RowFile` has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.stored_arrays import MAX_FEATURES
from linnet.data.formats.svmlight_lines import Lines
from linnet.data.formats.svmlight_rows import Rows, parse, shift
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import SectionFile, mark_of
from linnet.errors import DataError, FormatError

SECTION_BYTES = 1 << 20
"""Of the text of a section, which is parsed at once; the last line may go beyond it."""

FEWEST = 16
"""Sections of a file that has the lines for them."""


class Section(NamedTuple):
    """Lines that follow each other.

    Args:
        low: the byte at which they begin.
        high: the byte behind them.
        line: lines before them.
        rows: of them that are rows.
    """

    low: int
    high: int
    line: int
    rows: int


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass over a file told; its rows are not held, but for their labels.

    Args:
        path: of the file.
        mark: see `mark_of`.
        sections: of it.
        y: the labels, (N,).
        base: see `Rows.base`.
        least: the smallest index that is written; 1 where none is.
        largest: the largest; −1 where none is.
    """

    path: Path
    mark: tuple[int, int]
    sections: Sequence[Section]
    y: NDArray[np.float64]
    base: int | None
    least: int
    largest: int

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name


def scan(path: Path) -> Scan:
    """Go through a file once.

    Raises:
        FormatError: a line is none of such text, or there are no rows.
    """
    sections, labels, base = list[Section](), list[Any](), None
    mark, least, largest, low, line = mark_of(path), MAX_FEATURES, -1, 0, 0
    # As many as are read side by side at least, so that as many processes can share them.
    height = min(SECTION_BYTES, max(1, -(-mark[0] // FEWEST)))
    with path.open("rb") as file:
        while content := file.read(height):
            content += file.readline()
            rows = _parse(path, content, line)
            sections.append(Section(low, low + len(content), line, len(rows.y)))
            labels.append(rows.y)
            base = rows.base if base is None else base
            least = min(least, rows.least) if rows.matrix.nnz else least
            largest = max(largest, rows.largest)
            low, line = low + len(content), line + content.count(b"\n")
    y = np.concatenate(labels) if labels else np.empty(0)
    if not len(y):
        raise FormatError(f"{path.name} has no rows")
    return Scan(path, mark, sections, y, base, 1 if largest < 0 else least, largest)


def _parse(path: Path, content: bytes, line: int) -> Rows:
    return parse(Lines(BytesIO(content), path.name, len(content), line), path.name)


class SvmlightFile(SectionFile):
    """The rows of a file of LIBSVM text, dense.

    Args:
        scan: what a pass over it told.
        base: from which number its indices count.
        width: D.
    """

    def __init__(self, scan: Scan, base: int, width: int) -> None:
        super().__init__(scan.path, Columns((f"from {base}",), (width,), np.dtype(np.float64)))
        self.mark = scan.mark  # the file may have been changed since
        self._scan, self._base = scan, base
        self.sections = tuple(one.rows for one in scan.sections)

    def read(self, section: int, skip: int = 0) -> Iterator[NDArray[Any]]:
        """See `RowFile.read`."""
        where, width = self._scan.sections[section], self.columns.features
        try:
            with self.path.open("rb") as file:
                file.seek(where.low)
                content = file.read(where.high - where.low)
        except OSError as error:
            raise DataError(f"{self.path} has gone since it was first read: {error.strerror}") from error
        rows = _parse(self.path, content, where.line)
        if len(content) < where.high - where.low or len(rows.y) != where.rows:
            raise DataError(f"{self.path} ended at line {where.line + 1:,}: bring the whole file back")
        if rows.largest - self._base >= width:
            raise DataError(f"{self.path} was changed since it was first read: begin anew")
        matrix = shift(rows, self._base, width)
        for low in range(skip, where.rows, self.piece):
            yield matrix[low : low + self.piece].toarray()
