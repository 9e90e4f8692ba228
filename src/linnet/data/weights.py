"""How much each row of a data set counts, as people give it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import DataNotFoundError, FormatError, ShapeError, UsageError


def weigh(dataset: Dataset, weights: Tensor | np.ndarray | Sequence[float] | None) -> Dataset:
    """The data set with a weight for each row, (N,); itself for None.

    Raises:
        ShapeError: as many weights as rows are needed.
        UsageError: they are negative, not finite, or all 0.
    """
    if weights is None:
        return dataset
    try:
        values = torch.as_tensor(weights)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"weights are numbers, one a row, not {weights!r}") from error
    values = (values if values.is_floating_point() else values.float()).to(dataset.X.device)
    if values.shape == (len(dataset),) and not bool((values != 0).any()):
        raise UsageError("every weight is 0: no row would count")
    return dataclasses.replace(dataset, weights=values)


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
    return dataclasses.replace(weighed, origin=origin)
