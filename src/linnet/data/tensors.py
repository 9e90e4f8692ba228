"""Data frames, arrays of any library, lists and sparse tensors as arrays or tensors that share their memory.

pandas is not imported for what is none of its own: who gives its objects has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from linnet.errors import ShapeError, UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

Rows = TypeVar("Rows", bound="Tensor | np.ndarray")

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
        raise _refuse_mixed(values, what, "text", [isinstance(value, str) for value in values])
    are_numbers = [isinstance(v, NUMBERS) and not isinstance(v, bool | np.bool_) for v in values]
    if not all(are_numbers):
        raise _refuse_mixed(values, what, "numbers" if are_numbers[0] else "numbers or text", are_numbers)
    if not values:
        return array.astype(np.float32)
    try:
        return array.astype(np.int64 if all(isinstance(v, int | np.integer) for v in values) else np.float64)
    except OverflowError as error:
        raise UsageError(f"{what} holds a number that is too large for 64 bits") from error


def _refuse_mixed(values: list[object], what: str, kind: str, fits: list[bool]) -> UsageError:
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
        column, called = frame.iloc[:, place], f"column {name!r} of {what}"
        array, held = values_of(column, called), str(column.dtype)
        if array.dtype.kind == "O" and held != "category":
            array, held = plain(array, called), "text"
        if array.dtype.kind not in "biuf":
            raise UsageError(
                f"{called} holds {held}, not numbers: leave it out, or make columns of 0 and 1 of its "
                "values, as pandas.get_dummies does"
            )
        columns.append(array.astype(np.uint8) if array.dtype.kind == "b" and held != "text" else array)
    if not columns:
        raise ShapeError(f"{what} has no columns")
    return np.stack(columns, 1)


def values_of(column: Any, what: str) -> np.ndarray:
    """A column or Series as an array, of numpy's own types where it holds numbers or true and false.

    Raises:
        UsageError: a row has nothing.
    """
    lacking = np.asarray(column.isna())
    if lacking.any():
        raise UsageError(f"{what} has nothing in row {int(lacking.argmax())}, counted from 0")
    kind = getattr(column.dtype, "kind", "O")
    if kind not in "biuf":
        return np.asarray(column, object if kind == "O" else None)
    is_plain = isinstance(column.dtype, np.dtype)
    return column.to_numpy(dtype=column.dtype if is_plain else getattr(column.dtype, "numpy_dtype", None))


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


DTYPES = (
    "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
"""The types of numbers of torch's that features may be stored in."""

WIDER = {"u2": np.int32, "u4": np.int64, "u8": np.float64, "f16": np.float64, "f12": np.float64}
"""Types that torch does not compute with, and what holds their numbers."""


@runtime_checkable
class ArrayLike(Protocol):
    """Any library's array that numpy can read."""

    def __array__(self, *arguments: Any) -> np.ndarray: ...


def array_of(given: Any) -> np.ndarray | None:
    """An array of what numpy can read; None of anything else."""
    if isinstance(given, np.ma.MaskedArray) and bool(np.ma.getmaskarray(given).any()):
        raise UsageError("masked numbers are missing: fill them in or leave out their rows")
    if isinstance(given, np.ndarray):
        return np.asarray(given)
    if isinstance(given, list | tuple | range):
        return _of_lists(given)
    if isinstance(given, ArrayLike) and not isinstance(given, type):
        return np.asarray(given)
    return None


def _of_lists(given: Sequence[Any]) -> np.ndarray:
    """Nested lists as an array, without turning numbers among text into text."""
    if given and all(is_tensor(row) for row in given):
        given = [row.detach().cpu().tolist() for row in given]
    try:
        array = np.array(given, object)
    except ValueError as error:
        raise ShapeError("the rows of a list must have as many numbers each") from error
    return plain(array, "a list")


def fit_for_torch(array: np.ndarray, what: str) -> np.ndarray:
    """An array whose memory torch can share: itself where it is so already.

    Raises:
        UsageError: it holds no numbers.
    """
    if array.dtype.kind == "O":
        array = plain(array, what)
    if array.dtype.kind not in "biufc":
        kinds = {"M": "dates", "m": "durations", "U": "text", "S": "text", "V": "records"}
        raise UsageError(f"{what} must hold numbers, not {kinds.get(array.dtype.kind, array.dtype)}")
    code = array.dtype.str[1:]
    wanted = np.dtype(WIDER.get(code, array.dtype.newbyteorder("=")))
    return np.array(array, wanted, order="C") if _needs_copy(array, wanted) else array


def _needs_copy(array: np.ndarray, wanted: np.dtype[Any]) -> bool:
    is_odd = any(stride < 0 or stride % array.itemsize for stride in array.strides)
    return is_odd or array.dtype != wanted or not array.dtype.isnative or not array.flags.writeable


def dense(tensor: Tensor) -> Tensor:
    """A tensor without its gradient, a sparse one made dense."""
    return (tensor if tensor.layout is torch.strided else tensor.to_dense()).detach()


def real(values: Rows, what: str) -> Rows:
    """The array or tensor, if it is of numbers that features may be stored in.

    Raises:
        ShapeError: it is not.
    """
    if (name := str(values.dtype).removeprefix("torch.")) not in DTYPES:
        raise ShapeError(f"{what} must hold real numbers, got {name}: convert it, such as to float32")
    return values
