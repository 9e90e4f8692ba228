"""`iter_text`: a text table some rows at a time, whose faults are named wherever in the file they stand."""

from __future__ import annotations

import codecs
import contextlib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import (
    decode,
    encoding_of,
    open_packed,
    read_head,
    rewind,
    skip_row,
)  # fmt: skip
from linnet.data.formats.header import count_line, has_names_in, name_columns
from linnet.data.formats.layout import SAMPLE, head_rows, open_rows
from linnet.data.formats.odd_rows import check_short, odd_rows, say_long
from linnet.data.formats.text_table import refusing
from linnet.errors import FormatError
from linnet.schema.cells import Frame

BLOCK = 1 << 20
"""Bytes that are decoded at once where a fault is looked for."""


@dataclass(frozen=True, eq=False)
class _Stream:
    """A text table whose beginning is known.

    Args:
        source: a file, which may be compressed, or one in memory.
        name: of it, for messages.
        encoding: of the text.
        separator: between cells.
        names: of the columns.
        above: lines before them that are passed over: comments, or one that names the separator.
        has_head: whether a row before the cells names the columns, or counts the rows.
    """

    source: Path | io.BytesIO
    name: str
    encoding: str
    separator: str
    names: list[str]
    above: int
    has_head: bool

    @contextlib.contextmanager
    def open(self) -> Iterator[io.TextIOWrapper]:
        """The lines of the rows."""
        with _open(self.source) as file:
            lines = io.TextIOWrapper(file, self.encoding, newline="")
            rewind(lines, self.above)
            if self.has_head:
                skip_row(lines, self.separator)
            yield lines

    def _count_above(self) -> int:
        """How many lines stand before the rows."""
        with _open(self.source) as file:
            lines = rewind(io.TextIOWrapper(file, self.encoding, newline=""), self.above)
            return self.above + (skip_row(lines, self.separator) if self.has_head else 0)

    def check_short(self) -> None:
        """Refuse rows of too few cells, wherever they stand.

        Raises:
            FormatError: there are some.
        """
        with self.open() as lines:
            check_short(lines, self.name, self.separator, len(self.names), self._count_above())

    def check_beginning(self) -> None:
        """Refuse rows of too many cells among the first, before pandas is imported.

        Raises:
            FormatError: there are some.
        """
        with self.open() as lines, contextlib.suppress(UnicodeDecodeError):  # which is said with its place
            first = itertools.islice(lines, SAMPLE)
            long, _ = odd_rows(first, self.separator, len(self.names), self._count_above())
            if long:
                raise FormatError(say_long(self.name, len(self.names), long[0]))

    def find_fault(self) -> str:
        """Where the text is not in its encoding, in words."""
        decoder, start = codecs.getincrementaldecoder(self.encoding)(), 0
        with _open(self.source) as file:
            while True:
                block = file.read(BLOCK)
                before = len(decoder.getstate()[0])  # bytes of a character that is not whole yet
                try:
                    decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    return f"{error.reason} at byte {start - before + error.start:,}"
                if not block:
                    return "its end"
                start += len(block)


def _open(source: Path | io.BytesIO) -> Any:
    """A file's bytes from the beginning, whoever else reads it."""
    return open_packed(source) if isinstance(source, Path) else io.BytesIO(source.getvalue())


def iter_text(
    source: Path | io.BytesIO, options: TableOptions, rows: int, columns: Sequence[str] | None = None
) -> Iterator[Frame]:
    """The cells of a text table as text, some rows at a time; one frame without rows where there are none.

    Args:
        source: a file, which may be compressed, or one in memory.
        options: what it does not tell by itself.
        rows: at a time.
        columns: a first line that has all of these names the columns.

    Raises:
        FormatError: it is no table, or it is not clear how it is to be read.
    """
    stream = _begin(source, options, columns)
    stream.check_beginning()
    try:
        yield from _iter_csv(stream, rows)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{stream.name} is not text in {stream.encoding.removesuffix('-sig')} to its end "
            f"({stream.find_fault()}): say its encoding, such as --encoding latin-1 (encoding= in Python), "
            "or save it as “CSV UTF-8”"
        ) from error
    except ValueError as error:
        raise FormatError(f"{stream.name} cannot be read: {error}") from error


def _begin(source: Path | io.BytesIO, options: TableOptions, columns: Sequence[str] | None) -> _Stream:
    """What a table's beginning tells of it."""
    name = str(source) if isinstance(source, Path) else "the standard input"
    with _open(source) as file:
        head, is_cut = read_head(file)
        text, _ = decode(head, name, options.encoding, is_cut=is_cut)
        text = (is_cut and text[: text.rfind("\n") + 1]) or text
        rest, separator, above = open_rows(text, name)
        first = head_rows(rest, separator, name)
        if not first:
            raise FormatError(f"{name} is not a table: it is empty")
        encoding = options.encoding or encoding_of(head, name, is_cut=is_cut)
        has_names = has_names_in(first, name, options, columns)
        file.seek(0)
        # Whether all of it is in the encoding is found where its rows are read.
        lines = rewind(io.TextIOWrapper(file, encoding, errors="replace", newline=""), above)
        counted = None if has_names else count_line(lines, first)
    names = name_columns(first[counted is not None], has_names)
    return _Stream(source, name, encoding, separator, names, above, has_names or counted is not None)


def _iter_csv(stream: _Stream, rows: int) -> Iterator[Frame]:
    import pandas as pd

    places, is_checked = list(range(len(stream.names))), len(stream.names) == 1
    with stream.open() as lines:
        try:
            with refusing(stream.name):
                reader: Any = pd.read_csv(
                    lines, header=None, names=places, dtype=str, sep=stream.separator, index_col=False,
                    chunksize=rows, keep_default_na=False, skipinitialspace=True,
                )  # fmt: skip
        except pd.errors.EmptyDataError:
            yield pd.DataFrame(columns=stream.names, dtype=object)
            return
        while True:
            with refusing(stream.name):  # which is not to last beyond the rows
                frame = next(reader, None)
            if frame is None:
                return
            # A row that ends early has an empty last cell: without one the file is gone through once.
            if not is_checked and (frame[places[-1]] == "").any():
                stream.check_short()
                is_checked = True
            yield frame.reset_index(drop=True).set_axis(stream.names, axis=1)
