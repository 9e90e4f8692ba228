"""The losses of a path's penalties on rows kept from training, over folds."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.errors import GridEdgeWarning

FoldSaid = Callable[[int, int], object]


def cross_validate(
    path: Callable[..., Any], folds: Sequence[Fold], dataset: Dataset, progress: FoldSaid | None = None
) -> dict[str, NDArray[np.float64]]:
    """The mean validation loss of each penalty over folds, and its standard error, (P,).

    Args:
        path: of the penalties, on the rows that it is given and measured on its `validation`.
        folds: of the rows.
        dataset: the rows.
        progress: called with a fold's number, from 1, before its turn, and how many there are.
    """
    losses = []
    for number, fold in enumerate(folds, 1):
        if progress is not None:
            progress(number, len(folds))
        trained = dataset.rows(fold.weights.nonzero()[:, 0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GridEdgeWarning)  # of one fold, which means nothing
            found = path(trained, validation=dataset.rows(fold.validation))
        losses.append(found.table["validation_loss"].to_numpy())
    return summarise(np.stack(losses))


def summarise(each: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """The mean loss of each penalty over folds, and its standard error, of losses (F, P)."""
    error = each.std(0, ddof=1) / math.sqrt(len(each))
    return {"validation_loss": each.mean(0), "validation_se": error}
