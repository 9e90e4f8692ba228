"""The kinds of columns by name; one more is a file of its own and a line here."""

from __future__ import annotations

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
        raise FormatError(f"this is no column of a schema: {dict(values)!r} ({error!r})") from error
    check_fields(column)
    return column
