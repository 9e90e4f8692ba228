"""The raw columns of a model of a table: what a form asks for, and a row of what was typed."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor

from linnet.schema.cells import PLAIN
from linnet.schema.columns import Column, Number, Seen
from linnet.schema.dates import Date
from linnet.schema.hashed import Hashed
from linnet.schema.overview import ColumnView
from linnet.schema.profile import ColumnProfile, profile, short_number
from linnet.schema.rows import RowEncoder
from linnet.schema.schema import Schema

LEVELS = 500
"""Of a category that a form lists; others may be typed."""

Cell = str | float | bool | None


class Field(BaseModel):
    """A column as a form asks for it.

    `usual` is what stands there at first: the median, the likelier or most frequent, some words; `ends` are
    the lowest and highest value in training, of dates as ISO text.
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
    known = profile(_in_form(column))
    figure = None if view is None else view.figure
    often = figure.levels if figure else ()
    usual = known.example
    if isinstance(column, Hashed):  # whose model keeps no levels
        usual = next(iter(often), "")
    elif known.kind == "category":
        usual = next((level for level in often if level in known.levels), usual)
    return Field(
        name=known.name, kind=known.kind, levels=known.levels[:LEVELS], usual=_typed(usual, known),
        ends=None if known.low is None or known.high is None
        else (_typed(known.low, known), _typed(known.high, known)),
    )  # fmt: skip


def _in_form(column: Column) -> Column:
    """The column as a form takes it: plain numbers, and days as ISO text."""
    if isinstance(column, Number):
        return dataclasses.replace(column, unit="")
    return dataclasses.replace(column, pattern="ISO8601") if isinstance(column, Date) else column


def _typed(cell: str | float, known: ColumnProfile) -> str:
    """A cell of a column as its input of a form has it: of a date the day alone."""
    if known.kind == "date":
        return str(cell).partition("T")[0]
    if isinstance(cell, bool):
        return known.levels[not cell]
    return cell if isinstance(cell, str) else f"{short_number(float(cell))}"


def row_of_cells(schema: Schema, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """What was typed as a row of the table: a form writes numbers with points, and days as ISO text."""
    return {column.name: _cell(column, cells.get(column.name)) for column in schema.columns}


def encode_cells(schema: Schema, cells: Mapping[str, Cell]) -> tuple[Tensor, dict[str, Seen]]:
    """A row of what was typed, as the model takes it, (D,), and what was seen; what is not given is missing.

    Raises:
        FormatError: a cell cannot be read, such as a word for a number.
    """
    encoded = RowEncoder(schema).encode([[cell] for cell in row_of_cells(schema, cells).values()])
    X: Any = encoded.X
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return torch.from_numpy(np.ascontiguousarray(dense[0], np.float64)), encoded.seen


def _cell(column: Column, cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    try:
        if isinstance(column, Date) and column.pattern != "ISO8601":
            return datetime.date.fromisoformat(cell).strftime(column.pattern)
        if not isinstance(column, Number) or not PLAIN.fullmatch(text := cell.strip()):
            return cell
        return float(text) if column.takes_numbers else text.replace(".", column.decimal) + column.unit
    except ValueError:
        return cell
