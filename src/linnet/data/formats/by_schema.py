"""How the files of rows are read that are for a model: its columns as the schema has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from linnet.config.table import KINDS, TableOptions
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.i18n import find_name, say
from linnet.schema.category import as_text
from linnet.schema.cells import Frame, NumberStyle
from linnet.schema.columns import Number, Seen
from linnet.schema.schema import Schema

SAID = ("target", "task", "formula", "ignore", "exposure", "decimal", "date_order", "rare", *KINDS)
"""What a schema says itself."""

OF_ROWS = frozenset((
    "note.bare_test", "note.comments", "note.encoding", "note.files", "note.gap_marks", "note.no_flag",
    "note.not_listed", "note.parts", "note.parts_test", "note.parts_validation", "note.passed_over",
    "note.unlabelled", "note.unlabelled_1",
))  # fmt: skip
"""Notes of the rows that a schema was made of, which those that it reads need not share."""

LISTED = 3
"""Levels that a note names."""


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
    notes = tuple(note for note in schema.notes if find_name(note, "schema") not in OF_ROWS)
    return dataclasses.replace(schema, target=schema.target.with_positive(options.positive), notes=notes)


def say_lost(frame: Frame, schema: Schema, seen: Mapping[str, Seen]) -> list[str]:
    """What rows to train on have that a schema has no place for: levels, and gaps.

    Args:
        frame: their cells.
        schema: that was edited.
        seen: in each of its columns, by name.
    """
    found = list[str]()
    for column in schema.columns:
        one, n = seen[column.name], f"{seen[column.name].unseen:,}"
        if one.strange is not None and one.unseen:
            levels = sorted(set(as_text(frame[column.name][one.strange])))
            shown = ", ".join(levels[:LISTED]) + ", …" * (len(levels) > LISTED)
            found.append(say("schema.note.not_listed", "en", name=column.name, n=n, levels=shown))
        if one.missing and not column.had_gaps and column.is_dense:
            found.append(say("schema.note.no_flag", "en", name=column.name, n=f"{one.missing:,}"))
    return found


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
    said = {*options.kinds, *options.ignore}
    texts, numbers = ([name for name in names if name not in said] for names in (texts, numbers))
    numbers = [name for name in numbers if name not in texts]
    return dataclasses.replace(
        options, category=(*options.category, *texts), number=(*options.number, *numbers)
    )
