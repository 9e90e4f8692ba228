"""People's own tables: CSV of numbers with a column of classes, or of the numbers to predict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.data.formats.dialect import CLASSES, NUMBERS, Form, form_of, is_number, not_utf8
from linnet.data.split import number_classes
from linnet.errors import FormatError

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 20_000_000
MAX_COLUMNS = 50_000
MAX_CLASSES = 100

MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "inf", "-inf", "+inf", "infinity", "-infinity")
"""Cells in which there is no finite number, in lower case."""

FEW = 9
"""Rows up to which each may be a class of its own."""

UNREADABLE = (ValueError, OverflowError)

PIXEL = 255
"""The largest value of a column called pixel…."""


def read_table(
    content: bytes, name: str, *, regressions: bool = False, known: tuple[str, ...] | None = None
) -> Dataset:
    """The rows of a CSV file, which has numbers in all columns but that of the target.

    The first line may name the columns. The target is the column called label, class, target, y or response,
    or else the last. It is classes if it holds text, or at most 100 different whole numbers for more rows, or
    is called label or class; otherwise, or if it is called response, it is the numbers that a regression
    predicts. Commas, semicolons or tabs stand between cells; with the latter two, numbers may have a decimal
    comma. Columns called pixel0, pixel1, … of whole numbers up to 255 are a square image.

    Args:
        content: the file.
        name: what to call it, here and in messages.
        regressions: whether the target may be numbers.
        known: the classes of a model whose rows these are, some of which may be missing here; empty where
            it predicts numbers; None where the target is to be recognised.

    Raises:
        FormatError: it is no such table, or larger than may be, or has a class that is not known.
    """
    from pandas.errors import ParserWarning

    form = form_of(content, name)
    _check_size(content, len(form.columns), name)
    try:
        table = form.read(content, np.float64)
    except UnicodeDecodeError as error:
        raise FormatError(not_utf8(name, error)) from error
    except ParserWarning as error:
        raise FormatError(f"{name} has rows of more cells than its first") from error
    except UNREADABLE as error:
        raise FormatError(_why_not(content, form, name) or f"{name} cannot be read: {error}") from error
    return _dataset(table, form, name, regressions, known)


def _check_size(content: bytes, columns: int, name: str) -> None:
    if columns > MAX_COLUMNS:
        raise FormatError(f"{name} has {columns:,} columns, more than {MAX_COLUMNS:,}: leave some out")
    cells = columns * (content.count(b"\n") + 1)
    if cells > MAX_CELLS:
        raise FormatError(f"{name} has some {cells:,} cells, more than {MAX_CELLS:,}: use fewer rows")


def _why_not(content: bytes, form: Form, name: str) -> str | None:
    """What to tell of a table that has something else than numbers; None where that is not it."""
    try:
        table = form.read(content, str)
    except UNREADABLE:
        return None
    for column in table.columns.drop(form.target):
        cells: pd.Series = table[column].str.strip()
        if (missing := _is_missing(cells)).any():
            return _lacking(missing, f"finite number in {column}", name)
        plain = [cell.replace(form.decimal, ".") for cell in cells]
        if wrong := [row for row, cell in enumerate(plain) if not is_number(cell)]:
            return (
                f"{name} must have numbers in every column but {form.target}, what is to be predicted: row "
                f"{wrong[0] + 1:,} has {cells.iloc[wrong[0]][:40]!r} in {column}. Leave that column out, or "
                "make a column of 0 and 1 of each of its values"
            )
    return None


def _is_missing(cells: pd.Series) -> NDArray[np.bool_]:
    return cells.str.lower().isin(MISSING).to_numpy(bool)


def _lacking(missing: NDArray[np.bool_], what: str, name: str) -> str:
    rows, first = int(missing.sum()), int(missing.argmax()) + 1
    have = f"row {first:,} has" if rows == 1 else f"{rows:,} rows, the first of them row {first:,}, have"
    return f"{name}: {have} no {what}: fill them in or leave them out"


def _check_there(there: NDArray[np.bool_], what: str, name: str) -> None:
    if not there.all():
        raise FormatError(_lacking(~there, what, name))


def _dataset(
    table: pd.DataFrame, form: Form, name: str, regressions: bool, known: tuple[str, ...] | None
) -> Dataset:
    if not len(table):
        raise FormatError(f"{name} has no rows")
    texts: pd.Series = table[form.target].astype(str).str.strip()
    features = table.drop(columns=form.target)
    values = np.array(features, np.float64, order="C")  # a copy: pandas' own may be read-only
    for column, each in zip(features.columns, np.isfinite(values).T, strict=True):
        _check_there(each, f"finite number in {column}", name)
    columns = tuple(map(str, features.columns))
    numbers = form.numbers(texts)
    is_numbers = regressions and _is_regression(texts, numbers, form.target) if known is None else not known
    if is_numbers:
        targets = numbers.astype(np.float64)
        _check_there(np.isfinite(targets), f"finite number in {form.target}", name)
        return Dataset(values, targets, name, source=name, columns=columns, target=form.target)  # type: ignore[arg-type]
    _check_there((texts != "").to_numpy(bool), f"class in {form.target}", name)
    classes, y = _classes(texts.to_numpy(str), form.target, name, known)
    shape = _image_shape(columns, values)
    if shape is None:
        return Dataset(values, y, name, classes, source=name, columns=columns, target=form.target)  # type: ignore[arg-type]
    return Dataset(values.astype(np.uint8), y, name, classes, shape, 1 / PIXEL, name)  # type: ignore[arg-type]


def _is_regression(texts: pd.Series, numbers: NDArray[np.float64], target: str) -> bool:
    """Whether a target is numbers to predict rather than classes; cells without one do not decide."""
    if target.lower() in (*CLASSES, *NUMBERS):
        return target.lower() in NUMBERS
    known = numbers[~_is_missing(texts)]
    if not len(known) or np.isnan(known).any():
        return False
    different = len(np.unique(known))
    return bool((known != np.round(known)).any()) or different > MAX_CLASSES or different == len(known) > FEW


def _classes(
    labels: NDArray[np.str_], column: str, name: str, known: tuple[str, ...] | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes in order, as numbers where all are, and the class of each row."""
    found, y = np.unique(labels, return_inverse=True)
    if known is not None:
        rank = number_classes([str(text) for text in found], known, f"{name}: {column}")
        return known, rank[y.reshape(-1)]
    if not 2 <= len(found) <= MAX_CLASSES:
        raise FormatError(
            f"{name}: the column of the classes, {column}, has {len(found):,} different values: expected "
            f"2…{MAX_CLASSES}. Name the right one label, or put it last"
        )
    if len(found) == len(labels) > FEW:
        raise FormatError(
            f"{name}: each row of {column} has a value of its own, such as {str(found[0])!r}: expected "
            "classes, of several rows each, or numbers to predict"
        )
    texts = [str(text) for text in found]
    key = (lambda k: float(texts[k])) if all(map(is_number, texts)) else (lambda k: texts[k])
    order = sorted(range(len(texts)), key=key)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return tuple(texts[k] for k in order), rank[y.reshape(-1)]


def _image_shape(columns: tuple[str, ...], X: NDArray[np.float64]) -> tuple[int, int] | None:
    side = math.isqrt(X.shape[1])
    if not all(column.lower().startswith("pixel") for column in columns) or side * side != X.shape[1]:
        return None
    is_bytes = bool(((X >= 0) & (X <= PIXEL) & (X.round() == X)).all())
    return (side, side) if is_bytes else None
