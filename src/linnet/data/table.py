"""People's own tables: CSV of numbers with a column of classes."""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import FormatError

MAX_CELLS = 20_000_000
MAX_COLUMNS = 50_000
MAX_CLASSES = 100

LABELS = ("label", "class", "target", "y")
"""The names that make a column the classes; without one of them it is the last column."""

MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "inf", "-inf", "+inf", "infinity", "-infinity")
"""Cells in which there is no finite number, in lower case."""

UNREADABLE = (ValueError, OverflowError, pd.errors.ParserError)

HEAD = 1 << 20
"""Bytes in which the first two lines are looked for."""

DECIMAL_COMMA = re.compile(rb"[+-]?\d+,\d+([eE][+-]?\d+)?")

PIXEL = 255
"""The largest value of a column called pixel…."""


@dataclass(frozen=True)
class Heading:
    """How a table is written.

    Args:
        columns: the names of all columns.
        has_names: whether they are the file's own.
        where: the place of the column of the classes.
        separator: between cells.
        decimal: "." or ",".
    """

    columns: list[str]
    has_names: bool
    where: int
    separator: str
    decimal: str

    @property
    def label(self) -> str:
        """The name of the column of the classes."""
        return self.columns[self.where]


def read_table(content: bytes, name: str) -> Dataset:
    """The rows of a CSV file, which has numbers in all columns but the one of the classes.

    The first line may name the columns. The classes are in the column called label, class, target or y, or
    else in the last. Columns called pixel0, pixel1, … of whole numbers up to 255 are a square image. Cells
    stand between commas, semicolons or tabs; with the latter two, numbers may have a decimal comma.

    Args:
        content: the file.
        name: what to call it, here and in messages.

    Raises:
        FormatError: it is no such table, or larger than may be.
    """
    heading = _heading(content, name)
    _check_size(content, len(heading.columns), name)
    try:
        table = _parsed(content, heading, np.float32)
    except UnicodeDecodeError as error:
        raise FormatError(_not_utf8(name, error)) from error
    except pd.errors.ParserWarning as error:
        raise FormatError(f"{name} has rows of more cells than its first") from error
    except UNREADABLE as error:
        raise FormatError(_why_not(content, heading, name) or f"{name} cannot be read: {error}") from error
    return _dataset(table, heading.label, name)


def columns_of(content: bytes, name: str) -> tuple[str, ...]:
    """The names of the features' columns, in order.

    Raises:
        FormatError: it is no table.
    """
    heading = _heading(content, name)
    return tuple(column for place, column in enumerate(heading.columns) if place != heading.where)


def _parsed(content: bytes, heading: Heading, kind: type) -> pd.DataFrame:
    """All rows: text in the column of the classes, and numbers, or text too, in the others."""
    types: Any = defaultdict(lambda: kind, {heading.label: str})
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows of more cells would be cut
        return pd.read_csv(
            BytesIO(content), header=0 if heading.has_names else None, names=heading.columns, dtype=types,
            sep=heading.separator, decimal=heading.decimal, encoding="utf-8-sig", index_col=False,
            na_filter=False,  # a class may be called NA
        )  # fmt: skip


def _why_not(content: bytes, heading: Heading, name: str) -> str | None:
    """What to tell of a table that has something else than numbers; None where that is not it."""
    try:
        table = _parsed(content, heading, str)
    except UNREADABLE:
        return None
    for column in table.columns.drop(heading.label):
        cells = [str(cell).strip() for cell in table[column]]
        if missing := sum(cell.lower() in MISSING for cell in cells):
            return _no_numbers(name, missing, column)
        plain = [cell.replace(heading.decimal, ".") for cell in cells]
        if wrong := [row for row, cell in enumerate(plain) if not _is_number(cell)]:
            return (
                f"{name} must have numbers in every column but {heading.label}, that of the classes: row "
                f"{wrong[0] + 1} has {cells[wrong[0]][:40]!r} in {column}. Leave that column out, or write "
                "it as numbers"
            )
    return None


def _no_numbers(name: str, rows: int, column: object) -> str:
    have = "1 row has" if rows == 1 else f"{rows:,} rows have"
    return f"{name}: {have} no finite number in {column}: fill them in or leave them out"


