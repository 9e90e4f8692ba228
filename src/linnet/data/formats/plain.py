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


def plain_frame(frame: Frame, name: str, taken: Sequence[str] | None = None) -> Frame:
    """Columns of plain types: numbers, truths, dates and text; a column of lists is a column an element.

    Two columns of one name are refused, if it is one of those that are taken where these are known.
    """
    import pandas as pd

    columns: list[tuple[str, Any]] = []
    for place, column in enumerate(map(str, frame.columns)):
        cells = frame.iloc[:, place].reset_index(drop=True)
        first = next((cell for cell in cells if cell is not None), None) if cells.dtype == object else None
        if isinstance(first, list | tuple | np.ndarray):
            columns += _spread(cells, column, name).items()
        else:
            columns.append((column.strip(), _typed(cells, first, column, name)))
    names = [column for column, _ in columns]
    check_twice(names, taken, name)
    cells = dict(enumerate(cells for _, cells in columns))
    return pd.DataFrame(cells, copy=False).set_axis(names, axis=1)


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


def _typed(cells: Cells, first: Any, column: str, name: str) -> Cells:
    import pandas as pd

    if str(cells.dtype) == "category" and pd.api.types.infer_dtype(cells.cat.categories) != "string":
        return cells.astype(object).where(cells.notna(), None)
    if isinstance(first, decimal.Decimal):
        return cells.astype(np.float64)
    if isinstance(first, datetime.date):
        try:
            return pd.to_datetime(cells, errors="raise")
        except (TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"{name}: {column} holds dates, and what cannot be read as one: {error}"
            ) from error
    if isinstance(first, dict):
        raise FormatError(f"{name} has objects within {column}: give them columns of their own")
    if isinstance(first, bytes):
        raise FormatError(f"{name}: {column} holds bytes, which are no cells of a table")
    if isinstance(first, bool | np.bool_):
        return cells.astype("boolean")
    if cells.dtype.kind == "c" or cells.dtype.kind == "m":
        raise FormatError(f"{name}: {column} holds {cells.dtype}: give its parts as numbers")
    return code_text(cells)
