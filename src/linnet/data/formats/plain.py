"""Frames whose columns are of plain types, from frames of whatever a reader gives."""

from __future__ import annotations

import datetime
import decimal
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from linnet.errors import FormatError
from linnet.schema.cells import Cells, Frame
from linnet.schema.coded import code_text

LISTS = (list, tuple, np.ndarray)


def plain_frame(frame: Frame, name: str, taken: Sequence[str] | None = None) -> Frame:
    """Columns of plain types: numbers, truths, dates and text; a column of lists is a column an element.

    Args:
        frame: of any types.
        name: of it, for messages.
        taken: columns that are wanted; the others are let be as they are. None for all.

    Raises:
        FormatError: a column that is wanted holds what is no cell of a table, or is there twice.
    """
    import pandas as pd

    columns: list[tuple[str, Any]] = []
    for place, column in enumerate(map(str, frame.columns)):
        cells = frame.iloc[:, place].reset_index(drop=True)
        if not _is_taken(column.strip(), taken):
            columns.append((column.strip(), cells))
            continue
        known = _of_objects(cells)
        if any(isinstance(cell, LISTS) for cell in known):
            columns += _spread(cells, column, name).items()
        else:
            columns.append((column.strip(), _typed(cells, known, column, name)))
    names = [column for column, _ in columns]
    check_twice(names, taken, name)
    cells = dict(enumerate(cells for _, cells in columns))
    return pd.DataFrame(cells, copy=False).set_axis(names, axis=1)


def _is_taken(column: str, taken: Sequence[str] | None) -> bool:
    """Whether a column is wanted, or an element of its lists."""
    return taken is None or any(one == column or one.startswith(f"{column}[") for one in taken)


def _of_objects(cells: Cells) -> list[Any]:
    """The values of a column of objects that are no gaps; none of a column of text or of another type."""
    import pandas as pd

    if cells.dtype != object or pd.api.types.infer_dtype(cells, skipna=True) == "string":
        return []
    gaps = cells.isna().to_numpy(bool)
    return [cell for cell, is_gap in zip(cells, gaps, strict=True) if not is_gap]


def check_twice(names: Iterable[str], columns: Sequence[str] | None, name: str) -> None:
    """Refuse two columns of one name, of those that are expected where they are known.

    Raises:
        FormatError: naming it.
    """
    for column, count in Counter(names).items():
        if count > 1 and (columns is None or column in columns):
            raise FormatError(f"{name} has two columns called {column}: rename one of them")


def _spread(cells: Cells, column: str, name: str) -> dict[str, Any]:
    """Lists of one length as a column an element."""
    fault = f"{name}: the lists of {column} are not numbers of one length in every row"
    try:
        block = np.stack([np.asarray(cell, np.float64) for cell in cells])
    except (TypeError, ValueError) as error:
        raise FormatError(fault) from error
    if block.ndim != 2:
        raise FormatError(fault)
    return {f"{column}[{place}]": block[:, place] for place in range(block.shape[1])}


def _typed(cells: Cells, known: Sequence[Any], column: str, name: str) -> Cells:
    """The cells of a column by the types of its known ones; those of several types stand as they are."""
    import pandas as pd

    if str(cells.dtype) == "category" and pd.api.types.infer_dtype(cells.cat.categories) != "string":
        return cells.astype(object).where(cells.notna(), None)
    if any(isinstance(cell, dict | set | frozenset) for cell in known):
        raise FormatError(f"{name} has objects within {column}: give them columns of their own")
    if any(isinstance(cell, bytes) for cell in known):
        raise FormatError(f"{name}: {column} holds bytes, which are no cells of a table")
    if cells.dtype.kind == "c" or cells.dtype.kind == "m":
        raise FormatError(f"{name}: {column} holds {cells.dtype}: give its parts as numbers")
    if known and isinstance(known[0], datetime.date):
        return _dates(cells, column, name)
    if known and all(isinstance(cell, bool | np.bool_) for cell in known):
        return cells.astype("boolean")
    if any(isinstance(cell, decimal.Decimal) for cell in known):
        return _without_decimals(cells, known)
    return code_text(cells)


def _dates(cells: Cells, column: str, name: str) -> Cells:
    import pandas as pd

    try:
        return pd.to_datetime(cells, errors="raise")
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"{name}: {column} holds dates, and what cannot be read as one: {error}") from error


def _without_decimals(cells: Cells, known: Sequence[Any]) -> Cells:
    """Cells of decimals as floating numbers; beside text they are numbers among it."""
    if all(isinstance(cell, decimal.Decimal) for cell in known):
        return cells.astype(np.float64)
    return cells.map(lambda cell: float(cell) if isinstance(cell, decimal.Decimal) else cell)
