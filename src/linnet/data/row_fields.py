"""Fields of a data set, kept as they came and read as tensors, and `Arrays`, the same as arrays.

What computes with torch reads `dataset.X`; what does not reads `dataset.arrays.X`, and torch stays out. On a
CPU the two share memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.features import ReadFeatures
from linnet.data.sparse import SparseFeatures
from linnet.lazy import held, is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.data.dataset import Dataset

Array = NDArray[Any]


def to_array(values: Tensor | Array) -> Array:
    """Values as an array, which of a tensor on a CPU is a view; bfloat16, which numpy has not, as float32."""
    if not is_tensor(values):
        return values
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy(force=True)


def take(values: Any, index: Tensor | Array | slice) -> Any:
    """Some rows of a field, kept as it is."""
    if isinstance(values, ReadFeatures):
        return values.take_rows(index)
    if not isinstance(values, np.ndarray) or isinstance(index, slice):
        return values[index]
    rows = np.asarray(to_array(index))
    return np.take(values, np.flatnonzero(rows) if rows.dtype == bool else rows, 0)


class Arrays:
    """The rows of a data set as arrays.

    Args:
        dataset: whose they are.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def _of(self, name: str) -> Any:
        value = held(self._dataset, name)
        return value if value is None or isinstance(value, ReadFeatures) else to_array(value)

    @property
    def X(self) -> Array | ReadFeatures:  # noqa: N802 (the equation's name)
        """The features, (N, D), in their storage dtype."""
        return self._of("X")

    def dense(self, index: Array | slice = slice(None)) -> Array:
        """Some rows of the features, dense, (B, D)."""
        X = self.X
        if isinstance(X, ReadFeatures) and not isinstance(X, SparseFeatures):
            return X[index].numpy()
        some = take(X, index)
        return some.matrix.toarray() if isinstance(some, SparseFeatures) else some

    def parts(self, rows: int, own: slice | None = None) -> Iterator[Array]:
        """The rows of the features, dense, at most so many at a time, (B, D).

        Args:
            rows: at most.
            own: which rows, from one to another; None for all.
        """
        start, stop = (0, len(self._dataset)) if own is None else (own.start, own.stop)
        return (self.dense(slice(low, min(low + rows, stop))) for low in range(start, stop, rows))

    @property
    def y(self) -> Array:
        """The targets, (N,) or (N, K)."""
        return self._of("y")

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each row, (N,), of soft labels the likeliest; of rows with classes."""
        y = self.y
        return y.argmax(1) if y.dtype.kind == "f" else y

    @property
    def weights(self) -> Array | None:
        """How much each row counts, (N,), float64; None where all count alike."""
        weights = self._of("weights")
        return None if weights is None else weights.astype(np.float64, copy=False)

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """The group of each row, (N,)."""
        return self._of("groups")

    @property
    def times(self) -> NDArray[np.int64] | None:
        """The place of each row in time, (N,)."""
        return self._of("times")
