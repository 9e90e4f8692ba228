"""What people hold in memory as the tensors of a data set: arrays, data frames, sparse matrices, lists.

What has one meaning is taken; the rest is refused in a sentence. Nothing here imports pandas or scipy: who
gives their objects has imported them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from linnet.data.frames import as_frame, is_series, numbers_of, series
from linnet.data.objects import plain
from linnet.errors import ShapeError, UsageError

MAX_CELLS = 100_000_000
"""Cells up to which a sparse matrix is made dense."""

DTYPES = (
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
)  # fmt: skip
"""The types of numbers that features may be stored in."""

WIDER = {"u2": np.int32, "u4": np.int64, "u8": np.float64, "f16": np.float64, "f12": np.float64}
"""Types that torch does not compute with, and what holds their numbers."""


class Features(NamedTuple):
    """Features of N rows.

    Args:
        X: usually (N, D).
        columns: their names, where they have any.
    """

    X: Tensor
    columns: tuple[str, ...] = ()


class Targets(NamedTuple):
    """Targets of N rows.

    Args:
        y: class indices (N,), or floating.
        classes: their names, where the targets or the caller name them.
        name: of what is predicted, where it has one.
    """

    y: Tensor
    classes: tuple[str, ...] = ()
    name: str = ""


@runtime_checkable
class _Array(Protocol):
    """Any library's array that numpy can read."""

    def __array__(self, *arguments: Any) -> np.ndarray: ...


def features_of(given: Any, what: str = "X") -> Features:
    """Features as a tensor that shares their memory where it can.

    Args:
        given: a tensor, an array, a sparse matrix of at most `MAX_CELLS` cells, a data frame of numbers, or
            lists of numbers.
        what: to call them in messages.

    Raises:
        UsageError, ShapeError: they are none of these, or hold something else than real numbers.
    """
    if isinstance(given, Tensor):
        return Features(_real(_dense(given, what), what))
    if _is(given, "scipy.sparse", "issparse"):
        _check_cells(given.shape, what)
        return Features(_real(_tensor(given.toarray(), what), what))
    frame = as_frame(given)
    if frame is not None:
        return Features(_real(_tensor(numbers_of(frame, what), what), what), tuple(map(str, frame.columns)))
    if is_series(given):
        raise ShapeError(f"{what} is one column, a Series: make it a table of one, {what}.to_frame()")
    array = _array(given)
    if array is None:
        raise UsageError(f"{what} must be rows of numbers, (N, D), not {said(given)}")
    return Features(_real(_tensor(array, what), what))


def targets_of(given: Any, classes: tuple[str, ...]) -> Targets:
    """Targets as a data set has them.

    Text and true or false are classes, sorted unless `classes` says their order. Floating numbers are a
    regression's. Whole numbers are indices of `classes`, without which they could be either.

    Args:
        given: a tensor, an array, a Series, a data frame or a list.
        classes: the names of the classes; empty where the targets name them, or for a regression.

    Raises:
        UsageError, ShapeError: there are none, or they are something else.
    """
    if given is None:
        raise UsageError(
            "a data set needs targets: linnet.Dataset(X, y), with y floating numbers, text, or whole numbers "
            "that are the indices of classes=…. Of a frame: linnet.Dataset(frame.drop(columns='price'), "
            "frame['price'])"
        )
    if isinstance(given, Tensor):
        return _of_tensor(_dense(given, "y"), classes)
    if is_series(given) and str(given.dtype) == "category" and not classes:
        series(given)  # refuses gaps
        codes = torch.from_numpy(np.array(given.cat.codes, np.int64))
        return Targets(codes, classes_of([str(name) for name in given.cat.categories]), str(given.name or ""))
    name, array = _named(given)
    if array is None:
        raise UsageError(f"y must be the targets of the rows, not {said(given)}")
    if array.dtype.kind == "O":
        array = plain(array, "y")
    if array.dtype.kind in "US":
        return Targets(*_of_text(array.astype(str), classes), name)
    if array.dtype.kind not in "biuf":
        raise UsageError(f"y must hold numbers or text, not {array.dtype}")
    found = _of_tensor(_tensor(array, "y"), classes)
    return Targets(found.y, found.classes, name)


def classes_of(given: Any) -> tuple[str, ...]:
    """The names of classes as text.

    Whole numbers are names only where they are their own places, 0…K − 1: else `y` could be meant as names.

    Raises:
        UsageError: they are something else, or a name stands twice.
    """
    if isinstance(given, _Array) and not isinstance(given, type):
        given = np.asarray(given).tolist()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise UsageError(f"classes are names, one a class, such as ('cat', 'dog'), not {given!r}")
    names = list(given)
    if not all(isinstance(name, str) for name in names) and names != list(range(len(names))):
        raise UsageError(
            f"classes are names, as text, not {names[:5]!r}: y holds their places, 0…{len(names) - 1}"
        )
    texts = tuple(str(name) for name in names)
    if twice := [name for name in texts if texts.count(name) > 1] if len(set(texts)) < len(texts) else []:
        raise UsageError(f"the class {twice[0]!r} stands twice in classes")
    return texts


