"""The raw columns of a model of a table: what a form asks for, and a row of what was typed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor

from linnet.schema.category import Category
from linnet.schema.cells import PLAIN
from linnet.schema.columns import Column, Number, Seen, Truth
from linnet.schema.dates import Date
from linnet.schema.hashed import Hashed
from linnet.schema.overview import ColumnView
from linnet.schema.rows import RowEncoder
from linnet.schema.schema import Schema

LEVELS = 500
"""Of a category that a form lists; others may be typed."""

Cell = str | float | bool | None


class Field(BaseModel):
    """A column as a form asks for it.

    `usual` is what stands there at first: the median, the likelier or most frequent; `ends` are the lowest
    and highest value in training, of dates as ISO text.
    """

    name: str
    kind: str
    usual: str = ""
    ends: tuple[str, str] | None = None
    levels: tuple[str, ...] = ()


def fields_of(schema: Schema, views: Iterable[ColumnView]) -> list[Field]:
    """The fields of a form.

    Args:
        schema: of the model.
        views: what is known of the columns of its table.
    """
    known = {view.name: view for view in views}
    return [_field(column, known.get(column.name)) for column in schema.columns]


def _field(column: Column, view: ColumnView | None) -> Field:
    figure = None if view is None else view.figure
    ends = None if figure is None else figure.ends
    made = Field(name=column.name, kind=column.kind)
    if isinstance(column, Number):
        made.usual = f"{column.fill:.6g}"
        made.ends = ends and (f"{ends[0]:.6g}", f"{ends[1]:.6g}")
    elif isinstance(column, Truth):
        made.levels, made.usual = (column.true, column.false), column.true if column.fill else column.false
    elif isinstance(column, Date):
        made.usual = _day(column.fill)
        made.ends = ends and (_day(ends[0]), _day(ends[1]))
    elif isinstance(column, Category):
        made.levels = column.levels[:LEVELS]
        top = figure.levels if figure else ()
        made.usual = next((level for level in top if level in column.levels), next(iter(made.levels), ""))
    elif isinstance(column, Hashed):
        made.usual = next(iter(figure.levels), "") if figure else ""
    return made


def _day(days: float) -> str:
    """Days since 1970-01-01 as ISO text; empty where there is no such day."""
    try:
        return (datetime.date(1970, 1, 1) + datetime.timedelta(int(days))).isoformat()
    except (OverflowError, ValueError):
        return ""


def encode_cells(schema: Schema, cells: Mapping[str, Cell]) -> tuple[Tensor, dict[str, Seen]]:
    """A row of what was typed, as the model takes it, (D,), and what was seen; what is not given is missing.

    Raises:
        FormatError: a cell cannot be read, such as a word for a number.
    """
    encoded = RowEncoder(schema).encode(
        [[_cell(column, cells.get(column.name))] for column in schema.columns]
    )
    X: Any = encoded.X
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return torch.from_numpy(np.ascontiguousarray(dense[0], np.float64)), encoded.seen


def _cell(column: Column, cell: Cell) -> Cell:
    """A cell as the column takes it: a form writes numbers with points, and days as ISO text."""
    if not isinstance(cell, str):
        return cell
    try:
        if isinstance(column, Date) and column.pattern != "ISO8601":
            return datetime.date.fromisoformat(cell).strftime(column.pattern)
        return float(cell) if isinstance(column, Number) and PLAIN.fullmatch(cell.strip()) else cell
    except ValueError:
        return cell
