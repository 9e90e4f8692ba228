"""`Layout`: how the rows of a text table are laid out, by what stands at its beginning."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from pathlib import Path

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import any_length, skip_row, split_mark
from linnet.data.formats.header import count_line, doubt_names, has_names_in, name_columns
from linnet.data.formats.odd_rows import RETURN
from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.cells import COMMA, NO_NUMBER, PLAIN, POINTED, WHOLE
from linnet.schema.target import CLASSES, TARGETS

SAMPLE = 1000
"""Rows by which columns of plain numbers are known, to be read as such; what does not fit is read as text."""


@dataclass(frozen=True, eq=False)
class Layout:
    """How the rows of a text table are laid out.

    Args:
        names: of the columns.
        separator: of cells.
        start: characters before the rows.
        sample: the first rows, their cells without space around them.
        notes: what was not as usual.
        classes: that a first line names.
    """

    names: list[str]
    separator: str
    start: int
    sample: list[list[str]]
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def lay_out(text: str, source: bytes | Path, name: str, options: TableOptions) -> Layout:
    """The layout that a table's text, or the beginning of it, shows."""
    rest, separator, above = open_rows(text, name)
    rows = head_rows(rest, separator, name)
    if not rows:
        raise FormatError(say("schema.problem.empty", "en", name=name))
    width = len(rows[0])
    if width < 2:
        raise FormatError(
            f"{name} has one column: expected numbers and a column to predict, with commas, semicolons, tabs "
            f"or bars between them{_hint_at_title(rest)}"
        )
    notes: tuple[str, ...] = ()
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as lines:
        counted = count_line(lines, rows)
    if counted is not None:
        width = len(rows[1])
        notes = (say("schema.note.counted", "en"),)
    has_names = counted is None and has_names_in(rows, name, options)
    if counted is None and options.header is None:
        notes = doubt_names(rows, has_names=has_names)
    if above and text.lstrip("\ufeff").startswith("#"):
        notes += (say("schema.note.comments", "en", n=above),)
    names = name_columns(rows[0] if has_names else rows[-1][:width], has_names)
    skipped = int(has_names or counted is not None)
    lines_of_text = io.StringIO(rest, newline="")
    if skipped:
        skip_row(lines_of_text, separator)
        _check_whole(rest, lines_of_text.tell(), rows, name)
    start = len(text) - len(rest) + lines_of_text.tell()
    return Layout(names, separator, start, rows[skipped:], notes, counted or ())


def _check_whole(text: str, start: int, rows: list[list[str]], name: str) -> None:
    """Refuse names that a carriage return by itself cuts in two, so that the rest of them stands as a row.

    Args:
        text: from the names on.
        start: where they end in it.
        rows: the first ones, the names among them.
        name: of the file.

    Raises:
        FormatError: the first two together have as many cells as the third.
    """
    widths = list(map(len, rows[:3]))
    is_cut = len(widths) == 3 and widths[0] + widths[1] - 1 == widths[2] > widths[0]
    if is_cut and text[start - 1] == "\r" and "\n" in text:
        raise FormatError(f"the names of the columns of {name} are cut in two: a {RETURN}")


def open_rows(text: str, name: str) -> tuple[str, str, int]:
    """A table's text from its names on, the separator, and how many lines are passed over above them.

    These are one that names the separator, or comments: lines that begin with #, if they have more or fewer
    cells than the rows below, or stand above their names.

    Raises:
        FormatError: the last of them could be the names of the columns: there are none below, or they have a
            gap, or it is as long as they are and nothing stands behind its #.
    """
    comments = list(itertools.takewhile(lambda line: line.startswith("#"), text.lstrip("\ufeff").split("\n")))
    below = text.split("\n", len(comments))[-1] if comments else ""
    if not below.strip() or any("\r" in line.rstrip("\r") for line in comments):
        rest, separator = split_mark(text)
        return rest, separator, int(rest is not text)
    _, separator = split_mark(below)
    rows = head_rows(below, separator, name)
    cells = [head_rows(line, separator, name)[0] for line in comments]
    are_names = _are_names(rows)
    if not are_names and any(len(one) == len(rows[0]) for one in cells):  # names, or rows
        return text, split_mark(text)[1], 0
    if not are_names or comments[-1][1:2].strip() or any(cell.lower() in NO_NUMBER for cell in rows[0]):
        bare = head_rows(comments[-1].lstrip("#"), separator, name)
        if len(rows[0]) > 1 and bare and len(bare[0]) == len(rows[0]):
            raise FormatError(
                f"does the line {comments[-1].strip()[:60]!r} of {name} name the columns? Take the # off if "
                "it does, or the line out if it does not"
            )
    return below, separator, len(comments)


def _are_names(rows: list[list[str]]) -> bool:
    """Whether the first of some rows is words above numbers."""
    first, second = rows[0], rows[1] if len(rows) > 1 else []
    return not any(map(PLAIN.fullmatch, first)) and any(map(PLAIN.fullmatch, second))


def head_rows(text: str, separator: str, name: str) -> list[list[str]]:
    """The first rows, their cells without space around them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator == " ")
    try:
        with any_length():
            rows = list(
                itertools.islice((row for row in reader if any(cell.strip() for cell in row)), SAMPLE)
            )
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise FormatError(f"{name} is not a table of text: {error}") from error


def plain_columns(layout: Layout, options: TableOptions) -> tuple[set[int], set[int]]:
    """The columns that seem to hold plain numbers, so that they may be read without a text of each cell.

    Those that come second must have whole numbers only, as a point could be one between thousands.
    """
    plain, whole, width = set[int](), set[int](), len(layout.names)
    rows = [row for row in layout.sample if len(row) == width]
    texts = {options.groups, *options.kinds}
    has_commas = any(COMMA.fullmatch(cell) for row in rows for cell in row)
    may_be_pointed = layout.separator != "," or options.decimal == "," or has_commas
    for place, name in enumerate(layout.names):
        cells = [row[place] for row in rows if row[place].lower() not in NO_NUMBER]
        if not cells or not all(map(PLAIN.fullmatch, cells)):
            continue
        is_code = len({len(cell) for cell in cells}) == 1 and all(
            cell.isdigit() and len(cell) > 1 for cell in cells
        )
        if is_code or name in texts or _may_be_classes(name, cells, layout, options):
            continue
        is_whole = all(map(WHOLE.fullmatch, cells))
        if may_be_pointed and not is_whole and all(POINTED.fullmatch(c) or WHOLE.fullmatch(c) for c in cells):
            continue
        plain.add(place)
        if may_be_pointed and is_whole:
            whole.add(place)
    return plain, whole


def _may_be_classes(name: str, cells: list[str], layout: Layout, options: TableOptions) -> bool:
    """Whether numbers may be the names of classes, of which 1, 1.0 and 01 are told apart or said."""
    lower = name.strip().lower()
    is_target = name in (options.target, layout.names[-1]) or lower in (*TARGETS, "y")
    is_fraction = any(not float(cell).is_integer() for cell in cells)
    return is_target and (not is_fraction or options.task == "classification" or lower in CLASSES)


def _hint_at_title(text: str) -> str:
    """What is likely amiss where the first line is one cell and the next one several."""
    first, *below = text.split("\n", 2)
    if not below or not any(sign in below[0] for sign in ",;\t|"):
        return ""
    return f". If the first line, {first.strip()[:40]!r}, is a title above the columns' names, remove it"
