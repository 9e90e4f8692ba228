"""Data frames and Series of pandas, polars and pyarrow, and arrays of Python objects, as numpy arrays.

pandas is not imported for what is none of these: who gives its objects has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from linnet.errors import ShapeError, UsageError

NUMBERS = (int, float, np.integer, np.floating)


def plain(array: np.ndarray, what: str) -> np.ndarray:
    """Objects as numbers, as true and false, or as text, if they are all of one of these.

    Raises:
        UsageError: they are mixed, or something else.
    """
    values = array.reshape(-1).tolist()
    if values and all(isinstance(value, bool | np.bool_) for value in values):
        return array.astype(bool)
    if values and all(isinstance(value, str) for value in values):
        return array.astype(str)
    if values and isinstance(values[0], str):
        raise _mixed(values, what, "text", [isinstance(value, str) for value in values])
    are_numbers = [isinstance(v, NUMBERS) and not isinstance(v, bool | np.bool_) for v in values]
    if not all(are_numbers):
        raise _mixed(values, what, "numbers" if are_numbers[0] else "numbers or text", are_numbers)
    if not values:
        return array.astype(np.float32)
    try:
        return array.astype(np.int64 if all(isinstance(v, int | np.integer) for v in values) else np.float64)
    except OverflowError as error:
        raise UsageError(f"{what} holds a number that is too large for 64 bits") from error


def _mixed(values: list[object], what: str, kind: str, fits: list[bool]) -> UsageError:
    place = fits.index(False)
    value = values[place]
    shown = "a list, so that rows differ in length" if isinstance(value, list | tuple) else repr(value)[:60]
    return UsageError(f"{what} must hold {kind} throughout, and its entry {place} is {shown}")


def is_series(given: Any) -> bool:
    """Whether it is a Series of pandas, or an index."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(given, pandas.Series | pandas.Index)


def as_frame(given: Any) -> Any:
    """A table of pandas, polars or pyarrow as pandas'; None for anything else."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.DataFrame):
        return given
    kind = type(given)
    if (kind.__module__.split(".")[0], kind.__name__) in (("polars", "DataFrame"), ("pyarrow", "Table")):
        import pandas as pd

        names = given.columns if kind.__name__ == "DataFrame" else given.column_names
        return pd.DataFrame({name: given[name].to_numpy() for name in names})
    return None


def numbers_of(frame: Any, what: str) -> np.ndarray:
    """The columns of a frame side by side, (N, D).

    Raises:
        UsageError: one holds something else than numbers, or lacks some.
    """
    columns: list[np.ndarray] = []
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if bool((lacking := np.asarray(column.isna())).any()):
            row = int(lacking.argmax())
            raise UsageError(f"column {name!r} of {what} has nothing in row {row}, counted from 0")
        kind, held = getattr(column.dtype, "kind", "O"), str(column.dtype)
        if kind == "O" and held != "category":
            column = plain(column.to_numpy(object), f"column {name!r} of {what}")
            kind, held = column.dtype.kind, "text"
        if kind not in "biuf":
            raise UsageError(
                f"column {name!r} of {what} holds {held}, not numbers: leave it out, or make columns of 0 "
                "and 1 of its values, as pandas.get_dummies does"
            )
        columns.append(number_array(column, kind))
    if not columns:
        raise ShapeError(f"{what} has no columns")
    return np.stack(columns, 1)


def number_array(column: Any, kind: str) -> np.ndarray:
    """A column without gaps in numpy's own types."""
    if isinstance(column, np.ndarray):
        return column
    wanted = (
        column.dtype if isinstance(column.dtype, np.dtype) else getattr(column.dtype, "numpy_dtype", None)
    )
    array = column.to_numpy(dtype=wanted)
    return array.astype(np.uint8) if kind == "b" else array


def series(given: Any) -> np.ndarray:
    """A Series of targets as an array.

    Raises:
        UsageError: a row has nothing.
    """
    lacking = np.asarray(given.isna())
    if lacking.any():
        raise UsageError(f"y has nothing in row {int(lacking.argmax())}, counted from 0")
    kind = getattr(given.dtype, "kind", "O")
    if str(given.dtype) == "category" or kind == "O":
        return np.asarray(given, object)
    if kind not in "biuf":
        return np.asarray(given)
    return number_array(given, "") if kind != "b" else np.asarray(given, bool)


def check_same_rows(X: Any, y: Any) -> None:
    """Refuse a frame and targets whose labels of rows differ: they would be paired by place, in silence.

    Raises:
        UsageError: they do.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(X, pandas.DataFrame):
        return
    if isinstance(y, pandas.Series | pandas.DataFrame) and len(X) == len(y) and not X.index.equals(y.index):
        raise UsageError(
            "the rows of X and y have different labels (their index), so it is not said which belong "
            "together: bring them into one order, y.loc[X.index], or drop the labels of both by "
            "reset_index(drop=True)"
        )
