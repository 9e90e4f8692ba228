"""IDX, the file format of MNIST and its kin: a typed array of any rank, plain or gzip.

    00 00 | type code, 1 byte | rank, 1 byte | rank × size, uint32 big-endian | items, big-endian

The header is not believed before the file's own length has confirmed it: nothing is allocated for a
size that the bytes on disk cannot hold, so a damaged or hostile file costs an error and no memory.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from linnet.errors import DataNotFoundError, FormatError, ShapeError
from linnet.files import replacing

Array = npt.NDArray[Any]

CODES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Type code to numpy dtype, in the file's byte order."""

MAX_BYTES = 8 << 30
"""The largest array `read` takes unless told otherwise: 8 GiB."""

MAX_MAPPED = 1 << 46
"""The largest that is only mapped."""

MAX_RANK = 64 if int(np.__version__.split(".")[0]) >= 2 else 32
"""The dimensions numpy can hold; the format itself allows 255."""

MAX_CLASSES = 10_000
"""Of labels whose classes nobody names."""

_GZIP_MAGIC = b"\x1f\x8b"
_DEFLATE_RATIO = 1032  # deflate's best: 258 bytes from 2 bits
_DEFLATE_SLACK = 4096
_PIECE = 1 << 20


class Header(NamedTuple):
    """What an IDX file says of itself."""

    dtype: np.dtype[Any]  # big-endian
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """Bytes of the header."""
        return 4 + 4 * len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the items."""
        return math.prod(self.shape) * self.dtype.itemsize


def read(path: Path | str, *, max_bytes: int = MAX_BYTES, in_memory: bool = False) -> Array:
    """The array in an IDX file.

    Gzip is told by the file's first bytes, not its name. What is unpacked goes straight into the array
    returned, writable and in the machine's byte order. A plain file is mapped: read-only, in the file's
    big-endian byte order, and to be left alone by other programs as long as the array lives.

    Args:
        path: the file.
        max_bytes: refuse an array that is larger, in bytes.
        in_memory: read a plain file into memory as well, writable and in the machine's byte order.

    Raises:
        DataNotFoundError: there is no such file.
        FormatError: the file is no IDX file, or it is truncated, corrupt, too long or too large.
    """
    with _open(path := Path(path)) as file:
        header, size = _read_header(file, path, max_bytes), os.fstat(file.fileno()).st_size
        if isinstance(file, gzip.GzipFile):
            if header.nbytes > _DEFLATE_RATIO * size + _DEFLATE_SLACK:
                raise FormatError(
                    f"{path} declares {_describe(header)}, more than its {size:,} bytes of gzip "
                    "can unpack to: the header is damaged; get the file anew"
                )
            return _unpack(file, header, path)
        if size < (expected := header.length + header.nbytes):
            raise _refuse_short(path, "data", expected, size)
        if size > expected:
            raise _refuse_long(path, header)
        return _unpack(file, header, path) if in_memory else _map(file, header)


def read_header(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Header:
    """The type and shape that an IDX file declares, plain or gzip; nothing more of it is unpacked.

    Args:
        path: the file.
        max_bytes: refuse an array that is larger, in bytes.

    Raises:
        DataNotFoundError: there is no such file.
        FormatError: the file does not begin as an IDX file does, or its array is too large.
    """
    with _open(path := Path(path)) as file:
        return _read_header(file, path, max_bytes)


def is_packed(path: Path) -> bool:
    """Whether a file is gzip, told by its first bytes."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def read_labels(path: Path | str, classes: int | None = None) -> npt.NDArray[np.int64]:
    """Class indices from an IDX file of rank 1.

    Args:
        path: the file.
        classes: K; each label must be in 0…K−1. Any number of classes up to 10,000 when None.

    Returns:
        The labels, shape (N,), int64.

    Raises:
        DataNotFoundError: there is no such file.
        FormatError: as `read`, or the file holds something other than such labels.
    """
    labels = read(path, in_memory=True)
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise FormatError(
            f"{path} holds {labels.dtype} of shape {labels.shape}: expected labels, integers of rank 1"
        )
    classes = MAX_CLASSES if classes is None else classes
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        row = int(wrong[0])
        raise FormatError(f"{path}: the label of row {row} is {labels[row]}: expected 0…{classes - 1}")
    return labels.astype(np.int64)


