"""`open_sources`: tables as record batches of Arrow, to be written as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.blocks import TableBlocks
from linnet.data.formats.open_blocks import open_blocks
from linnet.data.streams.arrow_rows import batches_of, faults, is_parquet, open_arrow, open_parquet
from linnet.errors import FormatError

STORED = (".parquet", ".pq", ".feather", ".arrow", ".ipc")

BATCH_BYTES = 32 << 20
"""Of the rows of a record batch, which are held at a time."""


@dataclass(frozen=True, eq=False)
class ArrowSource:
    """A table.

    Args:
        path: of it.
        schema: of its columns.
        rows: how many there are.
        batches: gives them.
    """

    path: Path
    schema: Any
    rows: int
    batches: Callable[[], Iterator[Any]]

    @property
    def wanted(self) -> Any:
        """The schema with values in place of dictionaries."""
        import pyarrow as pa

        fields = [field.with_type(_plain(field.type)) for field in self.schema]
        return pa.schema(fields, self.schema.metadata)  # which tells pandas' index from the columns


def open_sources(paths: Sequence[Path]) -> list[ArrowSource]:
    """Some tables of one kind: Parquet and Arrow, or text and JSON lines.

    Raises:
        FormatError: one cannot be read, or is of another kind than the first.
    """
    stored = [path for path in paths if path.suffix.lower() in STORED]
    if len(stored) == len(paths):
        return [_open_stored(path) for path in paths]
    if stored:
        raise FormatError(f"{stored[0]} is of another format than the others: convert one after the other")
    return [_open_text(blocks) for blocks in open_blocks(paths, TableOptions(stream=True))]


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _open_stored(path: Path) -> ArrowSource:
    if is_parquet(path):
        file = open_parquet(path)
        return ArrowSource(path, file.schema_arrow, file.metadata.num_rows, lambda: _read(path))
    reader = open_arrow(path)
    with faults(path):
        rows = sum(batch.num_rows for batch in batches_of(reader))
    return ArrowSource(path, reader.schema, rows, lambda: _read(path))


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


def _open_text(blocks: TableBlocks) -> ArrowSource:
    import pyarrow as pa

    types = {"number": pa.float64(), "cells": pa.string()}
    schema = pa.schema([(name, types[kind]) for name, kind in blocks.kinds.items()])

    def read() -> Iterator[Any]:
        for section in range(len(blocks.sections)):
            for block in blocks.read(section):
                columns = {name: _column(block.frame[name], schema.field(name).type) for name in schema.names}
                yield pa.record_batch(columns, schema=schema)

    return ArrowSource(blocks.path, schema, blocks.rows, read)


def _column(cells: Any, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return pa.array(cells.to_numpy(), kind, from_pandas=True)
    gaps = cells.isna().tolist()
    texts = cells.astype(object).tolist()
    return pa.array([None if gap else str(text) for text, gap in zip(texts, gaps, strict=True)], kind)
