"""Tables in Parquet or Arrow files as one Arrow file without compression, the form that streams fastest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from linnet.data.streams.arrow_rows import (
    batches_of,
    check_types,
    faults,
    is_parquet,
    open_arrow,
    open_parquet,
)
from linnet.errors import FormatError, UsageError
from linnet.files import check_free, replacing

SUFFIXES = (".arrow", ".feather", ".ipc")

BATCH_BYTES = 32 << 20
"""Of the rows of a record batch, which are held at a time."""

Progress = Callable[[int, int], object]


def is_arrow(path: Path) -> bool:
    """Whether a file's suffix is Arrow's."""
    return path.suffix.lower() in SUFFIXES


def write_arrow(paths: Sequence[Path], out: Path, progress: Progress = lambda done, total: None) -> int:
    """Write the rows of some files, all their columns, into one; how many there are.

    Columns of dictionaries become columns of their values, as an Arrow file has one dictionary a column.

    Args:
        paths: Parquet or Arrow files of the same columns.
        out: the file, which is there when it is whole.
        progress: called with the bytes of the files that were read, and all of them.

    Raises:
        UsageError: there is something at `out`.
        FormatError: a file cannot be read, or its columns are not those of the first.
    """
    import pyarrow as pa

    check_free(out)
    schemas = [_schema(path) for path in paths]
    for path, schema in zip(paths, schemas, strict=True):
        check_types(path, schema, paths[0], schemas[0])
    wanted = pa.schema([field.with_type(_plain(field.type)) for field in schemas[0]])
    total, before, rows = sum(path.stat().st_size for path in paths), 0, 0
    with replacing(out) as file, pa.ipc.new_file(file, wanted) as writer:
        for path in paths:
            own, size = 0, path.stat().st_size
            all_ = max(1, _count(path))
            for batch in _read(path):
                writer.write_table(pa.Table.from_batches([batch]).select(wanted.names).cast(wanted))
                own += batch.num_rows
                progress(before + size * own // all_, total)
            rows, before = rows + own, before + size
        if not rows:
            raise UsageError(f"{paths[0]} has no rows to write")
        check_free(out)  # again: somebody may have put a file there while this one was written
    check_written(out, rows)
    return rows


def check_written(out: Path, rows: int) -> None:
    """Refuse a file that has not the rows that were written.

    Raises:
        FormatError: it has others.
    """
    found = _count(out)
    if found != rows:
        raise FormatError(f"{out} has {found:,} rows, and {rows:,} were written: the disk may be full")


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _schema(path: Path) -> Any:
    return open_parquet(path).schema_arrow if is_parquet(path) else open_arrow(path).schema


def _count(path: Path) -> int:
    if is_parquet(path):
        return open_parquet(path).metadata.num_rows
    return sum(batch.num_rows for batch in batches_of(open_arrow(path)))


def _read(path: Path) -> Iterator[Any]:
    """The record batches of a file, of about `BATCH_BYTES`."""
    with faults(path):
        if not is_parquet(path):
            yield from batches_of(open_arrow(path))
            return
        with open_parquet(path) as file:
            meta = file.metadata
            size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
            height = max(1, min(1 << 16, BATCH_BYTES * meta.num_rows // max(1, size)))
            yield from file.iter_batches(height)
