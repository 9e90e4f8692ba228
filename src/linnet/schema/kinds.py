"""The kinds of columns by name; one more is a file of its own and a line here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from linnet.errors import FormatError
from linnet.schema.category import Category
from linnet.schema.checks import check_fields
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.dates import Date
from linnet.schema.hashed import Hashed
from linnet.schema.words import Words

COLUMN_TYPES: dict[str, type[Column]] = {
    one.kind: one for one in (Number, Truth, Category, Hashed, Date, Words)
}


def column_of(values: Mapping[str, Any]) -> Column:
    """The inverse of `Column.to_json`.

    Raises:
        FormatError: these are no column's.
    """
    try:
        kind = COLUMN_TYPES[values["kind"]]
        given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        del given["kind"]
        column = kind(**given)
    except (KeyError, TypeError) as error:
        raise FormatError(_explain(values, error)) from error
    check_fields(column)
    return column


def _explain(values: Mapping[str, Any], error: Exception) -> str:
    """Why something is no column of a schema: its kind, or which field it lacks or should not have."""
    name, kind = values.get("name", "without a name"), values.get("kind")
    if not isinstance(kind, str) or kind not in COLUMN_TYPES:
        return f"the column {name!r} of the schema has the kind {kind!r}: expected {', '.join(COLUMN_TYPES)}"
    known = [one.name for one in dataclasses.fields(COLUMN_TYPES[kind])]
    if strange := [field for field in values if field not in (*known, "kind")]:
        there_are = f"of a {kind} there are {', '.join(known)}"
        return f"the column {name!r} of the schema has the field {strange[0]!r}: {there_are}"
    return f"this is no column of a schema: {dict(values)!r} ({error!r})"
