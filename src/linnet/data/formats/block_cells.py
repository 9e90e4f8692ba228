"""Cells of a block as arrays: its numbers, and rows that are looked at one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.blocks import Block, Kind
from linnet.schema.cells import Cells
from linnet.schema.counted import CountedColumn
from linnet.schema.date_cells import to_days

Array = NDArray[Any]


def numbers_in(block: Block, name: str, kind: Kind) -> Array:
    """The numbers of a column, (n, width), in a type that is quick to compare."""
    if kind == "list":
        rows = block.lists[name]
        return (
            rows
            if rows.dtype in (np.float32, np.float64)
            else rows.astype(np.float32 if rows.dtype.itemsize < 4 else np.float64)
        )
    cells = block.frame[name]
    if kind == "date":
        return to_days(cells, "ISO8601")[:, None]
    return cells.to_numpy(np.float64, na_value=np.nan)[:, None]


def look_at(block: Block, rows: NDArray[np.int64], kinds: Mapping[str, Kind]) -> dict[str, Array]:
    """The cells of some rows of a block, by the columns of its file."""
    found = dict[str, Array]()
    for name, kind in kinds.items():
        if kind == "cells":
            found[name] = np.asarray(block.frame[name].iloc[rows].astype(object))
        else:
            found[name] = numbers_in(block, name, kind)[rows].astype(np.float64)
    return found


def join_cells(parts: Sequence[Mapping[str, Array]], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The cells of all parts, by the columns of the table."""
    columns = dict[str, Any]()
    for name, kind in kinds.items():
        values = np.concatenate([part[name] for part in parts])
        if kind == "date":
            columns[name] = as_dates(CountedColumn(series(values[:, 0]))).cells
        elif kind == "list":
            columns |= {f"{name}[{at}]": cells for at, cells in enumerate(values.T)}
        else:
            columns[name] = values if kind == "cells" else values[:, 0]
    return columns


def series(values: Any) -> Cells:
    """Values as a column."""
    import pandas as pd

    return pd.Series(values)


def as_dates(column: CountedColumn) -> CountedColumn:
    """Days since 1970-01-01 as dates."""
    days = column.cells.to_numpy()
    ticks = np.where(np.isnan(days), np.iinfo(np.int64).min, np.rint(np.nan_to_num(days) * 86400e6))
    return dataclasses.replace(column, cells=series(ticks.astype(np.int64).view("datetime64[us]")))
