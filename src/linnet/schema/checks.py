"""What the fields of a schema may hold: one that was edited is refused by column and field."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Mapping
from typing import Any

from linnet.config.table import MOST_BUCKETS, TASKS
from linnet.errors import FormatError
from linnet.schema.category import ABSENT, OTHER, Category
from linnet.schema.cells import NumberStyle
from linnet.schema.columns import Column, Number
from linnet.schema.dates import FARTHEST, PARTS, Date
from linnet.schema.hashed import Hashed
from linnet.schema.words import ANALYZERS, Words

DECIMALS, THOUSANDS = (".", ","), ("", ",", ".", " ")
DAY = datetime.datetime(2001, 2, 3, 4, 5, 6)


def check_fields(column: Column) -> None:
    """Refuse a column with a field that cannot be.

    Raises:
        FormatError: naming the column, the field and what was expected.
    """
    where = f"the column {column.name!r} of the schema"
    for one in dataclasses.fields(column):
        value = getattr(column, one.name)
        if not _is_of(value, str(one.type)):
            raise FormatError(f"{where}: {one.name} must be {WORDS[str(one.type)]}, not {_shown(value)}")
    if isinstance(column, Number):
        _check_style(column.style, where)
    if isinstance(column, Category):
        _check_levels(column, where)
    if isinstance(column, Hashed):
        _check_buckets(column.buckets, where)
        if not -1 <= column.reference < column.buckets:
            raise FormatError(f"{where}: reference must be one of its buckets, or -1, not {column.reference}")
    if isinstance(column, Date):
        _check_date(column, where)
    if isinstance(column, Words):
        _check_words(column, where)


def target_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a target.

    Raises:
        FormatError: one of them cannot be.
    """
    target, where = dict(values), "the target of the schema"
    target["classes"] = tuple(target.get("classes", ()))
    target["style"] = NumberStyle(**target.get("style", {}))
    _check_style(target["style"], where)
    if target["task"] not in TASKS:
        raise FormatError(f"the task of a schema is one of {', '.join(TASKS)}, not {target['task']!r}")
    for name in ("name", "why", "exposure"):
        if not isinstance(target.get(name, ""), str):
            raise FormatError(f"{where}: {name} must be a text, not {_shown(target[name])}")
    if not _is_of(target["classes"], "tuple[str, ...]"):
        raise FormatError(f"{where}: classes must be a list of texts, not {_shown(target['classes'])}")
    _check_once(target["classes"], "classes", where)
    if target["classes"] and target["task"] != "classification":
        raise FormatError(f"{where}: classes must be left out where the task is {target['task']}")
    return target


WORDS = {
    "str": "a text", "bool": "true or false", "int": "a whole number",
    "float": "a finite number", "float | None": "a finite number",
    "tuple[str, ...]": "a list of texts", "tuple[float, ...]": "a list of finite numbers",
}  # fmt: skip
"""The types of fields in words."""


def _is_of(value: Any, kind: str) -> bool:
    if kind.startswith("tuple"):
        inner = kind.removeprefix("tuple[").removesuffix(", ...]")
        return isinstance(value, tuple) and all(_is_of(one, inner) for one in value)
    if kind.startswith("float"):
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            return value is None and kind != "float"
        return abs(value) < math.inf
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if kind == "bool" else str)


def _shown(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)[:60]


def _check_once(values: tuple[str, ...], field: str, where: str) -> None:
    if twice := next((one for one in values if values.count(one) > 1), None):
        raise FormatError(f"{where}: {field} has {twice!r} twice")


def _check_style(style: NumberStyle, where: str) -> None:
    for name, known in (("decimal", DECIMALS), ("thousands", THOUSANDS)):
        if (value := getattr(style, name)) not in known:
            raise FormatError(f"{where}: {name} must be one of {', '.join(map(repr, known))}, not {value!r}")
    if style.decimal == style.thousands:
        raise FormatError(f"{where}: decimal and thousands are both {style.decimal!r}")
    if not isinstance(style.unit, str) or not isinstance(style.parentheses, bool):
        raise FormatError(f"{where}: unit must be a text, and parentheses true or false")


def _check_levels(column: Category, where: str) -> None:
    if len(set(column.levels)) < len(column.levels):
        _check_once(column.levels, "levels", where)
    if column.reference and column.reference not in (*column.levels, OTHER, ABSENT):
        raise FormatError(f"{where}: reference must be one of its levels, not {column.reference!r}")


def _check_buckets(buckets: int, where: str) -> None:
    if not 2 <= buckets <= MOST_BUCKETS:
        raise FormatError(f"{where}: buckets must be from 2 to {MOST_BUCKETS:,}, not {buckets:,}")


def _check_date(column: Date, where: str) -> None:
    if not column.parts or not set(column.parts) <= set(PARTS):
        raise FormatError(f"{where}: parts must be some of {', '.join(PARTS)}, not {_shown(column.parts)}")
    _check_once(column.parts, "parts", where)
    for name in ("since", "fill", "low", "high"):
        if abs(days := getattr(column, name) or 0.0) > FARTHEST:
            raise FormatError(f"{where}: {name} must be days since 1970-01-01, not {days:g}")
    try:
        is_form = column.pattern == "ISO8601" or "%" in column.pattern
        datetime.datetime.strptime(DAY.strftime(column.pattern), column.pattern)
    except ValueError:
        is_form = False
    if not is_form:
        raise FormatError(f"{where}: pattern must be of strptime or ISO8601, not {column.pattern!r}")


def _check_words(column: Words, where: str) -> None:
    if column.by not in ANALYZERS:
        raise FormatError(f"{where}: by must be one of {', '.join(ANALYZERS)}, not {column.by!r}")
    if column.buckets or not column.words:  # a text is read by either
        _check_buckets(column.buckets, where)
    if len(column.idf) != len(column.words):
        raise FormatError(f"{where}: idf has {len(column.idf):,} numbers for {len(column.words):,} words")
    if len(set(column.words)) < len(column.words):
        _check_once(column.words, "words", where)
