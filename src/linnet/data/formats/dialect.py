"""The dialect of a text table: separators, decimal sign, columns and target."""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("label", "class")
"""The names that make a column the classes, whatever it holds."""

NUMBERS = ("response",)
"""The names that make a column the numbers to predict."""

TARGETS = (*CLASSES, *NUMBERS, "target", "y")
"""The names that make a column what is to be predicted; without one of them it is the last column."""

HEAD = 1 << 16
"""Bytes at a table's beginning by which its marks are known."""

DECIMAL_COMMA = re.compile(rb"[+-]?\d+,\d+([eE][+-]?\d+)?")
POINTS = re.compile(rb'(?:^|[;\t"])[ ]*([+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?)[ ]*(?=[;\t"\r\n]|$)', re.MULTILINE)
"""A number with points between its thousands."""
QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class Form:
    """How a table is written.

    Args:
        columns: the names of all columns.
        has_names: whether they are the file's own.
        where: the place of the target's column.
        separator: between cells.
        decimal: "." or ",".
    """

    columns: list[str]
    has_names: bool
    where: int
    separator: str
    decimal: str

    @property
    def target(self) -> str:
        """The name of the column that is to be predicted."""
        return self.columns[self.where]

    def read(self, content: bytes, kind: type) -> pd.DataFrame:
        """All rows: text in the target's column, and numbers, or text too, in the others.

        Raises:
            ValueError: a cell is not of the kind, or the text is not UTF-8.
            OverflowError: a number is too large for anything.
            pandas.errors.ParserError: it is no table.
            pandas.errors.ParserWarning: a row has more cells than the first.
        """
        import pandas as pd

        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows of more cells would be cut
            return pd.read_csv(
                BytesIO(content), header=0 if self.has_names else None, names=self.columns,
                dtype={**dict.fromkeys(self.columns, kind), self.target: str}, sep=self.separator,
                decimal=self.decimal, encoding="utf-8-sig", index_col=False,
                na_filter=False,  # a class may be called NA
            )  # fmt: skip

    def numbers(self, texts: pd.Series) -> NDArray[np.float64]:
        """Texts as numbers, (N,); NaN where they are none."""
        import pandas as pd

        plain = texts.str.replace(self.decimal, ".", regex=False)
        return np.asarray(pd.to_numeric(plain, errors="coerce"), np.float64)


def form_of(content: bytes, name: str) -> Form:
    """How a table is written, by its beginning.

    Args:
        content: the file.
        name: what to call it in messages.

    Raises:
        FormatError: it is no table.
    """
    separator, decimal = _marks(content)
    if separator != ",":
        _check_points(content, decimal, name)
    lines = TextIOWrapper(BytesIO(content), "utf-8-sig", newline="")
    try:
        first = next(filter(None, csv.reader(lines, delimiter=separator)), [])
    except UnicodeDecodeError as error:
        raise FormatError(not_utf8(name, error)) from error
    except csv.Error as error:
        raise FormatError(f"{name} is not a table of text: {error}") from error
    cells = [cell.strip() for cell in first]
    if not cells:
        raise FormatError(f"{name} is not a table: it is empty")
    if len(cells) < 2:
        raise FormatError(
            f"{name} has one column: expected numbers and a column to predict, with commas, semicolons or "
            "tabs between them"
        )
    has_names = not any(is_number(cell.replace(decimal, ".")) for cell in cells)
    columns = _distinct(cells) if has_names else [f"column {place + 1}" for place in range(len(cells))]
    named = [place for place, column in enumerate(columns) if column.lower() in TARGETS]
    return Form(columns, has_names, named[0] if named else len(columns) - 1, separator, decimal)


def not_utf8(name: str, error: UnicodeDecodeError) -> str:
    """What to tell of text in another encoding."""
    return f"{name} is not a table of text in UTF-8: save it as “CSV UTF-8” ({error.reason})"


def is_number(cell: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _marks(content: bytes) -> tuple[str, str]:
    """What stands between cells, and in numbers before the decimals."""
    lines = [line for line in content[:HEAD].splitlines() if line.strip()]
    for separator in (b"\t", b";"):
        counts = [QUOTED.sub(b"", line).count(separator) for line in lines[:2]]
        if counts and counts[0] and counts[0] == counts[-1]:
            cells = (cell.strip(b' "') for line in lines for cell in line.split(separator))
            return separator.decode(), "," if any(map(DECIMAL_COMMA.fullmatch, cells)) else "."
    return ",", "."


def _check_points(content: bytes, decimal: str, name: str) -> None:
    """Refuse points between thousands, which would be read as decimals."""
    for found in POINTS.finditer(content):
        if decimal == "," or b"," in found[1]:
            raise FormatError(
                f"{name} has {found[1].decode()}, with a point between thousands, beside decimal commas: "
                "write numbers without such points"
            )


def _distinct(cells: Sequence[str]) -> list[str]:
    """Names of columns, those without one, or with that of another, by their place."""
    seen: set[str] = set()
    names: list[str] = []
    for place, cell in enumerate(cells):
        name = cell if cell and cell not in seen else f"column {place + 1}"
        seen.add(name)
        names.append(name)
    return names
