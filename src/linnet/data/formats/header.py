"""Tells whether the first line of a text table names its columns, and what they are called."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.cells import NO_NUMBER, PLAIN


def count_line(text: Iterable[str | bytes], rows: list[list[str]]) -> tuple[str, ...] | None:
    """The classes that a first line of counts names, as in scikit-learn's own tables; None without one."""
    first = rows[0]
    if len(rows) < 2 or len(first) < 2 or not (first[0].isdecimal() and first[1].isdecimal()):
        return None
    if int(first[1]) != len(rows[1]) - 1 or int(first[0]) != sum(1 for line in text if line.strip()) - 1:
        return None
    return tuple(cell for cell in first[2:] if cell)


def has_names_in(
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
    if first == ["", *map(str, range(len(first) - 1))]:
        return True  # above the numbers of the rows, and the places of columns without names
    values = [place for place, cell in enumerate(first) if not _is_gap(cell)]  # a gap tells nothing
    words = [place for place in values if not _is_number(first[place])]
    if not words:
        return False
    below = {place: [row[place] for row in rest] for place in words}
    if len(words) == len(values):
        is_new = _has_new_words(first, below, name)
        return is_new or any(map(_are_numbers, below.values()))
    if any(map(_are_numbers, below.values())):
        return True  # a word above numbers
    is_new = all(first[place] not in cells for place, cells in below.items())
    comes_again = all(len(set(cells)) < len(cells) for cells in below.values())
    if not is_new:
        return False
    if comes_again and len(rest) > 1:
        return True
    if len(rest) < 2:
        return False
    raise FormatError(say("schema.problem.header_numbers", "en", name=name))


def _has_new_words(first: list[str], below: dict[int, list[str]], name: str) -> bool:
    """Whether a row of words above words names them, as none of it stands below.

    Raises:
        FormatError: some of it does, and some does not.
    """
    again = [first[place] in cells for place, cells in below.items()]
    if any(again) and not all(again):
        raise FormatError(say("schema.problem.header_words", "en", name=name))
    return not any(again)


def _are_numbers(cells: list[str]) -> bool:
    known = [cell for cell in cells if not _is_gap(cell)]
    return bool(known) and all(map(_is_number, known))


def _is_gap(cell: str) -> bool:
    return cell.lower() in NO_NUMBER


def _is_number(cell: str) -> bool:
    plain = cell.replace(",", ".") if cell.count(",") == 1 else cell
    return PLAIN.fullmatch(plain.strip(" %")) is not None or cell.lower() in ("inf", "-inf")


def doubt_names(rows: list[list[str]], *, has_names: bool) -> tuple[str, ...]:
    """What is to be said of a first line that was taken as a row, or as names though nothing below tells."""
    first = ", ".join(rows[0][:3])[:40]
    if not has_names:
        return (say("schema.note.taken_as_row", "en", first=first),)
    rest = [row for row in rows[1:] if len(row) == len(rows[0])]
    comes_again = any(len(set(cells)) < len(cells) for cells in zip(*rest, strict=True))
    if comes_again or any(map(_is_number, itertools.chain(*rest))):
        return ()
    return (say("schema.note.taken_as_names", "en", first=first),)


def name_columns(cells: list[str], has_names: bool) -> list[str]:
    """The names of columns: those in the first row, where one may lack, or their places."""
    if has_names:
        return [cell or f"Unnamed: {place}" for place, cell in enumerate(cells)]
    return [f"column {place + 1}" for place in range(len(cells))]
