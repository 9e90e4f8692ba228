"""Rows whose cells are none of their column's kind, which are set apart where that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.data.formats.blocks import TableBlocks
from linnet.schema.cells import NO_NUMBER, Cells, is_missing, to_numbers
from linnet.schema.coded import each
from linnet.schema.counted import CountedColumn, CountedFrame, weights_of
from linnet.schema.mixed import MANY_NUMBERS
from linnet.schema.target import numbers_among, style_of

MOSTLY = 0.5
"""The share of a column's cells from which on words among numbers are what is amiss."""


def find_odd_targets(cells: Cells, options: TableOptions) -> dict[int, str]:
    """Rows of a target of numbers that have none, by their places, with the reasons.

    Args:
        cells: of the column, none of them empty, (N,).
        options: what was said of the table.
    """
    if options.task == "classification" or cells.dtype.kind in "bM":
        return {}
    is_number = options.task in ("regression", "counts")
    wrong = _odd(CountedColumn(cells), str(cells.name), options, is_number=is_number)
    return {row: f"has {cells.iloc[row]!r} as its target" for row in np.flatnonzero(wrong).tolist()}


def find_odd_cells(
    files: Sequence[TableBlocks], counted: CountedFrame, kept: NDArray[np.bool_], options: TableOptions
) -> dict[int, str]:
    """Rows with words in a column of numbers, by their places among all, with the reasons.

    Args:
        files: of the table.
        counted: its columns.
        kept: rows that are looked at, (N,).
        options: what was said of it.
    """
    odd = dict[str, list[Any]]()
    for name, column in counted.of.items():
        said = options.kinds.get(name)
        if said not in (None, "number") or column.counts is None or column.cells.dtype.kind in "iufbM":
            continue
        wrong = _odd(column, name, options, is_number=said == "number")
        if wrong.any():
            odd[name] = column.cells[wrong].astype(object).tolist()
    return _rows_with(files, odd, kept) if odd else {}


def _odd(column: CountedColumn, name: str, options: TableOptions, *, is_number: bool) -> NDArray[np.bool_]:
    """Which cells are words, or infinite, in a column that is of numbers, or mostly of many of them."""
    cells, counts = column.cells, weights_of(column.cells, column.counts)
    if cells.dtype.kind not in "iuf" and (style := style_of(cells, name, options)) is not None:
        return np.isinf(to_numbers(cells, style))  # digits that are more than a float64 holds, such as 1e400
    known = ~is_missing(cells, NO_NUMBER)
    numbers = numbers_among(cells)
    wrong = known & ~np.isfinite(numbers)
    many = len(np.unique(numbers[np.isfinite(numbers)])) > MANY_NUMBERS
    is_mostly = counts[wrong].sum() < MOSTLY * counts[known].sum()
    return wrong if is_mostly and (is_number or many) else np.zeros(len(cells), bool)


def _rows_with(
    files: Sequence[TableBlocks], odd: dict[str, list[Any]], kept: NDArray[np.bool_]
) -> dict[int, str]:
    found, before = dict[int, str](), 0
    for file in files:
        for section in range(len(file.sections)):
            for block in file.read(section, list(odd)):
                for name, values in odd.items():
                    cells = block.frame[name]
                    wrong = each(cells, lambda some, values=values: some.isin(values).to_numpy(bool))
                    for row in np.flatnonzero(wrong & kept[before : before + block.rows]).tolist():
                        cell = str(cells.iloc[row])[:40]
                        found.setdefault(before + row, f"has {cell!r} in {name}, a column of numbers")
                before += block.rows
    return found
