"""Arrays, data frames, sparse matrices and lists as the arrays of a data set, and tensors as they are.

What has one meaning is taken; the rest is refused in a sentence. Nothing here imports pandas or scipy: who
gives their objects has imported them.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from linnet.data.features import ReadFeatures
from linnet.data.pictures.shape import CHANNELS, ImageShape
from linnet.data.sparse import SMALL, SparseFeatures
from linnet.data.tensors import (
    ArrayLike,
    array_of,
    as_frame,
    dense,
    fit_for_torch,
    is_series,
    numbers_of,
    plain,
    real,
    values_of,
)
from linnet.errors import ShapeError, UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor


class Features(NamedTuple):
    """Features of N rows.

    Args:
        X: an array or a tensor (N, D), or `ReadFeatures` where they are sparse and large, or streamed.
        columns: their names, where they have any.
    """

    X: Any
    columns: tuple[str, ...] = ()


class Targets(NamedTuple):
    """Targets of N rows.

    Args:
        y: class indices (N,), or floating.
        classes: their names, where the targets or the caller name them.
        name: of what is predicted, where it has one.
    """

    y: Any
    classes: tuple[str, ...] = ()
    name: str = ""


def features_of(given: Any, what: str = "X") -> Features:
    """Features as a tensor where they are one, or else as an array that shares their memory where it can.

    Args:
        given: a tensor, an array, a sparse matrix, which stays sparse unless it is small, a data frame of
            numbers, or lists of numbers.
        what: to call them in messages.

    Raises:
        UsageError, ShapeError: they are none of these, or hold something else than real numbers.
    """
    if isinstance(given, ReadFeatures):
        return Features(given)
    if is_tensor(given):
        is_kept = given.layout is not torch.strided and given.numel() > SMALL
        return Features(SparseFeatures.of_tensor(given) if is_kept else real(dense(given), what))
    scipy = sys.modules.get("scipy.sparse")
    if scipy is not None and scipy.issparse(given):
        is_kept = math.prod(given.shape) > SMALL and given.dtype.kind in "biuf"
        if is_kept:
            return Features(SparseFeatures(given))
        return Features(real(fit_for_torch(given.toarray(), what), what))
    frame = as_frame(given)
    if frame is not None:
        numbers = fit_for_torch(numbers_of(frame, what), what)
        return Features(real(numbers, what), tuple(map(str, frame.columns)))
    if is_series(given):
        raise ShapeError(f"{what} is one column, a Series: make it a table of one, {what}.to_frame()")
    array = array_of(given)
    if array is None:
        raise UsageError(f"{what} must be rows of numbers, (N, D), not {describe(given)}")
    return Features(real(fit_for_torch(array, what), what))


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
    if is_tensor(given):
        return _of_tensor(dense(given), classes)
    if is_series(given) and str(given.dtype) == "category" and not classes:
        values_of(given, "y")  # refuses gaps
        codes = np.array(given.cat.codes, np.int64)
        return Targets(codes, classes_of([str(name) for name in given.cat.categories]), str(given.name or ""))
    name, array = _name_targets(given)
    if array is None:
        raise UsageError(f"y must be the targets of the rows, not {describe(given)}")
    if array.dtype.kind == "O":
        array = plain(array, "y")
    if array.dtype.kind in "US":
        return Targets(*_of_text(array.astype(str), classes), name)
    if array.dtype.kind not in "biuf":
        raise UsageError(f"y must hold numbers or text, not {array.dtype}")
    return _of_numbers(fit_for_torch(array, "y"), classes)._replace(name=name)


def classes_of(given: Any) -> tuple[str, ...]:
    """The names of classes as text.

    Whole numbers are names only where they are their own places, 0…K − 1: else `y` could be meant as names.

    Raises:
        UsageError: they are something else, or a name stands twice.
    """
    if isinstance(given, ArrayLike) and not isinstance(given, type):
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


def weights_of(given: Any) -> Tensor | np.ndarray:
    """Weights of rows; whole numbers of arrays and lists become floating.

    Raises:
        UsageError: they are no numbers.
    """
    if is_tensor(given):
        return dense(given)
    _, array = _name_targets(given)
    if array is None:
        raise UsageError(f"weights are numbers, one a row, not {describe(given)}")
    found = fit_for_torch(array, "weights")
    return found if found.dtype.kind in "fc" else found.astype(np.float64)


def number_of(given: Any, what: str) -> float:
    """A single number.

    Raises:
        UsageError: it is none.
    """
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{what} must be a number, not {describe(given)}") from error


def shape_of(given: Any) -> ImageShape:
    """The height and width of images, and the 3 colours of those that have any.

    Raises:
        UsageError: it is something else.
    """
    sizes = tuple(given) if isinstance(given, Sequence | np.ndarray) else ()
    is_whole = all(isinstance(size, int | np.integer) and size > 0 for size in sizes)
    if not is_whole or not (len(sizes) == 2 or (len(sizes) == 3 and sizes[2] == CHANNELS)):
        raise UsageError(
            "image_shape is (height, width), two whole numbers above 0, or (height, width, 3) of images in "
            f"colour, not {given!r}"
        )
    height, width = int(sizes[0]), int(sizes[1])
    return (height, width) if len(sizes) == 2 else (height, width, CHANNELS)


def describe(given: Any) -> str:
    """What something is, for a message, and what to do with it where that is known."""
    kind = type(given)
    name = f"a {kind.__module__.split('.')[0]} {kind.__name__}" if "." in kind.__module__ else kind.__name__
    if isinstance(given, str | bytes | os.PathLike):
        return f"{str(given)!r}: linnet.load reads a data set by its name or path"
    if "torch" in sys.modules and isinstance(given, torch.utils.data.DataLoader | torch.utils.data.Dataset):
        return f"{name}: stack its rows, X = torch.stack([x for x, _ in data]), or give it to linnet.d2l"
    return name


def _name_targets(given: Any) -> tuple[str, np.ndarray | None]:
    """The name of targets, where they have one, and their array; None where they are none."""
    if is_series(given):
        return ("" if given.name is None else str(given.name)), values_of(given, "y")
    frame = as_frame(given)
    if frame is None:
        return "", array_of(given)
    if frame.shape[1] == 1:
        return _name_targets(frame.iloc[:, 0])
    return "", numbers_of(frame, "y")


def _of_numbers(y: np.ndarray, classes: tuple[str, ...]) -> Targets:
    """Targets of an array that are numbers."""
    if y.dtype == bool:
        return Targets(y.astype(np.int64), classes or ("False", "True"))
    if y.dtype.kind != "f":
        return Targets(y.astype(np.int64, copy=False) if classes and y.ndim == 1 else y, classes)
    return Targets(y[:, None] if y.ndim == 1 and not classes else y, classes)


def _of_tensor(y: Tensor, classes: tuple[str, ...]) -> Targets:
    """Targets of a tensor that are numbers."""
    if y.dtype == torch.bool:
        names = classes or ("False", "True")
        return Targets(y.long(), names)
    if not y.is_floating_point():
        is_index = classes and y.ndim == 1 and not y.is_complex()
        return Targets(y.long() if is_index else y, classes)
    return Targets(y[:, None] if y.ndim == 1 and not classes else y, classes)


def _of_text(names: np.ndarray, classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The place of each row's class, and the classes."""
    if names.ndim == 2 and names.shape[1] == 1:
        names = names[:, 0]
    if names.ndim != 1:
        raise ShapeError(f"classes by name must have shape (N,), one a row, not {names.shape}")
    known = classes or tuple(np.unique(names).tolist())
    places = {name: place for place, name in enumerate(known)}
    if unknown := sorted(set(names.tolist()) - set(places)):
        raise UsageError(f"y holds {unknown[0]!r}, which is none of the classes {list(known)}")
    return np.array([places[name] for name in names.tolist()], np.int64), known
