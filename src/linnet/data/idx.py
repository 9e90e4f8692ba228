"""The IDX format of MNIST and its kin: `read`, `write`.

A file is a header of two zero bytes, a type code, the rank, and one big-endian uint32 a dimension, then
the elements, big-endian, last dimension fastest. It may be gzipped. Everything in the header is checked
before memory is taken, and the memory taken is what the header declares.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from linnet import files
from linnet.errors import DataNotFoundError, FormatError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {np.dtype(kind): code for code, kind in TYPES.items()}
GZIP = b"\x1f\x8b"

MAX_BYTES = 16 << 30
"""The most that a file may declare."""

MOST_DEFLATED = 1032
"""A byte of deflate gives no more than this many."""


def read(path: Path | str, *, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The array in an IDX file.

    Args:
        path: the file, plain or gzipped (told by its content, not its name).
        max_bytes: refuse a file that declares more.

    Returns:
        A read-only view of the file, mapped into memory, when it is plain (big-endian where its elements
        have several bytes); an array of its own, in native order, when it is gzipped.

    Raises:
        DataNotFoundError: no such file.
        FormatError: anything wrong with it, named with the file.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(f"no file at {path}")
    with path.open("rb") as file:
        zipped = file.read(2) == GZIP
    return _read_gzip(path, max_bytes) if zipped else _map(path, max_bytes)


def read_labels(path: Path | str, classes: int) -> np.ndarray:
    """Class indices, (N,), each checked to lie in 0…classes−1.

    Raises:
        DataNotFoundError, FormatError: as `read` does; also for another rank or type,
            or a label out of range.
    """
    labels = read(path)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise FormatError(
            f"{path}: labels must be one row of integers, got {labels.dtype} of shape {labels.shape}"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        row = int(wrong[0])
        raise FormatError(f"{path}: label {labels[row]} in row {row} is outside 0…{classes - 1}")
    return labels


def write(path: Path | str, array: np.ndarray) -> None:
    """Write an array, whole or not at all, gzipped when the name ends in .gz (the same bytes each time).

    Args:
        path: where.
        array: of uint8, int8, int16, int32, float32 or float64, of at most 255 dimensions.

    Raises:
        FormatError: the format has no such type or size.
    """
    array = np.asarray(array)
    kind = array.dtype.newbyteorder(">") if array.dtype.itemsize > 1 else array.dtype
    if kind not in CODES:
        raise FormatError(
            f"IDX has no type for {array.dtype}: use uint8, int8, int16, int32, float32 or float64"
        )
    if array.ndim > 255 or any(size >= 1 << 32 for size in array.shape):
        raise FormatError(f"IDX cannot hold an array of shape {array.shape}")
    header = bytes([0, 0, CODES[kind], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(kind).tobytes()
    files.write(path, gzip.compress(content, mtime=0) if str(path).endswith(".gz") else content)


def _map(path: Path, max_bytes: int) -> np.ndarray:
    size = path.stat().st_size
    with path.open("rb") as file:
        kind, shape = _header(file, path, max_bytes)
        start = file.tell()
    declared = math.prod(shape) * kind.itemsize
    if size != start + declared:
        raise _wrong_size(path, shape, kind, size - start)
    if not declared:
        return np.empty(shape, kind)
    return (
        np.memmap(path, kind, "r", start, shape)
        if shape
        else np.fromfile(path, kind, 1, offset=start)[0:1].reshape(())
    )


def _read_gzip(path: Path, max_bytes: int) -> np.ndarray:
    packed = path.stat().st_size
    try:
        with gzip.open(path, "rb") as file:
            kind, shape = _header(file, path, max_bytes)
            declared = math.prod(shape) * kind.itemsize
            if declared > MOST_DEFLATED * packed:
                raise FormatError(
                    f"{path} declares {declared:,} bytes, which {packed:,} bytes of gzip cannot hold: "
                    "it is truncated or a decompression bomb"
                )
            array = np.empty(shape, kind)
            filled = _fill(file, array)
            if filled != declared or file.read(1):
                raise _wrong_size(path, shape, kind, filled if filled < declared else None)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FormatError(f"{path}: the gzip data are broken: {error}") from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _fill(file: gzip.GzipFile, array: np.ndarray) -> int:
    """Read into the array until it is full or the file has ended; the bytes read."""
    if not array.size:
        return 0
    view, filled = memoryview(array.reshape(-1).view(np.uint8)), 0
    while filled < len(view) and (count := file.readinto(view[filled : filled + (1 << 20)])):
        filled += count
    return filled


def _header(file: BinaryIO | gzip.GzipFile, path: Path, max_bytes: int) -> tuple[np.dtype, tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise FormatError(f"{path} is not an IDX file: it begins with {magic[:4]!r}, not two zero bytes")
    if magic[2] not in TYPES:
        raise FormatError(f"{path}: unknown IDX type code 0x{magic[2]:02X}")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise FormatError(f"{path} is truncated inside its header")
    kind, shape = np.dtype(TYPES[magic[2]]), struct.unpack(f">{magic[3]}I", sizes)
    if math.prod(shape) * kind.itemsize > max_bytes:
        raise FormatError(f"{path} declares shape {shape}, more than {max_bytes:,} bytes")
    return kind, shape


def _wrong_size(path: Path, shape: tuple[int, ...], kind: np.dtype, got: int | None) -> FormatError:
    declared = math.prod(shape) * kind.itemsize
    what = "is truncated" if got is not None and got < declared else "has trailing bytes"
    found = "more" if got is None else f"{got:,}"
    return FormatError(f"{path} {what}: shape {shape} takes {declared:,} bytes of data, the file has {found}")
