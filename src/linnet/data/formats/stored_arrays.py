"""Reads arrays as numpy.save and scipy.sparse.save_npz store them, checked before they are believed."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from linnet.errors import FormatError

Array = NDArray[Any]

MAX_FEATURES, NAMED = 2**27, 2**20
"""Features that a sparse matrix may have, and up to which each has a name."""

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError)

SPARSE = {"format.npy", "shape.npy", "data.npy"}
"""Entries of what scipy.sparse.save_npz writes."""

ROWS, BYTES = 1 << 16, 1 << 24
"""Rows, and bytes of them, that are read at a time at most where an array is gone through."""

LAYOUTS = ("csr", "csc", "coo")


def is_sparse_matrix(path: Path) -> bool:
    """Whether a file is a matrix as scipy.sparse.save_npz writes it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) >= SPARSE
    except BROKEN:
        return False


def read_array(file: IO[bytes], size: int, what: str) -> Array:
    """The array in a file of so many bytes, once its size is known to be there."""
    check_header(file, size, what)
    return npy.read_array(_again(file), allow_pickle=False)


class Header(NamedTuple):
    """What stands before the numbers of an array.

    Args:
        shape: of it, (N, …).
        is_fortran: whether its first index is the one that runs fastest.
        dtype: of its numbers.
    """

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]


def iter_array(file: IO[bytes], size: int, what: str) -> Iterator[Array]:
    """The rows of an array in a file of so many bytes, some at a time, each (B, …); whole by columns.

    Raises:
        FormatError: as `read_array`.
    """
    shape, is_fortran, dtype = check_header(file, size, what)
    row = math.prod(shape[1:]) * dtype.itemsize
    count = rows_of(row)
    whole = npy.read_array(_again(file), allow_pickle=False) if is_fortran or not row else None
    for low in range(0, max(1, shape[0]), count):
        if whole is not None:
            yield whole[low : low + count]
            continue
        held = min(count, shape[0] - low)
        content = file.read(held * row)
        if len(content) != held * row:
            raise FormatError(f"{what} ends early")
        yield np.frombuffer(content, dtype).reshape(held, *shape[1:])


def rows_of(bytes_each: int) -> int:
    """How many rows of so many bytes are read at a time."""
    return min(ROWS, max(1, BYTES // max(1, bytes_each)))


def _again(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def check_header(file: IO[bytes], size: int, what: str) -> Header:
    """The header, unless it is of objects, or has a shape that the file does not hold."""
    version = npy.read_magic(file)
    if version not in HEADERS:
        raise FormatError(f"{what} is of a kind that is no plain numbers or text")
    shape, is_fortran, dtype = HEADERS[version](file)
    if dtype.kind not in "biufUS":
        raise FormatError(f"{what} holds {dtype}: expected plain numbers or text")
    if not shape or file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise FormatError(f"{what} is damaged, or no array of rows: its shape is {shape}")
    return Header(shape, is_fortran, dtype)


def shape_of(path: Path) -> tuple[int, ...]:
    """The shape of the array in a .npy file, of which no number is read; errors as `read_npy`."""
    try:
        with path.open("rb") as file:
            return check_header(file, path.stat().st_size, path.name).shape
    except BROKEN as error:
        raise FormatError(f"{path.name} is no array as numpy.save writes it: {error}") from error


def read_stored(path: Path) -> Any:
    """The array of a .npy file, or the sparse matrix of an .npz file; errors as `read_npy`."""
    return read_npy(path) if path.suffix.lower() == ".npy" else _read_sparse(path)


def read_npy(path: Path) -> Any:
    """The array of a .npy file.

    Raises:
        FormatError: it is none.
    """
    try:
        with path.open("rb") as file:
            return read_array(file, path.stat().st_size, path.name)
    except BROKEN as error:
        raise FormatError(f"{path.name} is no array as numpy.save writes it: {error}") from error


def map_npy(path: Path) -> Array:
    """The array of a .npy file, mapped into memory: read-only, and no number of it is read.

    Raises:
        FormatError: it is none, or it is stored by columns.
    """
    try:
        with path.open("rb") as file:
            shape, is_fortran, dtype = check_header(file, path.stat().st_size, path.name)
            if is_fortran:
                raise FormatError(
                    f"{path} is stored by columns (Fortran's order), so that a row lies in many places: "
                    "write it by numpy.save(PATH, numpy.ascontiguousarray(X)), or load it without --stream "
                    "(stream=)"
                )
            if not math.prod(shape):
                return np.empty(shape, dtype)
            return np.asarray(np.memmap(file, dtype, "r", file.tell(), shape))
    except BROKEN as error:
        raise FormatError(f"{path.name} is no array as numpy.save writes it: {error}") from error


def _read_sparse(path: Path) -> Any:
    """A matrix (N, D) in CSR, CSC or COO, all of whose indices lie within it."""
    from scipy.sparse import load_npz

    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                _check_entry(archive, entry, path.name)
        matrix = load_npz(path)
        if matrix.format != "coo":  # which checks its indices by itself
            matrix.check_format(full_check=True)
    except (*BROKEN, KeyError, TypeError, IndexError, AttributeError) as error:
        raise FormatError(
            f"{path.name} is no sparse matrix as scipy.sparse.save_npz writes it: {error}"
        ) from error
    return matrix


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse arrays that the file does not hold, and layouts whose indices cannot be checked."""
    what = f"{name}: {Path(entry.filename).stem}"
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        if version in HEADERS and not HEADERS[version](file)[0]:  # a single value, such as the layout
            if entry.file_size > 1 << 12:
                raise FormatError(f"{what} is damaged")
        else:
            file.seek(0)
            check_header(file, entry.file_size, what)
    if entry.filename == "format.npy":
        with archive.open(entry) as file:
            layout = npy.read_array(file, allow_pickle=False).item()
        layout = layout.decode("ascii", "replace") if isinstance(layout, bytes) else str(layout)
        if layout not in LAYOUTS:
            raise FormatError(f"{name} is a sparse matrix in {layout}: save it by save_npz(path, X.tocsr())")
