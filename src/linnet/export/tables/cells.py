"""Rows to check a file of raw columns on: of a table, or made of what a schema holds; as a frame again."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from linnet.export.formats import Cell, Cells
from linnet.export.program import Program
from linnet.schema.category import Category, as_text
from linnet.schema.cells import NO_NUMBER, Frame, is_missing, to_numbers
from linnet.schema.columns import Block, Column, Number, Truth
from linnet.schema.date_cells import to_days
from linnet.schema.dates import Date, day_text
from linnet.schema.profile import HASHED
from linnet.schema.schema import Schema
from linnet.schema.words import Words, texts_of

MADE = 200
"""Rows that are made of a schema."""

UNSEEN = "no level of training"


def cells_of(schema: Schema, frame: Frame) -> Cells:
    """A table's cells as every format takes them: numbers, days, levels; None where they are missing.

    Args:
        schema: of the table.
        frame: rows of it, (N,), each of which can be read.
    """
    return {one.name: _cells_of(one, frame[one.name].reset_index(drop=True)) for one in schema.columns}


def _cells_of(column: Column, cells: Any) -> list[Cell]:
    if isinstance(column, Number):
        gaps, values = is_missing(cells, NO_NUMBER), to_numbers(cells, column.style)
    elif isinstance(column, Date):
        gaps, values = is_missing(cells, NO_NUMBER), to_days(cells, column.pattern)
    elif isinstance(column, Words):
        gaps, values = is_missing(cells, frozenset(("",))), texts_of(cells)
    else:
        gaps, values = is_missing(cells), as_text(cells)
    return [None if gap else value for gap, value in zip(gaps.tolist(), values.tolist(), strict=True)]


def encode_cells(schema: Schema, cells: Cells) -> Block:
    """Cells as every format takes them, percents without their sign, as the schema encodes them, (N, D)."""
    plain, frame = _as_frame(schema, cells)
    return plain.encode(frame).X


def drop_unreadable(schema: Schema, cells: Cells) -> Cells:
    """The rows of cells for which the terms of a formula are defined, as the logarithm of 0 is not."""
    plain, frame = _as_frame(schema, cells)
    fine = ~plain.find_unreadable(frame)
    return {name: list(itertools.compress(column, fine)) for name, column in cells.items()}


def _as_frame(schema: Schema, cells: Cells) -> tuple[Schema, Frame]:
    """Cells as a frame, and the schema that reads numbers without their unit."""
    import pandas as pd

    frame = pd.DataFrame({one.name: _series(one, cells[one.name]) for one in schema.columns})
    plain = (dataclasses.replace(one, unit="") if isinstance(one, Number) else one for one in schema.columns)
    return dataclasses.replace(schema, columns=tuple(plain)), frame


def _series(column: Column, cells: Sequence[Cell]) -> Any:
    import pandas as pd

    if isinstance(column, Number):
        return pd.Series([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    if isinstance(column, Date):
        return pd.Series(np.array([_iso(c) for c in cells], "datetime64[us]"))
    return pd.Series(list(cells), dtype=object)


def _iso(days: Cell) -> str | None:
    """A day as ISO text; None where it is missing."""
    return day_text(days) if isinstance(days, float) else None


def with_iso_dates(program: Program, cells: Cells) -> dict[str, list[Cell]]:
    """Cells for a format that parses dates."""
    dates = {one.name for one in program.columns if one.kind == "date"}
    return {
        name: [_iso(cell) if name in dates else cell for cell in column] for name, column in cells.items()
    }


def made_cells(schema: Schema) -> Cells:
    """Rows made of a schema: its levels, words and fills, values around them, and what training did not see.

    One row has every cell missing, one every level unseen; the others mix.
    """
    source = np.random.default_rng(0)
    made: dict[str, list[Cell]] = {}
    for place, column in enumerate(schema.columns):
        values = [None, *MAKERS[column.kind](column, source)]
        every = list(itertools.islice(itertools.cycle(values), MADE - 1))
        shift = place * 7 % len(every)  # so that columns are not missing together
        made[column.name] = [None, *every[shift:], *every[:shift]]
    return made


def _numbers(column: Any, source: np.random.Generator) -> list[Cell]:
    size = abs(column.fill) or 1.0
    around = column.fill + size * np.concatenate([source.normal(size=40), 10 * source.normal(size=8)])
    low, high = getattr(column, "low", None), getattr(column, "high", None)
    within = [] if low is None or high is None else source.uniform(low, high, 40).tolist()
    return [column.fill, 0.0, 1.0, -1.0, *around.tolist(), *within]  # formulas may be defined within alone


def _truths(column: Truth, source: np.random.Generator) -> list[Cell]:
    return [column.true, column.false, "1", "0"]


def _levels(column: Category, source: np.random.Generator) -> list[Cell]:
    step = max(1, len(column.levels) // (MADE - 10))
    return [UNSEEN, *column.levels[::step]]


def _hashes(column: Any, source: np.random.Generator) -> list[Cell]:
    names = [f"level {place}" for place in range(60)]
    return [HASHED, "é", "\u91cd\u91cf", "\U0001f600", "12", "-0.0", "2.50", *names]


def _dates(column: Date, source: np.random.Generator) -> list[Cell]:
    days = [column.fill, column.since, *(column.since + source.integers(-400, 4000, 60)).tolist(),
            -25567.0, 11016.0, 47846.0]  # 1900-01-01, 2000-02-29, 2100-12-31  # fmt: skip
    hours = source.integers(0, 86400, len(days)) / 86400 if "hour" in column.parts else np.zeros(len(days))
    whole = np.round((np.array(days) + hours) * 86400e6)
    return (whole / 86400e6).tolist()


HASHED_ONES = (
    "blue",
    "naïve",
    "3rd",
    "_x",
    "\u91cd\u91cf",
    "\u7ea2\u8272",
    "İx",
    "ß1",
    *(f"word{place}" for place in range(40)),
)
"""Words to hash."""


def _texts(column: Words, source: np.random.Generator) -> list[Cell]:
    joint = " " if column.by == "words" else ""
    words = column.words or HASHED_ONES
    some = [joint.join(source.choice(words, int(n))) for n in source.integers(1, 12, 40)]
    return ["", "of words unheard", some[0].upper() + "!", *some]


MAKERS: dict[str, Callable[[Any, np.random.Generator], list[Cell]]] = {
    "number": _numbers, "truth": _truths, "category": _levels, "hash": _hashes, "date": _dates,
    "text": _texts,
}  # fmt: skip


def example_row(program: Program) -> dict[str, Cell]:
    """A row to show how a file is called, with dates as ISO text."""
    cells = with_iso_dates(program, {name: [cell] for name, cell in example_days(program).items()})
    return {name: column[0] for name, column in cells.items()}


def example_days(program: Program) -> dict[str, Cell]:
    """The same row with dates as days since 1970-01-01."""
    source = np.random.default_rng(0)
    return {one.name: MAKERS[one.kind](one, source)[_SHOWN[one.kind]] for one in program.columns}


_SHOWN = {"number": 0, "truth": 0, "category": -1, "hash": 0, "date": 0, "text": 3}
"""Which of the cells that are made is a usual one."""
