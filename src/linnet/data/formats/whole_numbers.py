"""Whole numbers beside gaps, which a frame of pandas would take as float64 and so round from 2**53 on."""

from __future__ import annotations

import importlib
import json
from typing import Any

from linnet.schema.cells import Frame

EXACT = 2**53
"""Whole numbers up to here are exact as float64."""


def frame_of(table: Any) -> Frame:
    """A table of Arrow as a frame, in which long whole numbers beside gaps keep their digits."""
    import pyarrow as pa

    compute: Any = importlib.import_module("pyarrow.compute")
    frame: Frame = table.to_pandas(date_as_object=False)
    for name in set(table.column_names) & set(frame.columns):
        places = table.schema.get_all_field_indices(name)
        cells = table.column(places[0])
        is_wide = len(places) == 1 and cells.type in (pa.int64(), pa.uint64())
        if not is_wide or not 0 < cells.null_count < len(cells):
            continue
        ends = compute.min_max(cells).as_py()
        if max(-ends["min"], ends["max"]) > EXACT:
            frame[name] = cells.to_pandas(types_mapper=_nullable().get).array
    return frame


def piece_of(piece: Any) -> Frame:
    """Some rows of a table of Arrow as a frame whose types do not depend on which cells are empty there."""
    import pyarrow as pa

    table = pa.Table.from_batches([piece]) if isinstance(piece, pa.RecordBatch) else piece
    fields = [
        field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in table.schema
    ]
    table = table.cast(pa.schema(fields, metadata=table.schema.metadata))
    frame: Frame = table.to_pandas(types_mapper=_nullable().get, date_as_object=False)
    return frame


def restore_long(frame: Frame, content: bytes) -> Frame:
    """The frame of JSON lines, in which long whole numbers beside gaps are as the lines have them."""
    import pandas as pd

    is_long = {
        name: cells.dtype.kind == "f" and bool(cells.isna().any() and (cells.abs() >= EXACT).any())
        for name, cells in frame.items()
    }
    if not any(is_long.values()):
        return frame
    rows = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip()]
    for name in [name for name, long in is_long.items() if long]:
        cells = [row.get(str(name)) for row in rows]
        if all(cell is None or (type(cell) is int and abs(cell) < 2**63) for cell in cells):
            frame[name] = pd.array(cells, "Int64")
    return frame


def _nullable() -> dict[Any, Any]:
    """The types of pandas that have gaps, by those of Arrow."""
    import pandas as pd
    import pyarrow as pa

    wide: dict[Any, Any] = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    narrow = {pa.int32(): pd.Int32Dtype(), pa.int16(): pd.Int16Dtype(), pa.int8(): pd.Int8Dtype()}
    bare = {pa.uint32(): pd.UInt32Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint8(): pd.UInt8Dtype()}
    return wide | narrow | bare | {pa.bool_(): pd.BooleanDtype()}
