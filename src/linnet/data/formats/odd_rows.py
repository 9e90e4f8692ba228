"""Rows of a text table with more cells than columns, or fewer: which they are, where, and perhaps why."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from linnet.data.formats.encoding import any_length
from linnet.errors import FormatError

RETURN = (
    "carriage return (\\r) by itself is taken for the end of a line there, where others end in a line feed "
    "(\\n): take it out, or put quotes around the cell that it is in"
)


@dataclass(frozen=True)
class OddRow:
    """A row with another number of cells than there are columns.

    Args:
        row: its number, from 1, without the names.
        line: of the file in which it begins, from 1, as editors count them.
        is_cut: whether it ends, or begins, at a carriage return by itself, where other lines have a feed.
    """

    row: int
    line: int
    is_cut: bool = False

    def __str__(self) -> str:
        return f"row {self.row:,} (line {self.line:,} of the file)"

    @property
    def cause(self) -> str:
        """Why it is odd, as far as can be seen: a sentence with a space before it, or nothing."""
        if not self.is_cut:
            return ""
        return f" A {RETURN}"


class _Lines:
    """Lines as they are handed on, and how the last of them ended."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.has_feeds = self.is_return = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.is_return = line.endswith("\r")
            self.has_feeds = self.has_feeds or line.endswith("\n")
            yield line


def odd_rows(
    lines: Iterable[str], separator: str, width: int, above: int
) -> tuple[list[OddRow], list[OddRow]]:
    """The rows with cells beyond the last column, and those that end before it.

    Empty cells beyond it are none, as pandas passes over a separator that ends every row.

    Args:
        lines: of the rows, without the names; each ends as it does in the file.
        separator: between cells; of spaces rows have any number.
        width: how many columns there are.
        above: lines of the file before these.
    """
    long, short = list[OddRow](), list[OddRow]()
    if separator == " ":
        return long, short
    seen, place, before, was_return = _Lines(lines), 0, 0, False
    with any_length():
        rows = csv.reader(seen, delimiter=separator, skipinitialspace=True)
        for row in rows:
            if len(row) > 1 or (row and row[0].strip()):
                place += 1
                is_short = len(row) < width
                if is_short or (len(row) > width and any(row[width:])):
                    odd = OddRow(place, above + before + 1, seen.is_return or was_return)
                    (short if is_short else long).append(odd)
            before, was_return = rows.line_num, seen.is_return
    if not seen.has_feeds:  # then a return is how lines end
        return [OddRow(one.row, one.line) for one in long], [OddRow(one.row, one.line) for one in short]
    return long, short


def row_lines(lines: Iterable[str], separator: str, above: int) -> list[int]:
    """The line of the file in which each row begins, (N,), from 1; arguments as of `odd_rows`."""
    found, before = list[int](), 0
    with any_length():
        rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        for row in rows:
            if len(row) > 1 or (row and row[0].strip()):
                found.append(above + before + 1)
            before = rows.line_num
    return found


def count_lines(text: str) -> int:
    """How many lines a text has, as they are read from a file."""
    return sum(1 for _ in io.StringIO(text, newline=""))


def check_short(lines: Iterable[str], name: str, separator: str, width: int, above: int) -> None:
    """Refuse rows that end before the last column, whose cells pandas takes to be empty.

    Args:
        lines: as `odd_rows` takes them.
        name: of the file, for messages.
        separator: as `odd_rows` takes it.
        width: likewise.
        above: likewise.

    Raises:
        FormatError: there are some.
    """
    if short := odd_rows(lines, separator, width, above)[1]:
        raise FormatError(say_short(name, width, short))


def say_short(name: str, width: int, short: list[OddRow]) -> str:
    """That a file has rows that end before its last column."""
    advice = short[0].cause or " Add the empty cells, or leave the rows out"
    return (
        f"{name} has rows of fewer cells than its {width} columns: {len(short):,}, the first is {short[0]}."
        f"{advice}"
    )


def say_long(name: str, width: int, row: OddRow) -> str:
    """That a file has rows with cells beyond its last column, the first of which is known."""
    advice = row.cause or (" Put quotes around a cell that holds the separator, or leave the rows out")
    return f"{name} has rows of more cells than its {width} columns, the first is {row}.{advice}"
