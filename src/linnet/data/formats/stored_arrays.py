"""Reads arrays as numpy.save and scipy.sparse.save_npz store them, checked before they are believed."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from linnet.errors import FormatError

Array = NDArray[Any]

MAX_FEATURES, NAMED = 2**27, 2**20
"""Features that a sparse matrix may have, and up to which each has a name."""

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError)

SPARSE = {"format.npy", "shape.npy", "data.npy"}
"""Entries of what scipy.sparse.save_npz writes."""

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
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def check_header(file: IO[bytes], size: int, what: str) -> None:
    """Refuse objects, and a shape that the file does not hold, for which memory would be taken."""
    version = npy.read_magic(file)
    if version not in HEADERS:
        raise FormatError(f"{what} is of a kind that is no plain numbers or text")
    shape, _, dtype = HEADERS[version](file)
    if dtype.kind not in "biufUS":
        raise FormatError(f"{what} holds {dtype}: expected plain numbers or text")
    if not shape or file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise FormatError(f"{what} is damaged, or no array of rows: its shape is {shape}")


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
