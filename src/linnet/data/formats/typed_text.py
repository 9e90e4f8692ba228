"""Reads a text table fast: plain numbers as float64, and all else as coded text, by Arrow's CSV reader."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import NO_NUMBER, Cells, Frame

GAPS = sorted({form for word in NO_NUMBER for form in (word, word.upper(), word.capitalize(), word.title())})
"""Cells without a number, as they are written."""

ATTEMPTS = 4
"""Columns that may turn out not to be numbers, each of which costs another reading, before all are text."""

EXACT = 2.0**53
"""Whole numbers from here on lose digits as float64."""

PIECE = 1 << 20
QUOTE, BREAK = b'"\n'

BLOCKS = 1 << 20, 1 << 25
"""Bytes that are parsed at a time, at least and at most: each block is a piece of every column."""

A_THREAD = 8
"""Blocks for each thread, of files that are large enough."""


@dataclass(frozen=True)
class Marks:
    """Signs that occur somewhere in a file.

    Args:
        quotes: how many " there are, between which a row may have line breaks.
        lines: how many there are.
        zero: a byte 0, which readers take for different things.
        hexadecimal: 0x, which Arrow takes for the beginning of a whole number.
    """

    quotes: int = 0
    lines: int = 0
    zero: bool = False
    hexadecimal: bool = False

    @classmethod
    def of(cls, source: bytes | Path, *, has_whole: bool) -> Marks:
        """Those of a file; `hexadecimal` where columns of whole numbers are read as such."""
        quotes, lines, zero, hexadecimal = 0, 0, False, False
        with _open(source) as file:
            end = b""
            while piece := file.read(PIECE):
                signs = np.frombuffer(piece, np.uint8)  # of which bytes.count would stop at each one
                quotes += int(np.count_nonzero(signs == QUOTE))
                lines += int(np.count_nonzero(signs == BREAK))
                zero = zero or b"\0" in piece
                joint = end + piece[:1]
                if has_whole and not hexadecimal:
                    hexadecimal = any(x in part for x in (b"0x", b"0X") for part in (piece, joint))
                end = piece[-1:]
        return cls(quotes, lines + (end not in (b"", b"\n")), zero, hexadecimal)

    def after(self, source: bytes | Path, start: int) -> int:
        """How many lines there are after so many bytes, which end one."""
        with _open(source) as file:
            return self.lines - file.read(start).count(b"\n")


def _open(source: bytes | Path) -> Any:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def read_typed(
    source: bytes | Path, start: int, names: Sequence[str], separator: str, plain: set[int], whole: set[int]
) -> Frame | None:
    """The rows of a text table in UTF-8; None where it has what Arrow reads otherwise than pandas would.

    Args:
        source: the file.
        start: the bytes before the rows.
        names: of the columns.
        separator: of cells.
        plain: places of columns that seem to hold plain numbers; those that do not in all rows are text.
        whole: those of them in which only whole numbers are numbers, as a point would be one of thousands.
    """
    import pyarrow as pa

    marks = Marks.of(source, has_whole=bool(whole))
    if separator == " " or marks.zero or marks.quotes % 2:
        return None
    numbers = plain - whole if marks.hexadecimal else set(plain)
    for attempt in range(ATTEMPTS + 1):
        numbers = numbers if attempt < ATTEMPTS else set()
        try:
            table = _read_quoted(source, start, len(names), separator, numbers, whole, marks)
            columns = _columns(table, numbers)
        except NotPlainError as error:
            numbers -= error.places
        except pa.ArrowException as error:
            place = place_of(str(error))
            if place not in numbers:
                return None
            numbers = numbers - {place}
        else:
            return None if columns is None else _frame(columns, names)
    return None


class NotPlainError(Exception):
    """Columns hold numbers that float64 does not: infinite ones, or whole ones of too many digits."""

    def __init__(self, places: set[int]) -> None:
        super().__init__()
        self.places = places


def place_of(message: str) -> int:
    """The place of the column that an error of Arrow names; -1 where it names none."""
    _, found, rest = message.partition("In CSV column #")
    digits = rest.partition(":")[0]
    return int(digits) if found and digits.isdigit() else -1


def _read_quoted(
    source: bytes | Path, start: int, width: int, separator: str, numbers: set[int], whole: set[int],
    marks: Marks,
) -> Any:  # fmt: skip
    """The table; only where a row has several lines Arrow looks for quotes before it cuts the file in blocks.

    Without looking, a block may end in a cell, and what is read then may be wrong without an error. But each
    row is of whole lines: where there are as many rows as lines, none has two, and no cell was cut.
    """
    import pyarrow as pa

    given = source, start, width, separator, numbers, whole
    if not marks.quotes:
        return _read(*given, quote=False, has_breaks=False)
    with contextlib.suppress(pa.ArrowInvalid):
        table = _read(*given, quote='"', has_breaks=False)
        if table.num_rows == marks.after(source, start):
            return table
        del table
    return _read(*given, quote='"', has_breaks=True)


def _read(
    source: bytes | Path, start: int, width: int, separator: str, numbers: set[int], whole: set[int], *,
    quote: str | Literal[False], has_breaks: bool,
) -> Any:  # fmt: skip
    import pyarrow as pa
    from pyarrow import csv

    kinds = {place: pa.int64() if place in whole else pa.float64() for place in numbers}
    text = pa.dictionary(pa.int32(), pa.string())
    names = list(map(str, range(width)))
    with pa.OSFile(str(source)) if isinstance(source, Path) else pa.BufferReader(source) as file:
        file.seek(start)
        return csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=names, block_size=_block_of(source)),
            parse_options=csv.ParseOptions(
                delimiter=separator, newlines_in_values=has_breaks, quote_char=quote
            ),
            convert_options=csv.ConvertOptions(
                column_types={name: kinds.get(place, text) for place, name in enumerate(names)},
                null_values=GAPS, strings_can_be_null=False,
            ),
        )  # fmt: skip


def _block_of(source: bytes | Path) -> int:
    """Bytes of a block, which are so many that threads share the file and so few that they need not wait."""
    import pyarrow as pa

    size = source.stat().st_size if isinstance(source, Path) else len(source)
    low, high = BLOCKS
    return min(max(low, size // (A_THREAD * pa.cpu_count())), high)


def _columns(table: Any, numbers: set[int]) -> list[Cells] | None:
    """The columns of a table, which is used up; None where a quote stands within a cell.

    Raises:
        NotPlainError: a column is none of plain numbers.
    """
    columns, wrong = list[Cells](), set[int]()
    frame = table.to_pandas(split_blocks=True, self_destruct=True)  # which frees each column once it is made
    for place, (_, cells) in enumerate(frame.items()):
        if place in numbers:
            cells = cells.astype(np.float64)
            wrong |= {place} if _largest(cells.to_numpy()) >= EXACT else set()
        else:
            values = cells.cat.categories
            if values.str.contains('"', regex=False).any():
                return None  # behind a space, or within a cell that has no end, which Arrow lets pass
            cells = without_space(cells) if values.str.startswith(" ").any() else cells
        columns.append(cells)
    if wrong:
        raise NotPlainError(wrong)
    return columns


def _largest(numbers: NDArray[np.float64]) -> float:
    """The largest size of a number, 0 of none; one pass of the processor each, where pandas makes masks."""
    ends = np.fmax.reduce(numbers, initial=0.0), -np.fmin.reduce(numbers, initial=0.0)
    return float(max(ends))


def without_space(cells: Cells) -> Cells:
    """Coded text without space in front, in which two texts may be one."""
    import pandas as pd

    places, values = pd.factorize(cells.cat.categories.str.lstrip(" "))
    return pd.Series(pd.Categorical.from_codes(places[cells.cat.codes], values))


def _frame(columns: list[Cells], names: Sequence[str]) -> Frame:
    import pandas as pd

    return pd.DataFrame(dict(enumerate(columns)), copy=False).set_axis(list(names), axis=1)
