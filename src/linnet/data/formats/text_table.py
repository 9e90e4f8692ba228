"""Text tables as frames of their cells: what stands in the file tells encoding, separator and header."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence
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
    split_mark,
)  # fmt: skip
from linnet.errors import FormatError
from linnet.schema.cells import NO_NUMBER, PLAIN, POINTED, Frame

SAMPLE = 1000
"""Rows by which columns of plain numbers are known, to be read as such; what does not fit is read as text."""

GAPS = sorted({form for word in NO_NUMBER for form in (word, word.upper(), word.capitalize(), word.title())})
"""Cells without a number, as they are written."""


@dataclass(frozen=True, eq=False)
class TextTable:
    """The cells of a text table.

    Args:
        frame: a column a column, of text, or of numbers where all are plain.
        notes: what was not as usual.
        classes: that a first line names, by their places; empty where none does.
    """

    frame: Frame
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def read_text(content: bytes, name: str, options: TableOptions) -> TextTable:
    """The cells of a table in text.

    Args:
        content: the file.
        name: what to call it in messages.
        options: what was said of it.

    Raises:
        FormatError: it is no table, or it is not clear how it is to be read.
    """
    text, notes = decode(content, name, options.encoding)
    text, separator = split_mark(text)
    rows = _head(text, separator, name)
    if not rows:
        raise FormatError(f"{name} is not a table: it is empty")
    width = len(rows[0])
    if width < 2:
        raise FormatError(
            f"{name} has one column: expected numbers and a column to predict, with commas, semicolons, tabs "
            "or bars between them"
        )
    counted = _count_line(io.StringIO(text, newline=""), rows)
    if counted is not None:
        width = len(rows[1])
        notes = (*notes, "the first line counts rows and columns")
    has_names = counted is None and _has_names(rows, name, options)
    if counted is None and options.header is None and not has_names:
        notes = (*notes, _doubt_names(rows[0]))
    names = _name_columns(rows[0] if has_names else rows[-1][:width], has_names)
    skipped = int(has_names or counted is not None)
    frame = _read(text, name, names, separator, skipped, rows[skipped:], options)
    return TextTable(frame, notes, counted or ())


def _head(text: str, separator: str, name: str) -> list[list[str]]:
    """The first rows, their cells without space around them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator == " ")
    try:
        rows = itertools.islice((row for row in reader if any(cell.strip() for cell in row)), SAMPLE)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise FormatError(f"{name} is not a table of text: {error}") from error


def _count_line(text: Iterable[str], rows: list[list[str]]) -> tuple[str, ...] | None:
    """The classes that a first line of counts names, as in scikit-learn's own tables; None without one."""
    first = rows[0]
    if len(rows) < 2 or len(first) < 2 or not (first[0].isdecimal() and first[1].isdecimal()):
        return None
    if int(first[1]) != len(rows[1]) - 1 or int(first[0]) != sum(1 for line in text if line.strip()) - 1:
        return None
    return tuple(cell for cell in first[2:] if cell)


def _has_names(
    rows: list[list[str]], name: str, options: TableOptions, columns: Sequence[str] | None = None
) -> bool:
    """Whether the first row names the columns.

    It does where it has those that are expected, where a word stands above numbers, or where no cell of it is
    a number. Where some are, such as wavelengths, it does if the words beside them stand nowhere below, in
    columns whose words come again.

    Raises:
        FormatError: it cannot be told.
    """
    if columns and set(columns) <= set(rows[0]):
        return True
    if options.header is not None:
        return options.header
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if options.target is not None and options.target in first:
        return True
    words = [place for place, cell in enumerate(first) if not _is_number(cell)]
    if not words:
        return False
    if len(words) == len(first):
        return True
    below = {place: [row[place] for row in rest] for place in words}
    if any(cells and all(_is_number(cell) for cell in cells if cell) for cells in below.values()):
        return True  # a word above numbers
    is_new = all(first[place] not in cells for place, cells in below.items())
    comes_again = all(len(set(cells)) < len(cells) for cells in below.values())
    if not is_new:
        return False
    if comes_again and len(rest) > 1:
        return True
    if len(rest) < 2:
        return False
    raise FormatError(
        f"does the first line of {name} name the columns? It has numbers beside words: say --header or "
        "--no-header (header= in Python)"
    )


def _is_number(cell: str) -> bool:
    plain = cell.replace(",", ".") if cell.count(",") == 1 else cell
    return PLAIN.fullmatch(plain.strip(" %")) is not None or cell.lower() in ("inf", "-inf")


def _doubt_names(first: list[str]) -> str:
    """What is to be said of a first line that was taken as a row."""
    return f"its first line, {', '.join(first[:3])[:40]} …, is taken as a row: --header says otherwise"