def weights_of(given: Any) -> Tensor:
    """Weights of rows as a tensor; whole numbers of arrays and lists become floating.

    Raises:
        UsageError: they are no numbers.
    """
    if isinstance(given, Tensor):
        return _dense(given, "weights")
    _, array = _named(given)
    if array is None:
        raise UsageError(f"weights are numbers, one a row, not {said(given)}")
    found = _tensor(array, "weights")
    return found if found.is_floating_point() else found.double()


def number_of(given: Any, what: str) -> float:
    """A single number.

    Raises:
        UsageError: it is none.
    """
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{what} must be a number, not {said(given)}") from error


def shape_of(given: Any) -> tuple[int, int]:
    """The height and width of images.

    Raises:
        UsageError: it is something else.
    """
    sizes = tuple(given) if isinstance(given, Sequence | torch.Size | np.ndarray) else ()
    if len(sizes) != 2 or not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise UsageError(f"image_shape is (height, width), two whole numbers above 0, not {given!r}")
    return int(sizes[0]), int(sizes[1])


def said(given: Any) -> str:
    """What something is, for a message, and what to do with it where that is known."""
    kind = type(given)
    name = f"a {kind.__module__.split('.')[0]} {kind.__name__}" if "." in kind.__module__ else kind.__name__
    if isinstance(given, str | bytes | os.PathLike):
        return f"{str(given)!r}: linnet.load reads a data set by its name or path"
    if isinstance(given, torch.utils.data.DataLoader | torch.utils.data.Dataset):
        return f"{name}: stack its rows, X = torch.stack([x for x, _ in data]), or give it to linnet.d2l"
    return name


def _is(given: Any, module: str, test: str) -> bool:
    """Whether a function of a library that has been imported says so."""
    return module in sys.modules and bool(getattr(sys.modules[module], test)(given))


def _named(given: Any) -> tuple[str, np.ndarray | None]:
    """The name of targets, where they have one, and their array; None where they are none."""
    if is_series(given):
        return ("" if given.name is None else str(given.name)), series(given)
    frame = as_frame(given)
    if frame is None:
        return "", _array(given)
    if frame.shape[1] == 1:
        return _named(frame.iloc[:, 0])
    return "", numbers_of(frame, "y")


def _array(given: Any) -> np.ndarray | None:
    """An array of what numpy can read; None of anything else."""
    if isinstance(given, np.ma.MaskedArray) and bool(np.ma.getmaskarray(given).any()):
        raise UsageError("masked numbers are missing: fill them in or leave out their rows")
    if isinstance(given, np.ndarray):
        return np.asarray(given)
    if isinstance(given, list | tuple | range):
        return _of_lists(given)
    if isinstance(given, _Array) and not isinstance(given, type):
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


def _tensor(array: np.ndarray, what: str) -> Tensor:
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


def _dense(tensor: Tensor, what: str) -> Tensor:
    if tensor.layout is not torch.strided:
        _check_cells(tensor.shape, what)
        tensor = tensor.to_dense()
    return tensor.detach()


def _real(tensor: Tensor, what: str) -> Tensor:
    if tensor.dtype not in DTYPES:
        name = str(tensor.dtype).removeprefix("torch.")
        raise ShapeError(f"{what} must hold real numbers, got {name}: convert it, such as to float32")
    return tensor


def _check_cells(shape: Sequence[int], what: str) -> None:
    cells = int(np.prod(shape, dtype=np.float64))
    if cells > MAX_CELLS:
        raise UsageError(
            f"{what} is sparse, {' × '.join(f'{size:,}' for size in shape)}, and is made dense only up to "
            f"{MAX_CELLS:,} numbers: linnet.estimators take it as it is"
        )


def _of_tensor(y: Tensor, classes: tuple[str, ...]) -> Targets:
    """Targets that are numbers."""
    if y.dtype == torch.bool:
        names = classes or ("False", "True")
        return Targets(y.long(), names)
    if not y.is_floating_point():
        is_index = classes and y.ndim == 1 and not y.is_complex()
        return Targets(y.long() if is_index else y, classes)
    return Targets(y[:, None] if y.ndim == 1 and not classes else y, classes)


def _of_text(names: np.ndarray, classes: tuple[str, ...]) -> tuple[Tensor, tuple[str, ...]]:
    """The place of each row's class, and the classes."""
    if names.ndim == 2 and names.shape[1] == 1:
        names = names[:, 0]
    if names.ndim != 1:
        raise ShapeError(f"classes by name must have shape (N,), one a row, not {names.shape}")
    known = classes or tuple(np.unique(names).tolist())
    places = {name: place for place, name in enumerate(known)}
    if unknown := sorted(set(names.tolist()) - set(places)):
        raise UsageError(f"y holds {unknown[0]!r}, which is none of the classes {list(known)}")
    return torch.tensor([places[name] for name in names.tolist()], dtype=torch.int64), known