def write(path: Path | str, array: Array) -> None:
    """Write an array as IDX, whole or not at all; as gzip when the name ends in `.gz`.

    The same array gives the same bytes, whenever it is written.

    Args:
        path: the file to write or replace.
        array: uint8, int8, int16, int32, float32 or float64, in any byte order and layout.

    Raises:
        ShapeError: IDX cannot hold the array's type or shape.
        OSError: the file cannot be written.
    """
    path = Path(path)
    header = _header_of(array)
    items, is_packed = np.ascontiguousarray(array).reshape(-1), path.name.endswith(".gz")
    with replacing(path) as file:
        packed = gzip.GzipFile("", "wb", 6, file, mtime=0) if is_packed else contextlib.nullcontext(file)
        with packed as out:
            out.write(header)
            for start in range(0, len(items), _PIECE):
                piece = items[start : start + _PIECE]
                out.write(piece.astype(array.dtype.newbyteorder(">"), copy=False).tobytes())


@contextlib.contextmanager
def _open(path: Path) -> Iterator[io.BufferedIOBase]:
    """A file to read, unpacked where it is gzip; damaged gzip is a `FormatError`."""
    if not path.is_file():
        raise DataNotFoundError(f"{path} is not there: expected an IDX file, plain or gzip")
    with path.open("rb") as plain:
        is_zipped = plain.peek(2)[:2] == _GZIP_MAGIC
        try:
            with gzip.GzipFile(fileobj=plain) if is_zipped else contextlib.nullcontext(plain) as file:
                yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FormatError(f"{path} is corrupt or truncated gzip ({error}): get the file anew") from error


def _read_header(file: io.BufferedIOBase, path: Path, max_bytes: int) -> Header:
    start = file.read(4)
    if start[:2] != b"\0\0"[: len(start)]:
        raise FormatError(f"{path} begins with {start[:2].hex(' ')}: an IDX file begins with 00 00")
    if len(start) < 4:
        raise _refuse_short(path, "header", 4, len(start))
    code, rank = start[2], start[3]
    if code not in CODES:
        known = ", ".join(f"0x{code:02X}" for code in CODES)
        raise FormatError(f"{path} has type code 0x{code:02X}: IDX knows {known}")
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise _refuse_short(path, "header", 4 + 4 * rank, 4 + len(sizes))
    header = Header(np.dtype(CODES[code]), struct.unpack(f">{rank}I", sizes))
    _check_size(header, path, max_bytes)
    return header


def _check_size(header: Header, path: Path, max_bytes: int) -> None:
    if len(header.shape) > MAX_RANK:
        raise FormatError(f"{path} has {len(header.shape)} dimensions: numpy holds at most {MAX_RANK}")
    if math.prod(size for size in header.shape if size) * header.dtype.itemsize >= 1 << 63:
        raise FormatError(f"{path} declares {_describe(header)}: its size overflows 63 bits")
    if header.nbytes > max_bytes:
        raise FormatError(
            f"{path} declares {_describe(header)}, over the limit of {max_bytes:,}: "
            "if that is right, raise max_bytes"
        )


def _map(file: io.BufferedIOBase, header: Header) -> Array:
    if not header.nbytes:
        return np.empty(header.shape, header.dtype)
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.ndarray(header.shape, header.dtype, buffer=mapping, offset=header.length)


def _unpack(file: io.BufferedIOBase, header: Header, path: Path) -> Array:
    raw, done = np.empty(header.nbytes, np.uint8), 0
    while count := file.readinto(raw.data[done : done + _PIECE]):
        done += count
    if done < header.nbytes:
        raise _refuse_short(path, "data", header.length + header.nbytes, header.length + done)
    if file.read(1):  # for gzip this also compares the CRC
        raise _refuse_long(path, header)
    array = raw.view(header.dtype).reshape(header.shape)
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))


def _header_of(array: Array) -> bytes:
    big_endian = array.dtype.newbyteorder(">")
    codes = {np.dtype(name): code for code, name in CODES.items()}
    if big_endian not in codes:
        raise ShapeError(
            f"IDX cannot hold {array.dtype}: convert it to uint8, int8, int16, int32, float32 or float64"
        )
    if array.ndim > 255 or any(size >= 1 << 32 for size in array.shape):
        raise ShapeError(f"IDX cannot hold shape {array.shape}: at most 255 sizes, each below 2³²")
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, codes[big_endian], array.ndim, *array.shape)


def _describe(header: Header) -> str:
    return f"shape {header.shape} of {header.dtype.name}, {header.nbytes:,} bytes"


def _refuse_short(path: Path, part: str, expected: int, got: int) -> FormatError:
    return FormatError(
        f"{path} has a truncated {part}: {got:,} bytes of {expected:,} are there; get the file anew"
    )


def _refuse_long(path: Path, header: Header) -> FormatError:
    return FormatError(f"{path} goes on after its {_describe(header)}: the header or the file is damaged")
