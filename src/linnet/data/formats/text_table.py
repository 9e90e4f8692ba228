"""Text tables as frames of their cells: what stands in the file tells encoding, separator and header."""

from __future__ import annotations

import codecs
import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import decode, encoding_of
from linnet.data.formats.layout import Layout, lay_out, plain_columns
from linnet.data.formats.odd_rows import count_lines, odd_rows, row_lines, say_long, say_short
from linnet.data.formats.typed_text import GAPS, read_typed
from linnet.errors import FormatError
from linnet.schema.cells import Frame
from linnet.schema.named_rows import Lines

BEGINNING = 1 << 22
"""Bytes of a file by which its layout is known."""

KEPT = 1 << 26
"""Bytes of a file in memory up to which it is kept until its table is read, for the lines of its rows."""

UTF8 = ("utf-8", "utf8", "utf-8-sig", "utf_8", "utf_8_sig")
"""Names of the encoding that Arrow reads."""


@dataclass(frozen=True, eq=False)
class TextTable:
    """The cells of a text table.

    Args:
        frame: a column a column, of text, or of numbers where all are plain.
        notes: what was not as usual.
        classes: that a first line names, by their places; empty where none does.
        lines: in which the rows begin; None where that is not known.
    """

    frame: Frame
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    lines: Lines | None = None


def read_text(source: bytes | Path, name: str, options: TableOptions) -> TextTable:
    """The cells of a table in text: by Arrow where it reads as pandas does, which is the slower reference.

    Args:
        source: the file, or what stands in it.
        name: what to call it in messages.
        options: what was said of it.

    Raises:
        FormatError: it is no table, or it is not clear how it is to be read.
    """
    head, is_cut = _beginning(source)
    encoding = options.encoding or encoding_of(head, name, is_cut=is_cut)
    if encoding.lower() not in UTF8:
        return _read_decoded(source, name, options, may_be_typed=True)
    text = _decode_lines(head, name, options, is_cut)
    layout = lay_out(text, source, name, options)
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    start = mark + len(text[: layout.start].encode())
    frame = _read_typed(source, start, layout, options)
    if frame is None:
        return _read_decoded(source, name, options, may_be_typed=False)
    return TextTable(frame, layout.notes, layout.classes, _lines_of(source, layout, name, options))


def read_names(path: Path, options: TableOptions) -> list[str]:
    """The names of a text table's columns, as its beginning tells them.

    Raises:
        FormatError: it is no table.
    """
    head, is_cut = _beginning(path)
    return lay_out(_decode_lines(head, str(path), options, is_cut), path, str(path), options).names


def _decode_lines(head: bytes, name: str, options: TableOptions, is_cut: bool) -> str:
    """The text at a file's beginning, without a line whose end lacks."""
    text, _ = decode(head, name, options.encoding, is_cut=is_cut)
    return (is_cut and text[: text.rfind("\n") + 1]) or text


def _read_decoded(source: bytes | Path, name: str, options: TableOptions, *, may_be_typed: bool) -> TextTable:
    """The cells of a table that has to be decoded first, or that pandas alone reads."""
    content = source.read_bytes() if isinstance(source, Path) else source
    text, notes = decode(content, name, options.encoding)
    layout = lay_out(text, content, name, options)
    start = len(text[: layout.start].encode())
    frame = _read_typed(text.encode(), start, layout, options) if may_be_typed else None
    if frame is None:
        frame = _read(text, name, layout, options)
    lines = _lines_of(source, layout, name, options)
    return TextTable(frame, (*notes, *layout.notes), layout.classes, lines)


def _lines_of(source: bytes | Path, layout: Layout, name: str, options: TableOptions) -> Lines | None:
    """What finds the lines of a table's rows; none of a file in memory that is too large to be kept."""
    if not isinstance(source, Path) and len(source) > KEPT:
        return None

    @cache
    def find() -> list[int]:
        content = source.read_bytes() if isinstance(source, Path) else source
        text, _ = decode(content, name, options.encoding)
        rows = io.StringIO(text[layout.start :], newline="")
        return row_lines(rows, layout.separator, count_lines(text[: layout.start]))

    return find


def _beginning(source: bytes | Path) -> tuple[bytes, bool]:
    """A file's beginning, and whether there is more of it."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(BEGINNING)
            return head, bool(file.read(1))
    return source[:BEGINNING], len(source) > BEGINNING


def _read_typed(source: bytes | Path, start: int, layout: Layout, options: TableOptions) -> Frame | None:
    plain, whole = plain_columns(layout, options)
    return read_typed(source, start, layout.names, layout.separator, plain, whole)


def _read(text: str, name: str, layout: Layout, options: TableOptions) -> Frame:
    """All rows, by pandas: numbers in the columns that have nothing else, and text in the others."""
    width = len(layout.names)
    rows, above = io.StringIO(text[layout.start :], newline=""), count_lines(text[: layout.start])
    long, short = odd_rows(rows, layout.separator, width, above)
    if long:  # before pandas is imported
        raise FormatError(say_long(name, width, long[0]))
    if short and '"' not in text:  # a quote that is not closed would cut its row, and is said by pandas
        raise FormatError(say_short(name, width, short))
    plain, whole = plain_columns(layout, options)
    lines, places = io.StringIO(text, newline=""), range(len(layout.names))
    plain = plain - whole
    for kinds in (
        {place: "float64" if place in plain else str for place in places},
        dict.fromkeys(places, str),
    ):
        lines.seek(layout.start)
        try:
            frame = _read_csv(lines, kinds, layout.separator, name)
        except (ValueError, OverflowError) as error:
            if "float64" not in kinds.values():
                raise FormatError(f"{name} cannot be read: {error}") from error
            continue
        if short:
            raise FormatError(say_short(name, width, short))
        return frame.set_axis(layout.names, axis=1)
    raise AssertionError("text can be read as text")


def _read_csv(lines: io.StringIO, kinds: Any, separator: str, name: str) -> Frame:
    import pandas as pd

    numbers = [place for place, kind in kinds.items() if kind == "float64"]
    precise: dict[str, Any] = (
        {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    )  # then as it is
    with refusing(name):
        try:
            return pd.read_csv(
                lines, header=None, names=list(kinds), dtype=kinds, sep=separator, index_col=False,
                na_values=dict.fromkeys(numbers, GAPS), keep_default_na=False, skipinitialspace=True,
                **precise,
            )  # fmt: skip
        except pd.errors.EmptyDataError:
            raise FormatError(f"{name} has no rows") from None


@contextlib.contextmanager
def refusing(name: str) -> Iterator[None]:
    """Refuse rows of more cells than the first, which pandas cuts or calls otherwise.

    Args:
        name: of the file, for messages.

    Raises:
        FormatError: there are some, or a quote is not closed.
    """
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # they would be cut
        try:
            yield
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            if "inside string" in str(error):
                raise FormatError(f"{name} has a quote that is not closed") from error
            raise FormatError(f"{name} has rows of more cells than its first ({error})") from error
