"""People's own tables: CSV of numbers with a column of classes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
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

LABELS = ("label", "class", "target", "y")
"""The names that make a column the classes; without one of them it is the last column."""

PIXEL = 255
"""The largest value of a column called pixel…."""


def read_table(content: bytes, name: str) -> Dataset:
    """The rows of a CSV file, which has numbers in all columns but the one of the classes.

    The first line may name the columns. The classes are in the column called label, class, target or y, or
    else in the last. Columns called pixel0, pixel1, … of whole numbers up to 255 are a square image.

    Args:
        content: the file.
        name: what to call it, here and in messages.

    Raises:
        FormatError: it is no such table, or larger than may be.
    """
    columns, has_names, where = _heading(content, name)
    _check_size(content, len(columns), name)
    types: Any = {column: "str" if place == where else "float32" for place, column in enumerate(columns)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows of more cells would be cut
            table = pd.read_csv(
                BytesIO(content), header=0 if has_names else None, names=columns, encoding="utf-8-sig",
                dtype=types, index_col=False,
            )  # fmt: skip
    except (ValueError, OverflowError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise FormatError(
            f"{name} must have numbers in every column but {columns[where]}, that of the classes: {error}"
        ) from error
    return _dataset(table, columns[where], name)


def columns_of(content: bytes, name: str) -> tuple[str, ...]:
    """The names of the features' columns, in order.

    Raises:
        FormatError: it is no table.
    """
    columns, _, where = _heading(content, name)
    return tuple(column for place, column in enumerate(columns) if place != where)


def _heading(content: bytes, name: str) -> tuple[list[str], bool, int]:
    """The columns' names, whether they are the file's own, and which column has the classes."""
    try:
        first = pd.read_csv(BytesIO(content), header=None, nrows=1, dtype=str, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FormatError(f"{name} is not a table of text in UTF-8 with commas: {error}") from error
    cells = ["" if cell is None or cell is np.nan else str(cell).strip() for cell in first.iloc[0]]
    if len(cells) < 2:
        raise FormatError(f"{name} has one column: expected numbers and a column of classes, with commas")
    has_names = sum(_is_number(cell) for cell in cells) == 0
    columns = _distinct(cells) if has_names else [f"column {place + 1}" for place in range(len(cells))]
    named = [place for place, column in enumerate(columns) if column.lower() in LABELS]
    return columns, has_names, named[0] if named else len(columns) - 1


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


def _dataset(table: pd.DataFrame, label: str, name: str) -> Dataset:
    if not len(table):
        raise FormatError(f"{name} has no rows")
    features = table.drop(columns=label)
    for column in features.columns:
        if wrong := int((~np.isfinite(features[column].to_numpy())).sum()):
            raise FormatError(
                f"{name}: {wrong:,} rows have no finite number in {column}: fill them in or leave them out"
            )
    if missing := int(np.count_nonzero(table[label].isna().to_numpy())):
        raise FormatError(f"{name}: {missing:,} rows have no class in {label}")
    classes, y = _classes(table[label].str.strip().to_numpy(str), label, name)
    X = torch.from_numpy(np.ascontiguousarray(features.to_numpy(np.float32)))
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