def _heading(content: bytes, name: str) -> Heading:
    """How a table is written, by its first two lines."""
    separator, decimal = _marks(content)
    lines = TextIOWrapper(BytesIO(content), "utf-8-sig", newline="")
    try:
        first = next(filter(None, csv.reader(lines, delimiter=separator)), [])
    except UnicodeDecodeError as error:
        raise FormatError(_not_utf8(name, error)) from error
    except csv.Error as error:
        raise FormatError(f"{name} is not a table of text: {error}") from error
    cells = [cell.strip() for cell in first]
    if not cells:
        raise FormatError(f"{name} is not a table: it is empty")
    if len(cells) < 2:
        raise FormatError(
            f"{name} has one column: expected numbers and a column of classes, with commas, semicolons or "
            "tabs between them"
        )
    has_names = not any(_is_number(cell.replace(decimal, ".")) for cell in cells)
    columns = _distinct(cells) if has_names else [f"column {place + 1}" for place in range(len(cells))]
    named = [place for place, column in enumerate(columns) if column.lower() in LABELS]
    return Heading(columns, has_names, named[0] if named else len(columns) - 1, separator, decimal)


def _not_utf8(name: str, error: UnicodeDecodeError) -> str:
    return f"{name} is not a table of text in UTF-8: save it as “CSV UTF-8” ({error.reason})"


def _marks(content: bytes) -> tuple[str, str]:
    """What stands between cells, and in numbers before the decimals."""
    lines = content[:HEAD].splitlines()[:2]
    first, second = lines[0] if lines else b"", lines[-1] if lines else b""
    for separator in (b"\t", b";"):
        if first.count(separator) and first.count(separator) == second.count(separator):
            cells = second.split(separator)
            has_comma = any(DECIMAL_COMMA.fullmatch(cell.strip(b' "')) for cell in cells)
            return separator.decode(), "," if has_comma else "."
    return ",", "."


def _distinct(cells: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    names = []
    for place, cell in enumerate(cells):
        name = cell if cell and cell not in seen else f"column {place + 1}"
        seen.add(name)
        names.append(name)
    return names


def _check_size(content: bytes, columns: int, name: str) -> None:
    if columns > MAX_COLUMNS:
        raise FormatError(f"{name} has {columns:,} columns, more than {MAX_COLUMNS:,}: leave some out")
    cells = columns * (content.count(b"\n") + 1)
    if cells > MAX_CELLS:
        raise FormatError(f"{name} has some {cells:,} cells, more than {MAX_CELLS:,}: use fewer rows")


def _dataset(table: pd.DataFrame, label: str, name: str) -> Dataset:
    if not len(table):
        raise FormatError(f"{name} has no rows")
    labels = table[label].astype(str).str.strip()
    features = table.drop(columns=label)
    values = np.array(features, np.float32, order="C")  # its own, to be written to
    if (wrong := (~np.isfinite(values)).sum(0)).any():
        column = int(wrong.argmax())
        raise FormatError(_no_numbers(name, int(wrong[column]), features.columns[column]))
    if missing := int((labels == "").sum()):
        have = "1 row has" if missing == 1 else f"{missing:,} rows have"
        raise FormatError(f"{name}: {have} no class in {label}")
    classes, y = _classes(labels.to_numpy(str), label, name)
    X = torch.from_numpy(values)
    shape = _image_shape(features, X)
    if shape is None:
        return Dataset(X, y, name, classes, source=name)
    return Dataset(X.to(torch.uint8), y, name, classes, shape, 1 / PIXEL, name)


def _classes(labels: np.ndarray, column: str, name: str) -> tuple[tuple[str, ...], Tensor]:
    """The classes in order, as numbers where all are, and the class of each row."""
    found, y = np.unique(labels, return_inverse=True)
    if not 2 <= len(found) <= MAX_CLASSES:
        raise FormatError(
            f"{name}: the column of the classes, {column}, has {len(found):,} different values: expected "
            f"2…{MAX_CLASSES}. Name the right one label, or put it last"
        )
    texts = [str(text) for text in found]
    key = (lambda k: float(texts[k])) if all(map(_is_number, texts)) else (lambda k: texts[k])
    order = sorted(range(len(texts)), key=key)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return tuple(texts[k] for k in order), torch.from_numpy(rank[y.reshape(-1)])


def _image_shape(features: pd.DataFrame, X: Tensor) -> tuple[int, int] | None:
    side = math.isqrt(X.shape[1])
    named = all(str(column).lower().startswith("pixel") for column in features.columns)
    if not named or side * side != X.shape[1]:
        return None
    is_bytes = bool(((X >= 0) & (X <= PIXEL) & (X.round() == X)).all())
    return (side, side) if is_bytes else None


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
