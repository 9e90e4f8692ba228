"""`TextBlocks`: a table in text, some rows at a time, whose columns are what all rows show them to be."""

from __future__ import annotations

import codecs
import io
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import decode, encoding_of, open_packed
from linnet.data.formats.layout import Layout, lay_out, plain_columns
from linnet.data.formats.line_blocks import LineBlocks
from linnet.data.formats.odd_rows import count_lines, odd_rows, say_long, say_short
from linnet.data.formats.plain import check_twice
from linnet.data.formats.text_table import BEGINNING, UTF8
from linnet.data.formats.typed_text import ATTEMPTS, EXACT, GAPS, NotPlainError, place_of, without_space
from linnet.data.streams.pieces import Rejected
from linnet.errors import FormatError
from linnet.schema.cells import NO_NUMBER, Cells, Frame, NumberStyle, is_missing
from linnet.schema.mixed import MANY_NUMBERS


class TextBlocks(LineBlocks):
    """A table in text, in UTF-8, whose cells commas, semicolons, tabs or bars part.

    Args:
        path: of the file, which may be packed: then it is one section.
        options: what it does not tell by itself.
        known: as `LineBlocks` takes it.
    """

    def __init__(self, path: Path, options: TableOptions, known: Any = None) -> None:
        layout, start, line = _lay_out(path, options)
        is_lenient = options.errors in ("skip", "quarantine")
        super().__init__(path, start, known, is_lenient=is_lenient, has_quotes=True)
        self.layout, self.notes = layout, layout.notes
        self._width, self._names = len(layout.names), [name.strip() for name in layout.names]
        check_twice(self._names, None, str(path))
        self._plain, self._whole = plain_columns(layout, options)
        self._sure = {place for place in self._plain if is_lenient and _are_many(layout, place)}
        if known is not None:
            self._settle_({self._names.index(name) for name in known["plain"]})
        else:
            self._scan_(line)

    def _settle_(self, plain: set[int]) -> None:
        """Take columns as numbers, by their places, and the others as cells."""
        self._plain = plain
        self.kinds = {name: "number" if place in plain else "cells" for place, name in enumerate(self._names)}

    @property
    def state(self) -> dict[str, Any]:
        """See `TableBlocks.state`."""
        return {**super().state, "plain": [self._names[place] for place in sorted(self._plain)]}

    def take_as_cells_(self, name: str) -> None:
        """See `TableBlocks.take_as_cells_`."""
        self._settle_(self._plain - {self._names.index(name)})

    def _scan_(self, line: int) -> None:
        """Go through the file, again where a column turns out to be none of numbers."""
        for attempt in range(ATTEMPTS + 1):
            self._settle_(self._plain if attempt < ATTEMPTS else set())
            try:
                self.scan_(line)
            except NotPlainError as error:
                self._plain = self._plain - error.places
            else:
                return

    def count(self, piece: bytes, row: int, line: int, rejected: list[Rejected]) -> int:
        """See `LineBlocks.count`."""
        if not piece.strip():
            return 0
        has_whole = self._whole & self._plain
        if has_whole and any(sign in piece for sign in (b"0x", b"0X")):
            raise NotPlainError(has_whole)
        wrong = list[Any]()
        table = self._read(piece, sorted(self._plain) or [0], wrong)
        self._numbers(table)
        if wrong:
            self._set_apart_(piece, len(wrong), row, line, rejected)
        return table.num_rows

    def _set_apart_(self, piece: bytes, count: int, row: int, line: int, rejected: list[Rejected]) -> None:
        """Note rows of more or fewer cells, of which there are so many.

        Raises:
            FormatError: where they are an error.
        """
        text = io.StringIO(piece.decode("utf-8", "replace"), newline="")
        long, short = odd_rows(text, self.layout.separator, self._width, line)
        if len(long) + len(short) < count:
            raise FormatError(f"{self.path} has rows with separators behind their last cell: take these off")
        if not self.is_lenient:
            found = min((*long, *short), key=lambda one: one.row)
            said = type(found)(row + found.row, found.line, found.is_cut)
            name = str(self.path)
            what = (
                say_long(name, self._width, said) if found in long else say_short(name, self._width, [said])
            )
            raise FormatError(what + ("" if said.cause else ", by --errors skip (errors= in Python)"))
        for one in sorted((*long, *short), key=lambda odd: odd.line):
            more = "more" if one in long else "fewer"
            reason = f"has {more} cells than the {self._width} columns"
            rejected.append(Rejected(str(self.path), f"line {one.line:,}", reason))

    def parse(self, piece: bytes, wanted: Collection[str]) -> tuple[Frame, dict[int, str]]:
        """See `LineBlocks.parse`."""
        import pandas as pd

        places = [place for place, name in enumerate(self._names) if name in wanted]
        table = self._read(piece, places or [0], [])
        frame = table.to_pandas()
        columns, bad = dict[str, Cells](), dict[int, str]()
        for place in places:
            cells = frame[str(place)]
            if place in self._plain:
                cells, wrong = _as_numbers(cells, self._names[place])
                bad |= wrong
            elif cells.cat.categories.str.startswith(" ").any():
                cells = without_space(cells)
            columns[self._names[place]] = cells
        return pd.DataFrame(columns, index=range(len(frame)), copy=False), bad

    def _read(self, piece: bytes, places: list[int], wrong: list[Any]) -> Any:
        """Some columns of a piece as a table of Arrow; rows of more or fewer cells are left out.

        Raises:
            NotPlainError: one of those that are to be numbers is none.
            FormatError: the piece is no text.
        """
        import pyarrow as pa

        numbers = {place for place in places if place in self._plain}
        while True:
            try:
                return self._read_as(piece, places, numbers, wrong)
            except pa.ArrowException as error:
                place = place_of(str(error))
                if place not in numbers:
                    raise FormatError(f"{self.path} cannot be read: {error}") from error
                if place not in self._sure:
                    raise NotPlainError({place}) from error
                numbers, wrong[:] = numbers - {place}, []

    def _read_as(self, piece: bytes, places: list[int], numbers: set[int], wrong: list[Any]) -> Any:
        import pyarrow as pa
        from pyarrow import csv

        def skip(row: Any) -> str:
            if row.text.strip():  # a line of spaces is as good as empty
                wrong.append(row.number)
            return "skip"

        kinds = {place: pa.int64() if place in self._whole else pa.float64() for place in numbers}
        text = pa.dictionary(pa.int32(), pa.string())
        has_quotes = b'"' in piece
        return csv.read_csv(
            pa.BufferReader(piece),
            read_options=csv.ReadOptions(
                column_names=[str(place) for place in range(self._width)], block_size=len(piece) + 1,
                use_threads=False,
            ),
            parse_options=csv.ParseOptions(
                delimiter=self.layout.separator, quote_char='"' if has_quotes else False,
                newlines_in_values=has_quotes, invalid_row_handler=skip,
            ),
            convert_options=csv.ConvertOptions(
                column_types={str(place): kinds.get(place, text) for place in places},
                include_columns=[str(place) for place in places], null_values=GAPS,
                strings_can_be_null=False,
            ),
        )  # fmt: skip

    def _numbers(self, table: Any) -> None:
        """Refuse whole numbers of more digits than float64 holds, and infinite ones.

        Raises:
            NotPlainError: naming their columns.
        """
        import pyarrow as pa

        far = set[int]()
        for name, column in zip(table.column_names, table.columns, strict=True):
            if not pa.types.is_dictionary(column.type):
                values = np.abs(column.to_numpy().astype(np.float64))
                far |= {int(name)} if float(np.fmax.reduce(values, initial=0.0)) >= EXACT else set()
        if far:
            raise NotPlainError(far)


