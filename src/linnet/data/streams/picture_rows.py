"""Pictures of a folder as rows of pixels, decoded by threads when they are wanted, as `RowFile` has them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.pictures.decode import beside_threads, quiet_pillow
from linnet.data.pictures.prepare import prepare
from linnet.data.pictures.shape import ImageShape, size_of
from linnet.data.streams.arrow_rows import Columns
from linnet.data.streams.row_files import MappedFile
from linnet.device import available_cores
from linnet.errors import DataError

AT_ONCE = 16
"""Pictures that a thread decodes before it takes others."""


class PictureRows(MappedFile):
    """Pictures, each a row of bytes, of which any can be had.

    Args:
        folder: in which they are.
        names: of them in it, with slashes, in the order of the rows.
        shape: that they are brought to.
        max_pixels: that one may have.
    """

    def __init__(self, folder: Path, names: Sequence[str], shape: ImageShape, max_pixels: int) -> None:
        self._names, self._shape, self._max_pixels = names, shape, max_pixels
        found = [(folder / name).stat() for name in names]
        self._marks = np.array([(one.st_size, one.st_mtime_ns) for one in found], np.int64)
        super().__init__(folder, Columns(("pixels",), (size_of(shape),), np.dtype(np.uint8)))
        self._cut(len(names))
        quiet_pillow()

    def _mark(self) -> tuple[int, int]:
        """The number of the pictures, and a number made of their names, sizes and times of change."""
        digest = hashlib.sha256("\0".join(self._names).encode("utf-8", "surrogateescape"))
        digest.update(self._marks.data)
        return len(self._names), int.from_bytes(digest.digest()[:8], "big")

    def check_unchanged(self) -> None:
        """Nothing: each picture is looked at when it is read, for millions take long to look at."""

    def place(self, row: int) -> str:
        """The picture's path."""
        return str(self.path / self._names[row])

    def _between(self, low: int, high: int) -> NDArray[Any]:
        """See `MappedFile`."""
        return self.take(np.arange(low, high))

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `RowFile.take`.

        Raises:
            DataError: a picture was changed or removed.
            FormatError: it cannot be read.
        """
        out = np.empty((len(rows), self.columns.features), self.columns.dtype)

        def decode(low: int) -> None:
            with beside_threads():
                for place in range(low, min(low + AT_ONCE, len(rows))):
                    out[place] = self._read(int(rows[place])).reshape(-1)

        lows = range(0, len(rows), AT_ONCE)
        with ThreadPoolExecutor(min(available_cores(), max(1, len(lows))), "linnet-pictures") as pool:
            pending = [pool.submit(decode, low) for low in lows]
            try:
                for one in pending:
                    one.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return out

    def _read(self, row: int) -> NDArray[np.uint8]:
        """The pixels of a picture."""
        try:
            with open(self.place(row), "rb") as file:
                found = os.fstat(file.fileno())
                content = file.read()
        except OSError as error:
            raise DataError(
                f"{self.place(row)} has gone since it was first read: {error.strerror}"
            ) from error
        if (found.st_size, found.st_mtime_ns) != tuple(self._marks[row].tolist()):
            raise DataError(
                f"{self.place(row)} was changed since it was first read: begin anew, or bring back the old"
            )
        made = prepare(content, self._shape, max_pixels=self._max_pixels, name=self.place(row))
        return made.pixels
