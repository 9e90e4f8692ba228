"""`StreamedFeatures`: the features of files larger than memory, of which some rows are held at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.features import CELLS, ReadFeatures
from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.windows import Window, read_windows
from linnet.dist.processes import ALONE, Processes
from linnet.errors import UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor


class StreamedFeatures(ReadFeatures):
    """N rows of D features in files; it stands where `Dataset.X` may also be a tensor.

    Rows that are read in order, one slice after another, are read from the files once.

    Args:
        rows: of the files.
    """

    called = "rows of a stream"

    def __init__(self, rows: StreamedRows) -> None:
        self.rows = rows
        self.shape = (len(rows), rows.features)
        self._own = threading.local()  # a cursor for each thread that reads

    def __getitem__(self, index: Tensor | NDArray[Any] | slice | int) -> Tensor:
        """Some rows, dense, (B, D); a single one, (D,), by a number."""
        if isinstance(index, int):
            return self[slice(index, index + 1)][0]
        if isinstance(index, slice):
            low, high, step = index.indices(len(self))
            if step == 1:
                return torch.from_numpy(self._read(low, max(low, high)))
            return torch.from_numpy(self.rows.gather(np.arange(low, high, step)))
        numbers = np.asarray(index.cpu() if is_tensor(index) else index)
        if numbers.dtype == bool:
            numbers = np.flatnonzero(numbers)
        return torch.from_numpy(self.rows.gather(numbers.astype(np.int64)))

    def _read(self, low: int, high: int) -> NDArray[Any]:
        """Rows that follow each other, going on where the last ended if that is where they begin."""
        cursor: _Cursor | None = getattr(self._own, "cursor", None)
        if cursor is None or cursor.place != low:
            cursor = _Cursor(self.rows.iterate(low), low)
        self._own.cursor = None  # an error leaves it nowhere
        out = np.empty((high - low, self.shape[1]), self.numpy_dtype)
        cursor.fill(out)
        self._own.cursor = cursor
        return out

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """Of the numbers, as they are stored."""
        return self.rows.dtype

    @property
    def digest(self) -> Iterator[NDArray[Any]]:
        """The files' sizes and times of change, and which rows are taken: the rows are not read for it."""
        yield np.frombuffer(self.rows.fingerprint.encode(), np.uint8)

    def take_rows(self, index: Tensor | NDArray[Any] | slice) -> StreamedFeatures:
        """Some rows, in the files still, in the same order."""
        picked = index if isinstance(index, slice) else np.asarray(index.cpu() if is_tensor(index) else index)
        return StreamedFeatures(self.rows.take(picked))

    def windows(
        self, seed: int, epoch: int, first: int, *, shuffle: bool, processes: Processes = ALONE
    ) -> Iterator[Window]:
        """The rows of an epoch, some at a time.

        Args:
            seed: of their order.
            epoch: which.
            first: the place in it to begin with.
            shuffle: whether they are shuffled, see `read_windows`, or in the order of the files.
            processes: that share shuffled rows.
        """
        if shuffle:
            yield from read_windows(self.rows, seed, epoch, first, processes)
            return
        height = max(1, min(CELLS // (8 * self.shape[1]), len(self)))
        blocks = StreamedFeatures(self.rows)
        for low in range(first, len(self), height):
            high = min(low + height, len(self))
            places = np.arange(low, high)
            yield Window(low, high, places, places, blocks[low:high].numpy())

    def times(self, factor: float | NDArray[Any]) -> StreamedFeatures:
        """Not to be had of files.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "rows of a stream are taken as they are stored: give the model rows of its own scale"
        )


class _Cursor:
    """Rows that are being read in order.

    Args:
        blocks: of them.
        place: the number of the first.
    """

    def __init__(self, blocks: Iterator[NDArray[Any]], place: int) -> None:
        self._blocks, self.place = blocks, place
        self._rest: NDArray[Any] | None = None

    def fill(self, out: NDArray[Any]) -> None:
        """Write the next rows into a matrix, (n, D)."""
        done = 0
        while done < len(out):
            rows = next(self._blocks) if self._rest is None else self._rest
            taken = rows[: len(out) - done]
            out[done : done + len(taken)] = taken
            done, self._rest = done + len(taken), rows[len(taken) :] if len(taken) < len(rows) else None
        self.place += done
