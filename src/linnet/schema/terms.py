"""`lower`: the encoding of a schema as data, each feature a product of factors.

Encoders in other languages are written from it. It stands with the schema, not with the exports: it says
again what each kind's `encode` does, and features of several columns are said so, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.schema.category import ABSENT, OTHER, Category
from linnet.schema.columns import Column
from linnet.schema.dates import Date
from linnet.schema.hashed import Hashed
from linnet.schema.products import Step
from linnet.schema.schema import Schema
from linnet.schema.words import Words

Function: TypeAlias = Literal[
    "number", "missing", "days", "year", "month", "weekday", "hour", "level", "word"
]
"""What a factor makes of a cell: a number, a part of a date, 1 where something holds, a word's weight."""

CHOICES = frozenset(("level", "word"))
"""The functions of which a column has one for each place in its list of levels or words."""


@dataclass(frozen=True)
class Factor:
    """A function of one column of a table.

    Args:
        column: its name.
        function: of its cell. A truth is the number 1 or 0, a date its days since 1970-01-01.
        fill: the number or the date in place of a missing one.
        since: the day that `days` counts from, in days since 1970-01-01.
        place: of the level or the word in its column's list; of a category, what was not seen in training
            stands behind its levels, and what is missing behind that. Of a hashed column the bucket; what is
            missing stands behind all buckets.
        steps: functions that the number then goes through, as a formula has them; what is not finite after
            one of them is no number, whatever the next would make of it.
    """

    column: str
    function: Function
    fill: float = 0.0
    since: float = 0.0
    place: int = 0
    steps: tuple[Step, ...] = ()


Term: TypeAlias = tuple[Factor, ...]
"""A feature: the product of its factors."""


@dataclass(frozen=True)
class Block:
    """Features that have their numbers in common, and of which levels or words choose one.

    Args:
        factors: numbers, whose product each feature is multiplied by.
        choices: the columns whose levels choose; or one of texts, whose words weigh.
        features: the place of the feature among all D, by that of each choice, (P1, P2, …); −1 where none.
    """

    factors: tuple[Factor, ...]
    choices: tuple[str, ...]
    features: NDArray[np.int64]


def lower_columns(schema: Schema) -> tuple[Term, ...]:
    """The encoded columns of a schema, in order, each as a product of factors; features without a formula.

    Raises:
        UsageError: a column is of a kind that has no such form.
    """
    return tuple(term for column in schema.columns for term in _terms(column))


def _terms(column: Column) -> tuple[Term, ...]:
    if column.kind not in TERMS:
        raise UsageError(
            f"the column {column.name} is of the kind {column.kind}, which no export can encode yet: train "
            f"without it, by --ignore {column.name}"
        )
    return TERMS[column.kind](column)


def _flag(column: Any) -> tuple[Term, ...]:
    """The term of the column that says where a value was missing."""
    return ((Factor(column.name, "missing"),),) if column.has_flag else ()


def _number(column: Any) -> tuple[Term, ...]:
    return ((Factor(column.name, "number", column.fill),), *_flag(column))


def _date(column: Date) -> tuple[Term, ...]:
    parts = [(Factor(column.name, cast(Function, part), column.fill, column.since),) for part in column.parts]
    return (*parts, *_flag(column))


def _levels(column: Category) -> tuple[Term, ...]:
    place = {level: at for at, level in enumerate((*column.levels, OTHER, ABSENT))}
    return tuple((Factor(column.name, "level", place=place[level]),) for level in column.shown)


def _buckets(column: Hashed) -> tuple[Term, ...]:
    places = [*column.shown, *([column.buckets] if column.has_missing else [])]
    return tuple((Factor(column.name, "level", place=place),) for place in places)


def _words(column: Words) -> tuple[Term, ...]:
    return tuple((Factor(column.name, "word", place=place),) for place in range(len(column.features)))


TERMS: dict[str, Callable[[Any], tuple[Term, ...]]] = {
    "number": _number, "truth": _number, "category": _levels, "hash": _buckets, "date": _date,
    "text": _words,
}  # fmt: skip
"""The terms of each kind; one more is a line here."""


def group(terms: Sequence[Term], places: dict[str, int]) -> tuple[Block, ...]:
    """Features together that programs compute together: one table a category, not a comparison a level.

    Args:
        terms: the features.
        places: how many places each column has to choose among, by its name; those of a category with what
            was not seen and what is missing.
    """
    found: dict[tuple[tuple[Factor, ...], tuple[str, ...]], NDArray[np.int64]] = {}
    for feature, term in enumerate(terms):
        factors = tuple(one for one in term if one.function not in CHOICES)
        choices = [one for one in term if one.function in CHOICES]
        names = tuple(one.column for one in choices)
        if (factors, names) not in found:
            found[factors, names] = np.full([places[name] for name in names], -1)
        found[factors, names][tuple(one.place for one in choices)] = feature
    return tuple(Block(*key, features) for key, features in found.items())