def _as_numbers(cells: Cells, name: str) -> tuple[Cells, dict[int, str]]:
    """A column of numbers, and why some of its rows have none: words, where numbers are expected."""
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.astype(np.float64), {}
    texts = cells.astype(object)
    values = NumberStyle().read(texts.astype(str).str.strip())
    wrong = np.isnan(values) & ~is_missing(texts, NO_NUMBER)
    bad = {row: f"has {str(texts.iloc[row])[:40]!r} in {name}, a column of numbers"
           for row in np.flatnonzero(wrong).tolist()}  # fmt: skip
    return pd.Series(values), bad


def _are_many(layout: Layout, place: int) -> bool:
    """Whether a column has so many different numbers that words in it are none of its levels."""
    return len({row[place] for row in layout.sample if len(row) == len(layout.names)}) > MANY_NUMBERS


def _lay_out(path: Path, options: TableOptions) -> tuple[Layout, int, int]:
    """How a file is laid out, by its beginning; the bytes before its rows, and the lines.

    Raises:
        FormatError: it is no table that can be read in blocks.
    """
    name = str(path)
    with open_packed(path) as file:
        head = file.read(BEGINNING)
        is_cut = bool(file.read(1))
    encoding = options.encoding or encoding_of(head, name, is_cut=is_cut)
    if encoding.lower() not in UTF8:
        raise FormatError(f"{name} is text in {encoding}, and a stream takes UTF-8: save it as “CSV UTF-8”")
    text, _ = decode(head, name, options.encoding, is_cut=is_cut)
    text = (is_cut and text[: text.rfind("\n") + 1]) or text
    layout = lay_out(text, head, name, options)
    if layout.separator == " " or layout.classes:
        what = "cells parted by spaces" if layout.separator == " " else "a first line of counts"
        raise FormatError(f"{name} has {what}: load it without --stream")
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    above = text[: layout.start]
    return layout, mark + len(above.encode()), count_lines(above)
