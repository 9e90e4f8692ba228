"""Tables of numbers that are read from their files whenever rows are wanted, by a schema of their columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset
from linnet.data.formats.plain import plain_frame
from linnet.data.formats.table_files import TableFiles
from linnet.data.formats.whole_numbers import frame_of, piece_of
from linnet.data.locate import find_tables
from linnet.data.split import Whole
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.arrow_rows import (
    batches_of,
    check_types,
    columns_of,
    faults,
    is_parquet,
    open_arrow,
    open_parquet,
)
from linnet.data.streams.row_files import open_rows
from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.shuffle import mismatch
from linnet.errors import DataNotFoundError, FormatError, UsageError, warn
from linnet.i18n import say
from linnet.schema.cells import Cells, Frame, is_missing
from linnet.schema.columns import Number
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from linnet.schema.target import pick_target, read_target

WINDOWS, FAR = 8, 0.5
"""Windows that are looked at, and how far their classes may be from those of all rows (see `mismatch`).

At .4, of 100 classes, the accuracy on new rows was .3 to .8 points below that of rows shuffled at once; at 5
it was 18 points below.
"""

FIRST = 10_000
"""Rows by which the kinds of columns are told; those of the target are told by all rows."""

TABLES = (".parquet", ".pq", ".feather", ".arrow", ".ipc")
"""The suffixes of tables that can be streamed."""

LEFT = ("formula", "groups", "time", "schema", "exposure", "sample_weight", "test")
"""What may be said of a table in memory alone."""


def read_streamed(files: TableFiles, name: str, options: TableOptions, schema: Schema | None = None) -> Whole:
    """The rows of a table's files, of which the target alone is held in memory.

    Args:
        files: of it, Parquet or Arrow.
        name: what to call it.
        options: what it does not tell by itself.
        schema: of the model whose rows these are.

    Raises:
        FormatError: a file is none of these, or a column that is to be a feature holds no numbers.
        UsageError: something is said of it that a stream does not take.
    """
    paths = files.train
    _check(files, name, options)
    first = _first_rows(paths[0])
    frame = plain_frame(piece_of(first), name)
    if schema is None:
        target = pick_target(frame, options)[0]
        cells = _column(paths, target)
        schema = _schema_of(frame, cells, name, options)
    else:
        cells = _column(paths, schema.target.name)
    names = _sources(schema, first.schema.names)
    columns = columns_of(first.schema, names, piece_of(first))
    if columns.features != len(schema.columns):
        missing = ", ".join(one for one in schema.left_out if one not in first.schema.names)
        raise FormatError(
            f"{name}: {missing} is left out, and a stream takes lists as a whole: leave out the column, "
            "or load the table without --stream"
        )
    rows = StreamedRows([open_rows(path, columns) for path in paths])
    target = schema.target
    y: Any = target.labels(cells) if target.classes else target.numbers(cells)
    features: Any = StreamedFeatures(rows)
    dataset = Dataset(
        features, y, name, classes=target.classes, source=name, target=target.what,
        columns=schema.features, schema=schema,
    )  # fmt: skip
    if target.classes and not rows.is_mapped:
        _warn_if_sorted(dataset.arrays.labels, rows, name)
    if options.split == "none":
        return Whole(dataset, test_size=None)
    return Whole(dataset) if options.test_size is None else Whole(dataset, test_size=options.test_size)


def find_streamable(name: str, folder: Path | str | None = None) -> tuple[Path, ...]:
    """The Parquet and Arrow files that a name means, in order.

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: they are none of these.
    """
    files = find_tables(name, folder, is_whole=True)
    if files is None:
        raise DataNotFoundError(f"no table at {Path(folder or '') / name}")
    _check_formats(files)
    return files.train


def can_stream(files: TableFiles) -> bool:
    """Whether all files of a table are of a format that can be streamed."""
    return all(path.suffix.lower() in TABLES for path in files.all)


def _check_formats(files: TableFiles) -> None:
    if wrong := [path for path in files.all if path.suffix.lower() not in TABLES]:
        raise FormatError(
            f"{wrong[0]} cannot be streamed, which Parquet and Arrow files can: load it without --stream "
            "(stream=), or write it as one of them"
        )


def _check(files: TableFiles, name: str, options: TableOptions) -> None:
    """Refuse files that cannot be streamed, and what is said of a table that a stream does not take."""
    _check_formats(files)
    if files.has_parts:
        raise UsageError(f"{name} has files to test on by their names: stream those to train on by a pattern")
    if said := next((one for one in LEFT if getattr(options, one) is not None), None):
        raise UsageError(f"{said} is of a table in memory: leave it out, or load {name} without --stream")


def _warn_if_sorted(classes: Any, rows: StreamedRows, name: str) -> None:
    """Warn where rows lie by their classes, and cannot be read from all over their files."""
    windows = rows.first_windows(WINDOWS)
    if len(windows) < 2:  # all rows are shuffled at once
        return
    far, shown = mismatch(classes, windows)
    if far > FAR:
        lanes = "row group is" if rows.lanes == 1 else f"{rows.lanes} row groups are"
        warn(
            f"the rows of {name} lie by their classes: of {len(np.unique(classes))} about {shown:.0f} are "
            f"among the {len(windows[0]):,} that are shuffled at a time, as {lanes} read side by side. "
            "Training suffers: write it as an Arrow file, whose rows are read from all over it, by linnet "
            f"data convert {name} NEW.arrow"
        )


def _first_rows(path: Path) -> Any:
    """The first rows of a file, a table of Arrow.

    Raises:
        FormatError: there are none.
    """
    import pyarrow as pa

    file = open_parquet(path) if is_parquet(path) else open_arrow(path)
    batches = file.iter_batches(FIRST) if is_parquet(path) else batches_of(file)
    found, rows = [], 0
    with faults(path):
        while rows < FIRST and (batch := next(batches, None)) is not None:
            found.append(batch.slice(0, FIRST - rows))
            rows += len(found[-1])
    if not rows:
        raise FormatError(f"{path} has no rows")
    return pa.Table.from_batches(found)


def _column(paths: Sequence[Path], name: str) -> Cells:
    """A column of all files.

    Raises:
        FormatError: a file lacks it, or has columns of other types than the first; a cell is missing.
    """
    import pyarrow as pa

    parts, first = [], None
    for path in paths:
        file = open_parquet(path) if is_parquet(path) else open_arrow(path)
        schema = file.schema_arrow if is_parquet(path) else file.schema
        if name not in schema.names:
            raise FormatError(f"{path} has no column {name}, which is predicted")
        first = first or schema
        check_types(path, schema, paths[0], first)
        if is_parquet(path):
            parts.append(file.read(columns=[name]))
            continue
        batches = [batch.select([name]) for batch in batches_of(file)]
        parts.append(pa.Table.from_batches(batches, schema=pa.schema([schema.field(name)])))
    cells = plain_frame(frame_of(pa.concat_tables(parts)), str(paths[0]))[name]
    if (missing := is_missing(cells)).any():
        raise FormatError(
            f"{int(missing.sum()):,} rows have no {name}, which is predicted, the first of them row "
            f"{int(missing.argmax()) + 1:,}: leave such rows out"
        )
    return cells


def _schema_of(frame: Frame, cells: Cells, name: str, options: TableOptions) -> Schema:
    """The schema of a table by its first rows, and by all cells of its target.

    Raises:
        FormatError: a column that is to be a feature holds no numbers.
    """
    place, why = pick_target(frame, options)
    target = read_target(cells, place, why, options)
    told = dataclasses.replace(options, target=place, task=target.task)
    found = fit_schema(infer_schema(frame, told, target.classes), frame, has_references=False)
    for column in found.columns:
        if not isinstance(column, Number) or column.has_flag:
            raise FormatError(
                f"{name}: the column {column.name} is not of numbers without gaps, which alone a stream "
                f"takes: leave it out (--ignore {column.name}), or load the table without --stream"
            )
    # The least and largest of the first rows are not those of all.
    columns = tuple(dataclasses.replace(column, low=None, high=None) for column in found.columns)
    target = target.with_positive(options.positive)
    notes = found.notes
    if len(cells) > len(frame):
        notes = (say("schema.note.first_rows", "en", n=f"{len(frame):,}"), *notes)
    return dataclasses.replace(found, columns=columns, target=target, notes=notes)


def _sources(schema: Schema, names: Sequence[str]) -> list[str]:
    """The columns of a file that features are read from, in the order of the features.

    Raises:
        FormatError: the file lacks one.
    """
    wanted = [column.name for column in schema.columns]
    found = list(dict.fromkeys(name if name in names else name.rpartition("[")[0] for name in wanted))
    if missing := [name for name in found if name not in names]:
        raise FormatError(f"there is no column {missing[0]}, which is a feature of the model")
    return found
