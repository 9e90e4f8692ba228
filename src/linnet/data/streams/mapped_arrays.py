"""Rows of an array that is mapped into memory, numbers or images, as `RowFile` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats.image_arrays import as_rows
from linnet.data.streams.arrow_rows import EXACT, Columns
from linnet.data.streams.row_files import MappedFile


class MappedArray(MappedFile):
    """A file that is one array, of which any rows can be had.

    Args:
        path: of the file.
        array: it, mapped into memory, (N, …), of at least one row.
        dtype: that its rows are read as.
        color: whether they are images in colour.
        is_known: as `as_rows` takes it.

    Attributes:
        image_shape: of a row that is an image; None of others.
    """

    def __init__(
        self, path: Path, array: NDArray[Any], dtype: np.dtype[Any], *, color: bool | None, is_known: bool
    ) -> None:
        self._array, self._color, self._is_known = array, color, is_known
        first, self.image_shape = as_rows(array[:1], str(path), color=color, is_known=is_known)
        super().__init__(path, Columns(("X",), (first.shape[1],), dtype))
        self._cut(len(array))

    def _between(self, low: int, high: int) -> NDArray[Any]:
        """See `MappedFile`."""
        rows = self._as_stored(self._array[low:high])
        self._check_finite(rows, lambda row: low + row)
        return rows

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `RowFile.take`."""
        if not len(rows):
            return np.empty((0, self.columns.features), self.columns.dtype)
        found = self._as_stored(self._array[rows])
        self._check_finite(found, lambda row: int(rows[row]))
        return found

    def _as_stored(self, some: NDArray[Any]) -> NDArray[Any]:
        rows, _ = as_rows(some, str(self.path), color=self._color, is_known=self._is_known)
        return rows.astype(self.columns.dtype, copy=False)


def stored_dtype(found: np.dtype[Any]) -> np.dtype[Any]:
    """The type that numbers are read as: bytes and floats as they are, others as floats that hold them.

    No row is read for it, so that whole numbers of 32 bits and more are float64.
    """
    name = found.newbyteorder("=").name
    if name in ("uint8", "float16", "float32", "float64"):
        return np.dtype(name)
    return np.dtype("float32" if name == "bool" or name in EXACT else "float64")
