"""The arguments of the public verbs: a data set, or a pair of training and test parts; row weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet.data import coerce as in_memory
from linnet.data.dataset import Dataset, Splits
from linnet.errors import DataNotFoundError, FormatError, ShapeError, UsageError
from linnet.lazy import held, is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

HOW = (
    "make one of what you have: linnet.Dataset(X, y, classes=(…)) of classes by their places, "
    "linnet.Dataset(X, y) of numbers or names of classes, linnet.Dataset(frame.drop(columns='price'), "
    "frame['price']) of a frame, or linnet.load(path) of a file"
)


def parts_of(given: Any, entrance: str) -> Splits:
    """The parts that were given; without a test part where there is none.

    Args:
        given: a data set, `Splits`, or another pair of data sets of which the second may be None.
        entrance: the function, for messages.

    Raises:
        UsageError: it is something else.
    """
    parts = list(given) if isinstance(given, tuple | list) else [given]
    if len(parts) in (1, 2) and isinstance(parts[0], Dataset) and isinstance(parts[-1], Dataset | None):
        return Splits(*parts)
    raise _refuse(given, entrance)


def dataset_of(given: Any, what: str) -> Dataset:
    """A data set as it was given.

    Args:
        given: it.
        what: it is, and to whom, for messages.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(given, Dataset):
        raise _refuse(given, what)
    return given


def refuse_stream(dataset: Dataset, what: str) -> None:
    """Refuse rows that stay in their files to what needs them in memory.

    Args:
        dataset: the rows.
        what: needs them, for messages.

    Raises:
        UsageError: they are streamed.
    """
    if dataset.is_streamed:
        raise UsageError(
            f"{what} takes rows in memory, and those of {dataset.name} stay in their files: load them "
            "without --stream (stream=), or train on them by gradient descent (linnet train, linnet sweep); "
            "smooth losses without L1 are solved as a stream"
        )


def _refuse(given: Any, what: str) -> UsageError:
    how = "" if isinstance(given, str | PathLike) else f": {HOW}"
    return UsageError(f"{what} takes a linnet.Dataset, not {in_memory.describe(given)}{how}")


def weigh(dataset: Dataset, weights: Tensor | np.ndarray | Sequence[float] | None) -> Dataset:
    """The data set with a weight for each row, (N,); itself for None.

    Raises:
        ShapeError: as many weights as rows are needed.
        UsageError: they are negative, not finite, or all 0.
    """
    if weights is None:
        return dataset
    if dataset.has_exposure:
        raise UsageError(f"the rows of {dataset.name} count by their exposure and take no weights beside it")
    values: Any = weights
    if not isinstance(weights, np.ndarray) or weights.dtype != np.float64 or is_tensor(held(dataset, "X")):
        try:
            values = torch.as_tensor(weights)
        except (TypeError, ValueError, RuntimeError) as error:
            raise UsageError(f"weights are numbers, one a row, not {weights!r}") from error
        values = (values if values.is_floating_point() else values.float()).to(dataset.X.device)
    if values.shape == (len(dataset),) and not bool((values != 0).any()):
        raise UsageError("every weight is 0: no row would count")
    return dataset.replace(weights=in_memory.weights_of(values))


def read_weights(path: Path, rows: int) -> np.ndarray:
    """The weights in a file, (N,): .npy, or text with a number a line.

    Args:
        path: of the file.
        rows: N.

    Raises:
        DataNotFoundError: no such file.
        FormatError: it does not hold numbers.
        ShapeError: it does not hold one a row.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no file of weights at {path}")
    try:
        values = np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.loadtxt(path, ndmin=1)
        values = np.asarray(values, dtype=np.float64)
    except (ValueError, OSError, EOFError) as error:
        raise FormatError(f"{path} does not hold a number a row: {error}") from error
    if values.shape != (rows,):
        raise ShapeError(f"{path} holds {values.shape} weights for {rows} rows: expected one a row")
    return values


def weigh_by_file(dataset: Dataset, path: Path) -> Dataset:
    """The data set with the weights that a file has for its rows, which its origin then names.

    Raises:
        LinnetError: as `read_weights` and `weigh` do.
    """
    weighed = weigh(dataset, read_weights(path, len(dataset)))
    origin = weighed.origin and dataclasses.replace(weighed.origin, sample_weight=str(path))
    return weighed.replace(origin=origin)
