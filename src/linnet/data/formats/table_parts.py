"""Tables in several files as data sets: the schema of the rows to train on reads the others, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset, Splits
from linnet.data.formats.by_schema import numbers_of, texts_of
from linnet.data.formats.encoding import PACKED
from linnet.data.formats.frames import is_text
from linnet.data.formats.part_checks import check_part, describe_part
from linnet.data.formats.row_columns import read_row_columns
from linnet.data.formats.table import TableRows, check_table, encode_rows
from linnet.data.formats.table_files import TableFiles, read_files
from linnet.data.formats.text_table import TextTable, read_names
from linnet.data.formats.zipped import is_zipped
from linnet.data.split import Whole, stack_rows
from linnet.errors import FormatError, UsageError
from linnet.i18n import say
from linnet.schema.asked import check_named
from linnet.schema.cells import Frame, is_missing
from linnet.schema.schema import Schema
from linnet.schema.target import drop_unlabelled


class NamedTable(NamedTuple):
    """A table and what messages call it."""

    name: str
    table: TextTable


def read_tables(
    files: TableFiles,
    name: str,
    *,
    options: TableOptions | None = None,
    known: tuple[str, ...] | None = None,
    schema: Schema | None = None,
    is_split: bool = False,
    most: int | None = None,
) -> TableRows | NamedParts:
    """The rows of a table's files, and which of them are of which part.

    Args:
        files: of it.
        name: what to call it.
        options: what the files do not tell by themselves.
        known: as `formats.table.check_table` takes it.
        schema: of the model whose rows these are.
        is_split: as in `check_table`.
        most: cells; None for any number.

    Raises:
        FormatError: as `check_table`; or the columns of a file are not those of the others, or a file to test
            on has no targets.
    """
    options = options or TableOptions()
    texts, numbers = ([], []) if schema is None else (texts_of(schema), numbers_of(schema))
    if schema is None and options.schema is None and options.table:
        _check_named(files.train[0], name, options)
    read = read_files(files.train, options, texts, numbers)

    def check(files: TableFiles, *more: str) -> TableRows:
        table = dataclasses.replace(read, notes=(*files.notes, *read.notes, *more))
        is_held_out = is_split and not files.has_parts
        return check_table(
            table, name, options=options, known=known, schema=schema, is_split=is_held_out, most=most
        )

    train = check(files)
    texts, numbers = texts_of(train.fitted), numbers_of(train.fitted)
    parts = {
        part: NamedTable(
            ", ".join(path.name for path in paths[:3]), read_files(paths, options, texts, numbers)
        )
        for part, paths in (("validation", files.validation), ("test", files.test))
        if paths
    }
    if not files.is_test_named and "test" in parts and not _has_target(parts["test"].table, train.fitted):
        del parts["test"]
        train = check(dataclasses.replace(files, test=()), _say_bare(files, train.fitted))
    return add_parts(train, parts, options) if parts else train


def _check_named(path: Path, name: str, options: TableOptions) -> None:
    """Refuse a column that was named and is not there, by the beginning of a text, before all of it is read.

    Raises:
        FormatError: naming it.
    """
    if not is_text(path) or path.suffix.lower() in PACKED or is_zipped(path):
        return
    names = read_names(path, options)
    try:
        check_named(names, options)
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error


def _say_bare(files: TableFiles, schema: Schema) -> str:
    """That the rows to test on have no targets, as those of a contest."""
    name = ", ".join(path.name for path in files.test)
    return say("schema.note.bare_test", "en", name=name, target=schema.target.name)


def _has_target(table: TextTable, schema: Schema) -> bool:
    target = schema.target.name
    return target in table.frame.columns and not bool(is_missing(table.frame[target]).all())


@dataclass(frozen=True, eq=False, kw_only=True)
class NamedParts(Whole):
    """All rows of a table in parts of its own: those to train on, to validate on, to test on.

    Args:
        parts: the rows to train on, with those to validate on, and the rows to test on.
        frame: the cells of the rows to train on.
    """

    parts: Splits
    frame: Frame

    def splits(self, *, hold_out: bool = True) -> Splits:
        """The parts as they are, whether or not others would be held out."""
        return self.parts


def add_parts(train: TableRows, parts: Mapping[str, NamedTable], options: TableOptions) -> NamedParts:
    """The rows to train on, and those of the other parts by the schema of the first.

    Args:
        train: the rows to train on.
        parts: the cells of "validation" and "test", as far as they are there.
        options: what was said of the tables.

    Raises:
        FormatError: a part has no targets, lacks a column, has a class that training has not, or a cell that
            cannot be read.
        UsageError: a way to choose rows to test on was asked for.
    """
    if "test" in parts and (options.split is not None or options.test_size is not None):
        name = "split" if options.split is not None else "test_size"
        raise UsageError(f"the rows to test on are in a file of their own: leave out {name}")
    found, notes = dict[str, Dataset](), list[str]()
    for part, (label, table) in parts.items():
        try:
            found[part], dropped = _encode(table, train, label, options)
        except FormatError as error:
            hint = _hint_at_target(table.frame, train.frame, options)
            raise FormatError(f"{label}: {error}{hint}") from error
        _check_alike(found[part], train.rows, label)
        notes += [f"{label}: {note}" for note in dropped]
    rows = _note(train.rows, notes)
    splits = Splits(rows.replace(validation=found.get("validation")), found.get("test"))
    for each in found.values():
        rows = stack_rows(rows, each)
    return NamedParts(rows, parts=splits, frame=train.frame)


def _hint_at_target(frame: Frame, train: Frame, options: TableOptions) -> str:
    """What is likely meant where no target was named: the one column that a contest's test file lacks."""
    lacking = [name for name in train.columns if name not in frame.columns]
    if options.target is not None or len(lacking) != 1:
        return ""
    return (
        f". If {lacking[0]}, the only column that it lacks, is to be predicted, say --target {lacking[0]} "
        "(target= in Python)"
    )


def _encode(
    table: TextTable, train: TableRows, label: str, options: TableOptions
) -> tuple[Dataset, list[str]]:
    """The rows of another part by the schema of those to train on, and what is to be said of them."""
    schema, frame = train.fitted, table.frame
    target = schema.target.name
    if not _has_target(table, schema):
        raise FormatError(
            f"it has no {target}, which is predicted, so that no model can be tested on it: train without "
            f"it, then have its rows answered by linnet predict RUN {label}"
        )
    frame, dropped = drop_unlabelled(frame, target, options, schema.target.classes)
    beside = read_row_columns(frame, options, is_needed=False)
    check_part(frame, schema)
    rows = encode_rows(frame, schema, train.rows.name, beside)
    return rows, [*dropped, *describe_part(frame, beside, train.frame, schema, options)]


def _check_alike(added: Dataset, train: Dataset, label: str) -> None:
    """Refuse pixels of one part that are none in the other."""
    if (added.image_shape, added.scale) != (train.image_shape, train.scale):
        raise FormatError(
            f"{label}: the columns to train on are pixels, whole numbers of 0…255, and these are not (or the "
            "reverse)"
        )


def _note(rows: Dataset, notes: Sequence[str]) -> Dataset:
    if rows.schema is None or not notes:
        return rows
    schema = dataclasses.replace(rows.schema, notes=(*rows.schema.notes, *notes))
    return rows.replace(schema=schema)
