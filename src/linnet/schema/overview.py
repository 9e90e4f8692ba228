"""`overview`: each column of a table at a glance: kind, gaps, examples, a small figure, what it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.schema.category import ABSENT, Category, as_text
from linnet.schema.cells import NO_NUMBER, Cells, Frame, NumberStyle, is_missing, to_numbers
from linnet.schema.classes import gap_words
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.date_cells import to_days
from linnet.schema.dates import Date, day_text
from linnet.schema.hashed import Hashed
from linnet.schema.profile import short_number
from linnet.schema.schema import Schema

EXAMPLES = 3
"""Different cells of a column that are shown."""

LENGTH = 24
"""Characters of a cell that is shown."""

BINS = 12
TOP = 6
"""Levels of a category that a figure shows: the most frequent."""


@dataclass(frozen=True)
class Figure:
    """How the values of a column are spread.

    Args:
        counts: of cells: of each bin, or of the most frequent levels.
        levels: those levels; empty of numbers and dates.
        ends: the lowest and highest value, of numbers and of days since 1970-01-01; None of levels.
        others: cells of other levels.
    """

    counts: tuple[int, ...]
    levels: tuple[str, ...] = ()
    ends: tuple[float, float] | None = None
    others: int = 0


@dataclass(frozen=True)
class ColumnView:
    """A column of a table at a glance.

    Args:
        name: of it.
        kind: as a schema names it; "target", "left out", or empty where the table could not be read.
        missing: the share of its cells without a value.
        different: how many different values it has.
        becomes: how many encoded columns it becomes; of the target None.
        why: it is left out; empty where it is not.
        examples: of its cells.
        figure: of its values; None of texts, and where there are none.
        fill: what a missing cell becomes, where training had such; else empty.
    """

    name: str
    kind: str
    missing: float
    different: int
    becomes: int | None
    why: str
    examples: tuple[str, ...]
    figure: Figure | None
    fill: str = ""


def overview(frame: Frame, schema: Schema | None, *, rows: int | None = None) -> list[ColumnView]:
    """The columns of a table, in its order.

    Args:
        frame: its cells.
        schema: by which it was read; None where it could not be.
        rows: to look at, at even distances; all when None.
    """
    if rows is not None and len(frame) > rows:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, rows).astype(np.int64)]
    known = {} if schema is None else {column.name: column for column in schema.columns}
    return [_view(frame[name], name, known.get(name), schema) for name in map(str, frame.columns)]


def _view(cells: Cells, name: str, column: Column | None, schema: Schema | None) -> ColumnView:
    cells = cells.reset_index(drop=True)
    is_target = schema is not None and schema.target.name == name
    gaps = is_missing(cells, gap_words(schema.target.classes if schema and is_target else ()))
    words = cells[~gaps]
    different = words.drop_duplicates()
    out = "" if schema is None or column is not None or is_target else schema.left_out.get(name, "")
    kind = column.kind if column is not None else "target" if is_target else "left out" if schema else ""
    numbers = _numbers(words, column, schema if is_target else None)
    return ColumnView(
        name=name, kind=kind, missing=float(gaps.mean()) if len(cells) else 0.0, different=len(different),
        becomes=None if is_target else 0 if column is None else len(column.features), why=out,
        examples=tuple(_shorten(cell) for cell in different.iloc[:EXAMPLES]),
        figure=_levels(words, column) if numbers is None else _histogram(numbers),
        fill="" if column is None else _fill(column),
    )  # fmt: skip


def _fill(column: Column) -> str:
    """What a missing cell of a column becomes, in words."""
    if isinstance(column, Category | Hashed):
        return ABSENT if column.has_missing else ""
    if not isinstance(column, Number | Truth | Date) or not column.has_flag:
        return ""
    if isinstance(column, Truth):
        return column.likelier
    return day_text(column.fill) if isinstance(column, Date) else f"{short_number(column.fill)}"


def _shorten(cell: Any) -> str:
    text = str(cell).strip()
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def _numbers(words: Cells, column: Column | None, of_target: Schema | None) -> Any:
    """The numbers, or days, of cells that have a value; None where they are others."""
    if isinstance(column, Number):
        return to_numbers(words[~is_missing(words, NO_NUMBER)], column.style)
    if isinstance(column, Date):
        return to_days(words, column.pattern)
    if of_target is not None:
        return None if of_target.target.classes else to_numbers(words, of_target.target.style)
    return to_numbers(words, NumberStyle()) if column is None and words.dtype.kind in "iuf" else None


def _histogram(values: Any) -> Figure | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    if not np.isfinite(high - low):  # beyond what the distance of two can be
        return None
    is_wide = high - low > 2 * BINS * max(
        np.spacing(abs(low)), np.spacing(abs(high))
    )  # or bins have no width
    counts, _ = np.histogram(known, bins=BINS if is_wide else 1)
    return Figure(tuple(counts.tolist()), ends=(low, high))


def _levels(words: Cells, column: Column | None) -> Figure | None:
    """The most frequent levels; of texts none, and of names that no two rows share."""
    import pandas as pd

    if not len(words) or (column is not None and column.kind == "text"):
        return None
    counts: Cells = pd.Series(as_text(words)).value_counts()
    if counts.iloc[0] == 1 and len(counts) > TOP:
        return None
    top = counts.iloc[:TOP]
    return Figure(tuple(top.tolist()), tuple(map(_shorten, top.index)), others=int(counts.sum() - top.sum()))