def _name_columns(cells: list[str], has_names: bool) -> list[str]:
    """The names of columns: those in the first row, where one may lack, or their places."""
    if has_names:
        return [cell or f"Unnamed: {place}" for place, cell in enumerate(cells)]
    return [f"column {place + 1}" for place in range(len(cells))]


def _read(
    text: str, name: str, names: list[str], separator: str, skipped: int, sample: list[list[str]],
    options: TableOptions,
) -> Frame:  # fmt: skip
    """All rows: numbers in the columns that have nothing else, and text in the others."""
    plain = _plain_columns(names, sample, separator, options)
    lines = io.StringIO(text, newline="")
    if skipped:
        skip_row(lines, separator)
    start = lines.tell()
    places = range(len(names))
    for kinds in (
        {place: "float64" if place in plain else str for place in places},
        dict.fromkeys(places, str),
    ):
        lines.seek(start)
        try:
            frame = _read_csv(lines, kinds, separator, name)
        except (ValueError, OverflowError) as error:
            if not plain or "float64" not in kinds.values():
                raise FormatError(f"{name} cannot be read: {error}") from error
            continue
        return frame.set_axis(names, axis=1)
    raise AssertionError("text can be read as text")


def _plain_columns(
    names: list[str], sample: list[list[str]], separator: str, options: TableOptions
) -> set[int]:
    """The columns that seem to hold plain numbers, so that they may be read without a text of each cell."""
    found = set()
    texts = {options.target or names[-1], options.sample_weight, options.groups, *options.kinds}
    may_be_pointed = separator != "," or options.decimal == ","  # with points between thousands
    for place, name in enumerate(names):
        cells = [
            row[place] for row in sample if len(row) == len(names) and row[place].lower() not in NO_NUMBER
        ]
        is_code = len({len(cell) for cell in cells}) == 1 and all(
            cell.isdigit() and len(cell) > 1 for cell in cells
        )
        if may_be_pointed and any(map(POINTED.fullmatch, cells)):
            continue
        if cells and name not in texts and not is_code and all(map(PLAIN.fullmatch, cells)):
            found.add(place)
    return found


def _read_csv(lines: io.StringIO, kinds: Any, separator: str, name: str) -> Frame:
    import pandas as pd

    numbers = [place for place, kind in kinds.items() if kind == "float64"]
    precise: dict[str, Any] = (
        {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    )  # then as it is
    with _refusing(name):
        try:
            return pd.read_csv(
                lines, header=None, names=list(kinds), dtype=kinds, sep=separator, index_col=False,
                na_values=dict.fromkeys(numbers, GAPS), keep_default_na=False, skipinitialspace=True,
                **precise,
            )  # fmt: skip
        except pd.errors.EmptyDataError:
            raise FormatError(f"{name} has no rows") from None


@contextlib.contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Refuse rows of more cells than the first, which pandas cuts or calls otherwise."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # they would be cut
        try:
            yield
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            if "inside string" in str(error):
                raise FormatError(f"{name} has a quote that is not closed") from error
            raise FormatError(f"{name} has rows of more cells than its first ({error})") from error


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
    name = str(source) if isinstance(source, Path) else "the standard input"
    with open_packed(source) if isinstance(source, Path) else source as file:
        head, is_cut = read_head(file)
        text, _ = decode(head, name, options.encoding, is_cut=is_cut)
        text = (is_cut and text[: text.rfind("\n") + 1]) or text
        rest, separator = split_mark(text)
        first = _head(rest, separator, name)
        if not first:
            raise FormatError(f"{name} is not a table: it is empty")
        encoding = options.encoding or encoding_of(head, name, is_cut=is_cut)
        file.seek(0)
        lines, has_mark = io.TextIOWrapper(file, encoding, newline=""), rest is not text
        try:
            has_names = _has_names(first, name, options, columns)
            counted = None if has_names else _count_line(rewind(lines, has_mark), first)
            rewind(lines, has_mark)
            if has_names or counted is not None:
                skip_row(lines, separator)
            names = _name_columns(first[counted is not None], has_names)
            yield from _iter_csv(lines, names, separator, rows, name)
        except (ValueError, UnicodeDecodeError) as error:
            raise FormatError(f"{name} cannot be read: {error}") from error


def _iter_csv(lines: Any, names: list[str], separator: str, rows: int, name: str) -> Iterator[Frame]:
    import pandas as pd

    places = list(range(len(names)))
    try:
        with _refusing(name):
            reader: Any = pd.read_csv(
                lines, header=None, names=places, dtype=str, sep=separator, index_col=False, chunksize=rows,
                keep_default_na=False, skipinitialspace=True,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        yield pd.DataFrame(columns=names, dtype=object)
        return
    while True:
        with _refusing(name):  # which is not to last beyond the rows
            frame = next(reader, None)
        if frame is None:
            return
        yield frame.reset_index(drop=True).set_axis(names, axis=1)
