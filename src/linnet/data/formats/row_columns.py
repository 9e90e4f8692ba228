"""Columns of a table that tell of its rows and are no features of theirs: weights, groups, times."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.errors import FormatError, UsageError
from linnet.schema.category import as_text
from linnet.schema.cells import NO_NUMBER, Cells, Frame, count_rows, is_missing, rows_of, to_numbers
from linnet.schema.date_cells import date_pattern, to_days
from linnet.schema.named_rows import name_row
from linnet.schema.target import style_of


def read_row_columns(frame: Frame, options: TableOptions, *, is_needed: bool = True) -> dict[str, Any]:
    """Weights, groups and times of the rows, each (N,), as `Dataset` takes them; those that were named.

    Args:
        frame: of the table.
        options: which columns they are.
        is_needed: without it columns that the table lacks are passed over.

    Raises:
        UsageError: there is no such column.
        FormatError: a cell is missing, or cannot be read.
    """
    columns = {"weights": options.sample_weight, "groups": options.groups, "times": options.time}
    readers = {"weights": _read_weights, "groups": _read_groups, "times": _read_times}
    found = {}
    for what, name in columns.items():
        if name is None or (name not in frame.columns and not is_needed):
            continue
        if name not in frame.columns:
            raise UsageError(f"there is no column {name!r} to take {what} from")
        found[what] = readers[what](frame[name].reset_index(drop=True), name, options)
    return found


def _read_weights(cells: Cells, name: str, options: TableOptions) -> NDArray[np.float64]:
    import pandas as pd

    if cells.dtype.kind in "mM" or any(isinstance(cell, datetime.date) for cell in cells[:1]):
        raise FormatError(f"the weights {name} are dates: expected a column of numbers")
    numbers: Cells = pd.to_numeric(cells, errors="coerce")
    weights: NDArray[np.float64] = numbers.to_numpy(np.float64)
    if not np.isfinite(weights).all():
        row = name_row(int((~np.isfinite(weights)).argmax()))
        raise FormatError(f"the weights {name} have no finite number in {row}")
    return weights


def _read_groups(cells: Cells, name: str, options: TableOptions) -> NDArray[np.str_]:
    _check_known(is_missing(cells), cells, name, "groups")
    return as_text(cells).astype(str)


def _read_times(cells: Cells, name: str, options: TableOptions) -> NDArray[np.float64]:
    if (style := style_of(cells, name, options)) is not None:
        times = to_numbers(cells, style)
    else:
        different = cells[~is_missing(cells, NO_NUMBER)].drop_duplicates()
        is_date = cells.dtype.kind == "M"
        pattern = "ISO8601" if is_date else date_pattern(different, name, options.date_order)
        if pattern is None or not len(different):
            raise FormatError(
                f"the times {name} are neither dates nor numbers: name another column by --time"
            )
        times = to_days(cells, pattern)
    _check_known(~np.isfinite(times), cells, name, "times")
    return times


def _check_known(gaps: NDArray[np.bool_], cells: Cells, name: str, what: str) -> None:
    if gaps.any():
        raise FormatError(
            f"the {what} {name} are missing in {count_rows(gaps)}: {rows_of(gaps, cells)}. Fill the cells, "
            "or leave out the rows"
        )
