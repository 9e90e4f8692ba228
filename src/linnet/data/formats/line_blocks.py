"""`LineBlocks`: files of rows in lines, in pieces that end with a row; where they lie one reading tells."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linnet.data.formats.blocks import Block, TableBlocks
from linnet.data.formats.encoding import PACKED, open_packed
from linnet.data.streams.pieces import Rejected
from linnet.errors import DataError, FormatError
from linnet.schema.cells import Frame

PIECE = 1 << 20
"""Bytes that are read at once, of which a section is made where the file is not packed."""

LONGEST = 1 << 26
"""Bytes that a row may have; where more are needed to end one, its quotes are not closed."""

QUOTE, BREAK = b'"\n'


class LineBlocks(TableBlocks):
    """A file of rows in lines.

    Args:
        path: of it.
        start: bytes before the rows.
        known: what an earlier reading found, see `TableBlocks.state`; None where there was none.
        is_lenient: whether lines that are no rows are left out, and no error.
        has_quotes: whether a row may have line breaks between quotes.
    """

    unit = "block"

    def __init__(
        self, path: Path, start: int, known: dict[str, Any] | None, *, is_lenient: bool, has_quotes: bool
    ) -> None:
        super().__init__(path)
        self.widths = {}
        self.start, self.is_lenient, self.has_quotes = start, is_lenient, has_quotes
        self.is_packed = path.suffix.lower() in PACKED
        self.offsets: list[tuple[int, int]] = []  # of each section: its first byte, and the one behind it
        if known is not None:
            self.offsets = [(low, high) for low, high in known["offsets"]]
            self.sections = tuple(known["rows"])
            self.rejected = tuple(Rejected(*one) for one in known["rejected"])

    @property
    def state(self) -> dict[str, Any]:
        """See `TableBlocks.state`."""
        rejected = [[one.file, one.place, one.reason] for one in self.rejected]
        return {"offsets": self.offsets, "rows": list(self.sections), "rejected": rejected}

    @abstractmethod
    def count(self, piece: bytes, row: int, line: int, rejected: list[Rejected]) -> int:
        """How many rows a piece has, which are looked at as far as it takes to know the columns.

        Args:
            piece: of the file.
            row: rows before it.
            line: lines before it.
            rejected: to which lines that are no rows are added.

        Raises:
            FormatError: there are some, and that is an error.
        """

    @abstractmethod
    def parse(self, piece: bytes, wanted: Collection[str]) -> tuple[Frame, dict[int, str]]:
        """The cells of some columns of a piece, of plain types, and why rows of it cannot be read."""

    def scan_(self, line: int) -> None:
        """Go through the file once, to know where its rows are; `line` is how many lines are before them."""
        offsets, rows, rejected, low = list[tuple[int, int]](), list[int](), list[Rejected](), self.start
        for piece in self._pieces():
            count = self.count(piece, sum(rows), line, rejected)
            offsets.append((low, low + len(piece)))
            rows.append(count)
            low, line = low + len(piece), line + piece.count(b"\n")
        self.rejected = tuple(rejected)
        if self.is_packed:
            self.offsets, self.sections = [], (sum(rows),) if sum(rows) else ()
            return
        kept = [place for place, count in enumerate(rows) if count]
        self.offsets, self.sections = [offsets[at] for at in kept], tuple(rows[at] for at in kept)

    def _pieces(self) -> Iterator[bytes]:
        """The bytes of the file some at a time, each time up to the end of a row."""
        with open_packed(self.path) as file:
            file.read(self.start)
            rest = b""
            while data := file.read(PIECE):
                rest += data
                cut = self._cut(rest)
                if cut:
                    yield rest[:cut]
                    rest = rest[cut:]
                elif len(rest) > LONGEST:
                    raise FormatError(
                        f"{self.path}: a row from byte {file.tell() - len(rest):,} on has no end: a quote is "
                        "not closed, or stands within a cell. Load it without --stream"
                    )
            if rest.strip():
                yield rest

    def _cut(self, data: bytes) -> int:
        """The end of the last whole row of some bytes, which begin one; 0 where there is none."""
        if not self.has_quotes or b'"' not in data:
            return data.rfind(b"\n") + 1
        signs = np.frombuffer(data, np.uint8)
        is_outside = np.cumsum(signs == QUOTE) % 2 == 0
        ends = np.flatnonzero((signs == BREAK) & is_outside)
        return int(ends[-1]) + 1 if len(ends) else 0

    def read(self, section: int, columns: Collection[str] | None = None) -> Iterator[Block]:
        """See `TableBlocks.read`."""
        wanted = [name for name in self.kinds if columns is None or name in columns]
        done = 0
        for piece in self._pieces() if self.is_packed else self._piece(section):
            frame, bad = self.parse(piece, wanted)
            for low in range(0, len(frame), self.height):
                some = frame.iloc[low : low + self.height].reset_index(drop=True)
                own = {row - low: reason for row, reason in bad.items() if low <= row < low + len(some)}
                yield Block(len(some), some, {}, own)
            done += len(frame)
        if done != self.sections[section]:
            raise DataError(f"{self.path} has other rows than when it was counted: begin anew")

    def _piece(self, section: int) -> Sequence[bytes]:
        low, high = self.offsets[section]
        try:
            with self.path.open("rb") as file:
                file.seek(low)
                piece = file.read(high - low)
        except FileNotFoundError as error:
            raise DataError(f"{self.path} is not there any more") from error
        if len(piece) < high - low:
            raise DataError(f"{self.path} ended within block {section + 1}: bring the whole file back")
        return [piece]
