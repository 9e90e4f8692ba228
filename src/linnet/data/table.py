"""People's own tables: CSV of numbers with a column of classes, or of the numbers to predict."""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import FormatError

MAX_CELLS = 20_000_000
MAX_CLASSES = 100

CLASSES = ("label", "class")
"""The names that make a column the classes, whatever it holds."""
NUMBERS = ("response",)
"""The names that make a column the numbers to predict."""
TARGETS = (*CLASSES, *NUMBERS, "target", "y")
"""The names that make a column what is to be predicted; without one of them it is the last column."""

SEPARATORS = (",", ";", "\t")
DECIMAL_COMMA = re.compile(rb"(?<=[;\n])\s*-?\d+,\d+\s*(?=[;\r\n])")
"""A number such as 3,5 between semicolons."""
LOOKED_AT = 1 << 16
"""Bytes at a table's head by which its form is known."""

PIXEL = 255
"""The largest value of a column called pixel…."""


@dataclass(frozen=True)
class _Form:
    """How a table is written: its columns' names, whether they are its own, and which is the target."""

    columns: list[str]
    has_names: bool
    where: int
    separator: str
    decimal: str

    @property
    def target(self) -> str:
        return self.columns[self.where]

    def read(self, content: bytes, types: Any) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows of more cells would be cut
            return pd.read_csv(
                BytesIO(content), header=0 if self.has_names else None, names=self.columns, dtype=types,
                sep=self.separator, decimal=self.decimal, encoding="utf-8-sig", index_col=False,
            )  # fmt: skip

    def numbers(self, texts: pd.Series) -> np.ndarray:
        """Texts as numbers, (N,), float64; NaN where they are none."""
        plain: Any = texts.str.strip().str.replace(self.decimal, ".", regex=False)
        return np.asarray(pd.to_numeric(plain, errors="coerce"), np.float64)


def read_table(content: bytes, name: str, *, regressions: bool = False) -> Dataset:
    """The rows of a CSV file, which has numbers in all columns but that of the target.

    The first line may name the columns. The target is the column called label, class, target, y or response,
    or else the last. It is classes if it holds text, or at most 100 different whole numbers, or is called
    label or class; otherwise, or if it is called response, it is the numbers that a regression predicts.
    Commas, semicolons (then also with decimal commas) or tabs part the columns. Columns called pixel0,
    pixel1, … of whole numbers up to 255 are a square image.

    Args:
        content: the file.
        name: what to call it, here and in messages.
        regressions: whether the target may be numbers.

    Raises:
        FormatError: it is no such table, or larger than may be.
    """
    form = _form(content, name)
    _check_size(content, len(form.columns), name)
    types: Any = {c: "str" if place == form.where else "float32" for place, c in enumerate(form.columns)}
    try:
        table = form.read(content, types)
    except (ValueError, OverflowError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise FormatError(
            f"{name} must have numbers in every column but {form.target}, what is to be predicted: "
            f"{_misfit(content, form) or error}"
        ) from error
    return _dataset(table, form, name, regressions)


def columns_of(content: bytes, name: str) -> tuple[str, ...]:
    """The names of the features' columns, in order.

    Raises:
        FormatError: it is no table.
    """
    form = _form(content, name)
    return tuple(column for place, column in enumerate(form.columns) if place != form.where)


def _form(content: bytes, name: str) -> _Form:
    try:
        line = content[:LOOKED_AT].decode("utf-8-sig", errors="replace").lstrip("\r\n").split("\n", 1)[0]
        separator = max(SEPARATORS, key=lambda s: len(next(csv.reader([line], delimiter=s), [])))
        first = pd.read_csv(
            BytesIO(content), header=None, nrows=1, dtype=str, encoding="utf-8-sig", sep=separator
        )
    except (ValueError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FormatError(
            f"{name} is not a table of text in UTF-8 with commas: {error}. Save it as CSV UTF-8"
        ) from error
    cells = ["" if cell is None or cell is np.nan else str(cell).strip() for cell in first.iloc[0]]
    if len(cells) < 2:
        raise FormatError(f"{name} has one column: expected numbers and a column of classes, with commas")
    is_european = separator == ";" and DECIMAL_COMMA.search(content[:LOOKED_AT]) is not None
    has_names = sum(_is_number(cell.replace(",", ".") if is_european else cell) for cell in cells) == 0
    columns = _distinct(cells) if has_names else [f"column {place + 1}" for place in range(len(cells))]
    named = [place for place, column in enumerate(columns) if column.lower() in TARGETS]
    where = named[0] if named else len(columns) - 1
    return _Form(columns, has_names, where, separator, "," if is_european else ".")


def _misfit(content: bytes, form: _Form) -> str:
    """Which cell is no number, in words; empty where the table cannot be read at all."""
    try:
        table = form.read(content, str)
    except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning):
        return ""
    for column in table.columns:
        cells = pd.Series(table[column])
        wrong = cells.notna().to_numpy(bool) & np.isnan(form.numbers(cells))
        if column != form.target and bool(wrong.any()):
            place = int(wrong.argmax())
            return (
                f"{column} has {cells.iloc[place]!r} in row {place + 1}. Leave it out, or make a "
                "column of 0 and 1 of each of its values"
            )
    return ""


def _distinct(cells: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    names = []
    for place, cell in enumerate(cells):
        name = cell if cell and cell not in seen else f"column {place + 1}"
        seen.add(name)
        names.append(name)
    return names


def _check_size(content: bytes, columns: int, name: str) -> None:
    cells = columns * (content.count(b"\n") + 1)
    if cells > MAX_CELLS:
        raise FormatError(f"{name} has some {cells:,} cells, more than {MAX_CELLS:,}: use fewer rows")


def _dataset(table: pd.DataFrame, form: _Form, name: str, regressions: bool) -> Dataset:
    if not len(table):
        raise FormatError(f"{name} has no rows")
    features, texts = table.drop(columns=form.target), table[form.target].str.strip()
    for column in features.columns:
        _check_known(np.isfinite(features[column].to_numpy()), f"finite number in {column}", name)
    _check_known(texts.notna().to_numpy(), f"class in {form.target}", name)
    X = torch.from_numpy(np.array(features, np.float32, order="C"))  # a copy: pandas' own may be read-only
    columns = tuple(str(column) for column in features.columns)
    numbers = form.numbers(texts)
    if regressions and _is_regression(numbers, form.target):
        targets = numbers.astype(np.float32)
        _check_known(np.isfinite(targets), f"finite number in {form.target}", name)
        y = torch.from_numpy(targets[:, None])
        return Dataset(X, y, name, source=name, columns=columns)
    classes, y = _classes(texts.to_numpy(str), form.target, name)
    shape = _image_shape(features, X)
    if shape is None:
        return Dataset(X, y, name, classes, source=name, columns=columns)
    return Dataset(X.to(torch.uint8), y, name, classes, shape, 1 / PIXEL, name)


def _check_known(known: np.ndarray, what: str, name: str) -> None:
    if missing := int((~known).sum()):
        raise FormatError(
            f"{name}: {missing:,} rows have no {what}, the first is row {int(known.argmin()) + 1:,}: "
            "fill them in or leave them out"
        )


def _is_regression(numbers: np.ndarray, target: str) -> bool:
    """Whether a target is numbers to predict rather than classes."""
    if target.lower() in (*CLASSES, *NUMBERS):
        return target.lower() in NUMBERS
    if np.isnan(numbers).any():
        return False
    return bool((numbers != np.round(numbers)).any()) or len(np.unique(numbers)) > MAX_CLASSES


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
