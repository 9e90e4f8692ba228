"""Columns of Arrow's record batches as features: numbers, and lists of numbers of one length."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.addresses import is_address
from linnet.errors import DataError, FormatError

Where = Callable[[int], str]
"""What messages call a row of a batch."""

EXACT = {"float16": "float32", "int8": "float32", "uint8": "float32", "int16": "float32", "uint16": "float32"}
"""Types of columns that float32 holds to the last digit."""


REQUEST = 1 << 22
"""Bytes of a column that are asked of another machine at once."""


@dataclass(frozen=True)
class Columns:
    """The columns that features are read from, in order.

    Args:
        names: of them.
        widths: how many features each is: of a column of lists the numbers of a list, else 0.
        dtype: of all features.
    """

    names: tuple[str, ...]
    widths: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def features(self) -> int:
        """D."""
        return sum(width or 1 for width in self.widths)


def to_rows(batch: Any, columns: Columns, where: Where) -> NDArray[Any]:
    """The features of a record batch, (n, D); of a single column of lists without a copy.

    Args:
        batch: of rows.
        columns: that features are read from.
        where: what messages call a row of it.

    Raises:
        FormatError: a cell is missing, or lists are not of one length.
    """
    parts = columns_as_rows(batch, columns, where)
    if len(parts) == 1 and parts[0].dtype == columns.dtype:
        return parts[0]
    rows, low = np.empty((batch.num_rows, columns.features), columns.dtype), 0
    for part in parts:
        rows[:, low : low + part.shape[1]] = part
        low += part.shape[1]
    return rows


def columns_as_rows(batch: Any, columns: Columns, where: Where) -> list[NDArray[Any]]:
    """The numbers of each column of a record batch, (n, 1) or (n, width), without a copy where there is one.

    Raises:
        FormatError: as `to_rows`.
    """
    return [
        _cells(batch.column(batch.schema.get_field_index(name)), width, name, where)
        for name, width in zip(columns.names, columns.widths, strict=True)
    ]


def _cells(cells: Any, width: int, name: str, where: Where) -> NDArray[Any]:
    """A column's numbers, (n, 1) or (n, width)."""
    if cells.null_count:
        missing = int(np.asarray(cells.is_null()).argmax())
        raise FormatError(f"{where(missing)} has no {name}: leave such rows out")
    if not width:
        return cells.to_numpy(zero_copy_only=False)[:, None]
    flat = cells.flatten()  # of the rows of a slice alone, as `values` is not
    if hasattr(cells, "offsets"):
        lengths = np.diff(np.asarray(cells.offsets))
        if (lengths != width).any():
            wrong = int((lengths != width).argmax())
            raise FormatError(f"{where(wrong)} has {lengths[wrong]} numbers in {name}, and others {width}")
    if flat.null_count:
        missing = int(np.asarray(flat.is_null()).argmax()) // width
        raise FormatError(f"{where(missing)} has a gap in {name}: leave such rows out")
    return flat.to_numpy(zero_copy_only=False).reshape(-1, width)


def columns_of(schema: Any, names: Sequence[str], widths: Sequence[int]) -> Columns:
    """What some columns of numbers, or of lists of numbers, of an Arrow schema are as features.

    Args:
        schema: of pyarrow.
        names: of the columns that are features.
        widths: the numbers of a list of each; 0 of one that is no list.
    """
    kinds = [schema.field(name).type for name in names]
    inner = [kind.value_type if width else kind for kind, width in zip(kinds, widths, strict=True)]
    types = [np.dtype(kind.to_pandas_dtype()) for kind in inner]
    own = set(map(str, types))
    if len(own) == 1 and types[0].kind == "f":
        return Columns(tuple(names), tuple(widths), types[0])
    found = {EXACT.get(name, name) for name in own}
    return Columns(tuple(names), tuple(widths), np.dtype("float32" if found == {"float32"} else "float64"))


def mark_of(path: Path) -> tuple[int, int]:
    """What tells a file from the one that stood there before: its size and when it was changed."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def open_parquet(path: Path) -> Any:
    """A Parquet file, to be read in order without holding a whole row group.

    Raises:
        FormatError: it is none.
    """
    parquet: Any = importlib.import_module("pyarrow.parquet")
    with faults(path):
        if is_address(path):
            return parquet.ParquetFile(path.open("rb"), pre_buffer=False, buffer_size=REQUEST)
        return parquet.ParquetFile(path, memory_map=True, pre_buffer=False, buffer_size=1 << 20)


def open_arrow(path: Path) -> Any:
    """An Arrow file, Feather's version 2, mapped into memory.

    Raises:
        FormatError: it is none.
    """
    import pyarrow as pa

    with faults(path):
        return pa.ipc.open_file(path.open("rb") if is_address(path) else pa.memory_map(str(path)))


def without_index(schema: Any) -> Any:
    """An Arrow schema without the index of a frame of pandas, which is none of its columns."""
    index = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    for name in index:
        if isinstance(name, str) and name in schema.names:  # else a range, of which the rows have nothing
            schema = schema.remove(schema.get_field_index(name))
    return schema


def is_parquet(path: Path) -> bool:
    """Whether a table's suffix is Parquet's."""
    return path.suffix.lower() in (".parquet", ".pq")


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Within it what pyarrow cannot read is an error of linnet's that names the file."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there any more") from error
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{path} cannot be read: {error}") from error


def is_mapped(path: Path) -> bool:
    """Whether the batches of an Arrow file are its own bytes, mapped into memory, and not unpacked ones."""
    import pyarrow as pa

    if is_address(path):
        return False
    with faults(path), pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        if not reader.num_record_batches:
            return True
        file.seek(0)
        low, size = file.read_buffer(1).address, file.size()
        found = [one for column in reader.get_batch(0).columns for one in column.buffers()]
        return all(low <= one.address < low + size for one in found if one is not None and one.size)


def batches_of(reader: Any) -> Iterator[Any]:
    """The record batches of an Arrow file."""
    return (reader.get_batch(number) for number in range(reader.num_record_batches))


def check_types(path: Path, schema: Any, first: Path, known: Any) -> None:
    """Refuse a file whose columns are of other types than those of the first.

    Raises:
        FormatError: naming one.
    """
    for field in known:
        if field.name not in schema.names:
            raise FormatError(f"{path} has no column {field.name}, as {first} has")
        if (own := schema.field(field.name).type) != field.type:
            raise FormatError(
                f"the column {field.name} is {own} in {path} and {field.type} in {first}: write it alike"
            )
