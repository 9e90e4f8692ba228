"""How the files of rows are read that are for a model: its columns as the schema has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from linnet.config.table import KINDS, TableOptions
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.schema.cells import NumberStyle
from linnet.schema.columns import Number
from linnet.schema.schema import Schema

SAID = ("target", "task", "formula", "ignore", "exposure", "decimal", "date_order", "rare", *KINDS)
"""What a schema says itself."""


def open_schema(path: Path, options: TableOptions) -> Schema:
    """The schema that was edited, by which a table is read.

    Args:
        path: of its TOML.
        options: what was said of the table beside it.

    Raises:
        DataNotFoundError: there is no such file.
        UsageError: something was said that the schema says.
        FormatError: it is no schema.
    """
    if not path.is_file():
        raise DataNotFoundError(f"there is no schema at {path}: linnet data schema FILE prints one")
    if said := [name for name in SAID if getattr(options, name) not in (None, ())]:
        flag = said[0].replace("_", "-")
        raise UsageError(
            f"a schema says what columns and target are: leave out --{flag} ({said[0]}= in Python), or leave "
            "out --schema"
        )
    try:
        schema = Schema.from_toml(path.read_bytes())
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    schema = schema.with_references() if options.references else schema
    return dataclasses.replace(schema, target=schema.target.with_positive(options.positive))


def texts_of(schema: Schema) -> list[str]:
    """The columns of a table whose cells a schema takes as they are written, codes such as 007 among them."""
    return [one.name for one in schema.columns if not isinstance(one, Number) or one.style != NumberStyle()]


def numbers_of(schema: Schema) -> list[str]:
    """The columns that a schema takes as plain numbers, by their codes where these have labels."""
    texts = {*texts_of(schema)}
    found = [one.name for one in schema.columns if one.name not in texts]
    return found if schema.target.classes else [*found, schema.target.name]


def read_as(options: TableOptions, texts: Sequence[str], numbers: Sequence[str]) -> TableOptions:
    """What was said of a table, and that some columns are read as text and some as numbers.

    Args:
        options: what was said, which goes before.
        texts: columns whose cells are read as text.
        numbers: those of numbers.
    """
    texts, numbers = ([name for name in names if name not in options.kinds] for names in (texts, numbers))
    numbers = [name for name in numbers if name not in texts and name not in options.ignore]
    return dataclasses.replace(
        options, category=(*options.category, *texts), number=(*options.number, *numbers)
    )
