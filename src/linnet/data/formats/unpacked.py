"""Gzip as a file to read, unpacked a megabyte at a time.

Python's own `gzip` unpacks 8 KiB at a time, and between two of them a thread waits for its turn: beside an
import of torch the files of Fashion-MNIST would wait some ten seconds for half a second of work.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

PIECE = 1 << 20
_GZIP = 31  # zlib's word for a gzip header, and a checksum that it compares


class Unpacked(io.RawIOBase):
    """What is in a gzip file of one member or several; zeros behind them are padding.

    Args:
        file: to read from, at its beginning; it stays open.

    Raises:
        zlib.error, EOFError: when reading, the file is damaged or too short.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._member, self._packed = file, zlib.decompressobj(_GZIP), b""

    def readable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """Of the packed file."""
        return self._file.fileno()

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill a buffer with what there is at once of what comes next; how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self._unpack(len(view))
        view[: len(data)] = data
        return len(data)

    def _unpack(self, most: int) -> bytes:
        while True:
            if self._member.eof:
                self._packed = self._member.unused_data.lstrip(b"\0")
                while not self._packed:
                    if not (more := self._file.read(PIECE)):
                        return b""
                    self._packed = more.lstrip(b"\0")
                self._member = zlib.decompressobj(_GZIP)
            self._packed = self._packed or self._file.read(PIECE)
            if not self._packed:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            data = self._member.decompress(self._packed, most)
            self._packed = self._member.unconsumed_tail
            if data:
                return data
