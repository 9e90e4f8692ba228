"""`ParquetBlocks` and `ArrowBlocks`: cells of Parquet and Arrow files, some rows at a time."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.blocks import Block, Kind, TableBlocks
from linnet.data.formats.plain import check_twice, plain_frame
from linnet.data.formats.whole_numbers import piece_of
from linnet.data.streams.arrow_rows import (
    Columns,
    batches_of,
    columns_of,
    faults,
    is_mapped,
    open_arrow,
    open_parquet,
    without_index,
)
from linnet.errors import DataError, FormatError

SLICE = 1 << 12
"""Rows of a section of a file that is mapped into memory."""


def kind_of_type(kind: Any) -> Kind:
    """What a column is by its type in Arrow."""
    import pyarrow as pa

    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return "list"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    return "date" if types.is_timestamp(kind) or types.is_date(kind) else "cells"


class _OfArrow(TableBlocks):
    """A file whose rows come as record batches."""

    def __init__(self, path: Path, schema: Any) -> None:
        super().__init__(path)
        check_twice([name.strip() for name in schema.names], None, str(path))
        self.schema = schema = without_index(schema)
        self._raw = {name.strip(): name for name in schema.names}
        self.kinds = {name: kind_of_type(schema.field(raw).type) for name, raw in self._raw.items()}
        self.widths = {}

    def _find_widths_(self) -> None:
        """The lengths of the lists, by the first of each that is not empty."""
        lists = [name for name, kind in self.kinds.items() if kind == "list"]
        for name in lists:
            cells = itertools.chain.from_iterable(batch.column(0) for batch in self._batches(name))
            width = next((len(one) for one in cells if one.is_valid and len(one)), None)
            if width is None:
                raise FormatError(f"{self.path}: no row has a list of numbers in {name}: take the column out")
            self.widths = {**self.widths, name: width}

    def plain_columns(self, names: Sequence[str]) -> Columns | None:
        """See `TableBlocks.plain_columns`."""
        raw = [self._raw[name] for name in names]
        import pyarrow as pa

        types = [self.schema.field(one).type for one in raw]
        types = [
            kind.value_type if name in self.widths else kind for name, kind in zip(names, types, strict=True)
        ]
        if not all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in types):
            return None
        return columns_of(self.schema, raw, [self.widths.get(name, 0) for name in names])

    def _batches(self, name: str) -> Iterator[Any]:
        return itertools.chain.from_iterable(
            self._read(section, [self._raw[name]]) for section in range(len(self.sections))
        )

    def _read(self, section: int, raw: list[str]) -> Iterator[Any]:
        """The record batches of a section."""
        raise NotImplementedError

    def read(self, section: int, columns: Collection[str] | None = None) -> Iterator[Block]:
        """See `TableBlocks.read`."""
        wanted = [name for name in self.kinds if columns is None or name in columns]
        done = 0
        for batch in self._read(section, [self._raw[name] for name in wanted]):
            done += batch.num_rows
            yield self._block(batch, wanted)
        if done != self.sections[section]:
            raise DataError(f"{self.path} ended within {self.unit} {section + 1}: bring the whole file back")

    def _block(self, batch: Any, wanted: list[str]) -> Block:
        import pyarrow as pa

        lists, others, bad = dict[str, NDArray[Any]](), dict[str, Any](), dict[int, str]()
        for name in wanted:
            cells = batch.column(self._raw[name])
            if self.kinds[name] == "list":
                lists[name], own = _numbers(cells, self.widths[name], name)
                bad |= own
                continue
            is_text = pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)
            others[name] = cells.dictionary_encode() if is_text else cells
        table = pa.table(others) if others else pa.table({"": pa.nulls(batch.num_rows)})
        frame = piece_of(table)
        return Block(batch.num_rows, plain_frame(frame, str(self.path)) if others else frame[[]], lists, bad)


def _numbers(cells: Any, width: int, name: str) -> tuple[NDArray[Any], dict[int, str]]:
    """The numbers of lists, (n, width), and why some rows have none."""
    import pyarrow as pa

    if not (pa.types.is_integer(cells.type.value_type) or pa.types.is_floating(cells.type.value_type)):
        raise FormatError(f"the column {name} holds {cells.type}: expected lists of numbers")
    bad = dict.fromkeys(np.flatnonzero(np.asarray(cells.is_null())).tolist(), f"has no {name}")
    if hasattr(cells, "offsets"):
        lengths = np.diff(np.asarray(cells.offsets))
        wrong = np.flatnonzero(lengths != width).tolist()
        bad = {row: f"has {lengths[row]} numbers in {name}, and others {width}" for row in wrong} | bad
    flat = cells.flatten()
    if not bad:
        return flat.to_numpy(zero_copy_only=False).reshape(-1, width), {}
    good = np.setdiff1d(np.arange(len(cells)), list(bad))
    found = np.full((len(cells), width), np.nan)
    found[good] = cells.take(pa.array(good)).flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return found, bad


class ParquetBlocks(_OfArrow):
    """A Parquet file, whose sections are its row groups."""

    unit = "row group"

    def __init__(self, path: Path) -> None:
        file = open_parquet(path)
        super().__init__(path, file.schema_arrow)
        meta = file.metadata
        self.sections = tuple(meta.row_group(group).num_rows for group in range(meta.num_row_groups))
        self._find_widths_()

    def _read(self, section: int, raw: list[str]) -> Iterator[Any]:
        with faults(self.path), open_parquet(self.path) as file:
            yield from file.iter_batches(self.height, row_groups=[section], columns=raw)


class ArrowBlocks(_OfArrow):
    """An Arrow file, whose sections are its record batches, or parts of them where it is mapped."""

    unit = "part"

    def __init__(self, path: Path) -> None:
        self._reader = open_arrow(path)
        super().__init__(path, self._reader.schema)
        with faults(path):
            rows = [batch.num_rows for batch in batches_of(self._reader)]
            size = SLICE if is_mapped(path) else max(1, *rows, 1)
        self._slices = [
            (number, low, min(size, count - low))
            for number, count in enumerate(rows)
            for low in range(0, count, size)
        ]
        self.sections = tuple(count for _, _, count in self._slices)
        self._find_widths_()

    def _read(self, section: int, raw: list[str]) -> Iterator[Any]:
        number, low, count = self._slices[section]
        with faults(self.path):
            batch = self._reader.get_batch(number).select(raw).slice(low, count)
        for place in range(0, count, self.height):
            yield batch.slice(place, self.height)
