"""Arrays of any library, lists and sparse tensors as dense tensors that share memory where they can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from linnet.data.frames import plain
from linnet.errors import ShapeError, UsageError

DTYPES = (
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
)  # fmt: skip
"""The types of numbers that features may be stored in."""

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
    if given and all(isinstance(row, Tensor) for row in given):
        given = [row.detach().cpu().tolist() for row in given]
    try:
        array = np.array(given, object)
    except ValueError as error:
        raise ShapeError("the rows of a list must have as many numbers each") from error
    return plain(array, "a list")


def tensor_of(array: np.ndarray, what: str) -> Tensor:
    """An array as a tensor, with which it shares memory where torch can have it as it is."""
    if array.dtype.kind == "O":
        array = plain(array, what)
    if array.dtype.kind not in "biufc":
        raise UsageError(f"{what} must hold numbers, not {_said_dtype(array.dtype)}")
    code = array.dtype.str[1:]
    wanted = np.dtype(WIDER.get(code, array.dtype.newbyteorder("=")))
    return torch.from_numpy(np.array(array, wanted, order="C") if _needs_copy(array, wanted) else array)


def _needs_copy(array: np.ndarray, wanted: np.dtype[Any]) -> bool:
    is_odd = any(stride < 0 or stride % array.itemsize for stride in array.strides)
    return is_odd or array.dtype != wanted or not array.dtype.isnative or not array.flags.writeable


def _said_dtype(dtype: np.dtype[Any]) -> str:
    kinds = {"M": "dates", "m": "durations", "U": "text", "S": "text", "V": "records"}
    return kinds.get(dtype.kind, str(dtype))


def dense(tensor: Tensor) -> Tensor:
    """A tensor without its gradient, a sparse one made dense."""
    return (tensor if tensor.layout is torch.strided else tensor.to_dense()).detach()


def real(tensor: Tensor, what: str) -> Tensor:
    """The tensor, if it is of numbers that features may be stored in.

    Raises:
        ShapeError: it is not.
    """
    if tensor.dtype not in DTYPES:
        name = str(tensor.dtype).removeprefix("torch.")
        raise ShapeError(f"{what} must hold real numbers, got {name}: convert it, such as to float32")
    return tensor
