"""`profile`: a fitted column for those who have a model and no table: its range, levels and an example."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from linnet.schema.columns import Column
from linnet.schema.dates import day_text

Cell = str | int | float | bool
"""A value as JSON has it."""

WORDS = 3
"""Words of the example of a text."""

HASHED = "any level"
"""The example of a hashed column, which keeps no level of training."""

HASHED_WORDS = "any words"
"""Likewise of a column of texts."""


@dataclass(frozen=True)
class ColumnProfile:
    """What a column takes.

    Args:
        name: of it.
        kind: number, truth, category, hash, date or text.
        example: a cell such as training had: the median, the likelier, a level, some words.
        low: the lowest value of training, to six digits, of dates and percents as text; None where there is
            none, or it is not known.
        high: the highest.
        levels: that training saw, of a category; the two words of a truth.
        had_gaps: whether cells without a value were among the training rows.
    """

    name: str
    kind: str
    example: Cell
    low: float | str | None = None
    high: float | str | None = None
    levels: tuple[str, ...] = ()
    had_gaps: bool = False


def profile(column: Column) -> ColumnProfile:
    """What a fitted column takes."""
    return ColumnProfile(column.name, column.kind, **OF_KIND[column.kind](column), had_gaps=column.had_gaps)


def _number(column: Any) -> dict[str, Any]:
    told = {"example": column.fill, "low": column.low, "high": column.high}
    written = short_number if column.takes_numbers else partial(_with_unit, column)
    return {name: None if number is None else written(float(number)) for name, number in told.items()}


def _with_unit(column: Any, number: float) -> str:
    """A number as the cells of its column are written, for the sign of percent is part of it."""
    return f"{short_number(number)}{column.unit}".replace(".", column.decimal)


def short_number(number: float) -> float:
    """A number as people write it."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.6g}")


def _truth(column: Any) -> dict[str, Any]:
    is_plain = column.true.lower() == "true"
    example = bool(column.fill) if is_plain else column.likelier
    return {"example": example, "levels": (column.true, column.false)}


def _category(column: Any) -> dict[str, Any]:
    return {"example": next(iter(column.levels), ""), "levels": column.levels}


def _hash(column: Any) -> dict[str, Any]:
    return {"example": HASHED}


def _date(column: Any) -> dict[str, Any]:
    low, high = (None if day is None else day_text(day, column.pattern) for day in (column.low, column.high))
    usual = column.fill if "hour" in column.parts else float(math.floor(column.fill))
    return {"example": day_text(usual, column.pattern), "low": low, "high": high}


def _text(column: Any) -> dict[str, Any]:
    words = (HASHED_WORDS,) if column.buckets else column.words[:WORDS]
    return {"example": ("" if column.by == "characters" else " ").join(words)}


OF_KIND: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "number": _number, "truth": _truth, "category": _category, "hash": _hash, "date": _date, "text": _text,
}  # fmt: skip
