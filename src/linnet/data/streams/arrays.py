"""Rows of arrays some at a time: of .npy, .npz and HDF5 files, of sparse matrices, and of IDX files."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.formats import idx
from linnet.data.formats.array_names import find_features
from linnet.data.formats.hdf5_sets import own_sets
from linnet.data.formats.idx_names import IMAGES, PARTS, lying
from linnet.data.formats.image_arrays import as_rows
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stored_arrays import BROKEN, iter_array, read_stored, rows_of
from linnet.data.locate import Kind, kind_of
from linnet.data.pictures.shape import ImageShape, is_color
from linnet.data.streams.pieces import Piece, Rejected
from linnet.errors import FormatError, needs_extra

KINDS: tuple[Kind, ...] = ("one array", "arrays", "HDF5", "IDX files")
"""The kinds of data that are arrays."""

Block = tuple[str, Any]
"""The name of an array, and some of its rows: an array (B, …) or CSR."""


@dataclass(frozen=True)
class Takes:
    """What rows a model takes.

    Args:
        features: D.
        image_shape: of a row that is an image; None of others.
        is_bytes: whether it was trained on bytes, which are taken as shares of 255; None if it is not known.
    """

    features: int
    image_shape: ImageShape | None = None
    is_bytes: bool | None = None


def iter_arrays(files: Mapping[str, Path], takes: Takes, *, is_lenient: bool) -> Iterator[Piece]:
    """The rows of arrays, file after file, (B, D); their labels may lack, and are not looked at.

    Args:
        files: or folders of IDX files, by what they are called, in order.
        takes: the rows of the model.
        is_lenient: whether rows with a number that is not finite are set apart, and no error.

    Raises:
        FormatError: one has no such arrays, or its rows are not those of the model.
        MissingExtraError: a library for the format is not installed.
    """
    for name, path in files.items():
        before, last = 0, ""
        for what, rows in _blocks(path, name):
            before = before if what == last else 0
            piece = _piece(what, rows, before, takes)
            if piece.rejected and not is_lenient:
                first = piece.rejected[0]
                raise FormatError(f"{what}: {first.place} {first.reason}")
            yield piece
            before, last = before + rows.shape[0], what


def _blocks(path: Path, name: str) -> Iterator[Block]:
    try:
        yield from READERS[kind_of(path)](path, name)
    except BROKEN as error:
        raise FormatError(f"{name} cannot be read: {error}") from error


def _of_one(path: Path, name: str) -> Iterator[Block]:
    """The rows of an .npy file, or of a sparse matrix."""
    if path.suffix.lower() == ".npy":
        with path.open("rb") as file:
            yield from ((name, rows) for rows in iter_array(file, path.stat().st_size, name))
        return
    matrix = read_stored(path)
    if matrix.ndim != 2:
        raise FormatError(f"{name} must hold rows of numbers, (N, D), not {matrix.shape}")
    rows = matrix.tocsr()
    count = rows_of(rows.data.nbytes // max(1, rows.shape[0]))
    for low in range(0, max(1, rows.shape[0]), count):
        yield name, rows[low : low + count]


def _of_several(path: Path, name: str) -> Iterator[Block]:
    """The rows of the arrays of features in an .npz file."""
    with zipfile.ZipFile(path) as archive:
        entries = {Path(one.filename).stem.lower(): one for one in archive.infolist()
                   if one.filename.endswith(".npy")}  # fmt: skip
        for key in (found := find_features(entries, name)):
            what = f"{name}: {key}" if len(found) > 1 else name
            with archive.open(entries[key]) as file:
                yield from ((what, rows) for rows in iter_array(file, entries[key].file_size, what))


def _of_hdf5(path: Path, name: str) -> Iterator[Block]:
    """The rows of the arrays of features at the root of an HDF5 file."""
    with needs_extra("an HDF5 file", "hdf5"):
        h5py: Any = importlib.import_module("h5py")
    with h5py.File(path, "r") as opened:
        sets = own_sets(opened, h5py, name)
        for key in (found := find_features(sets, name)):
            array, what = sets[key], f"{name}: {key}" if len(found) > 1 else name
            if array.dtype.kind not in "biuf" or not array.shape:
                raise FormatError(f"{what} holds {array.dtype}: expected rows of plain numbers")
            count = rows_of(array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)))
            for low in range(0, max(1, array.shape[0]), count):
                yield what, array[low : low + count]


def _of_idx(path: Path, name: str) -> Iterator[Block]:
    """The pictures of a folder of IDX files."""
    paths = [found[0] for part in PARTS if (found := lying(path, part + IMAGES))]
    if not paths:
        wanted = " or ".join(part + IMAGES for part in PARTS)
        raise FormatError(f"{name} has IDX files, but no pictures: expected {wanted}")
    for one in paths:
        pictures = idx.read(one)
        count = rows_of(pictures[:1].nbytes)
        for low in range(0, max(1, len(pictures)), count):
            yield f"{name}/{one.name}", pictures[low : low + count]


READERS: Mapping[Kind, Any] = {
    "one array": _of_one, "arrays": _of_several, "HDF5": _of_hdf5, "IDX files": _of_idx,
}  # fmt: skip


def _piece(what: str, rows: Any, before: int, takes: Takes) -> Piece:
    """Rows as the model takes them; those with a number that is not finite are rejected."""
    if rows.dtype.kind not in "biuf":
        raise FormatError(f"{what} holds {rows.dtype}: expected rows of plain numbers")
    is_sparse = hasattr(rows, "tocsr")
    scale = 1 / PIXEL if rows.dtype == np.uint8 and not is_sparse else 1.0
    _check_unit(rows.data if is_sparse else rows, what, takes, is_bytes=scale != 1)
    rows = rows if is_sparse else _flat(rows, what, takes)
    if rows.shape[1] != takes.features:
        raise FormatError(
            f"{what} has rows of {rows.shape[1]:,} numbers, and the model takes rows of {takes.features:,}"
        )
    wrong = _not_finite(rows)
    reason = "has a number that is not finite"
    rejected = [Rejected(what, f"row {before + row + 1:,}", reason) for row in np.flatnonzero(wrong).tolist()]
    return Piece(what, rows[~wrong] if rejected else rows, before, scale, tuple(rejected))


def _check_unit(rows: NDArray[Any], what: str, takes: Takes, *, is_bytes: bool) -> None:
    """Refuse numbers that are not on the scale of training, where bytes alone are shares of 255.

    Shares of the brightest, 0…1, are those that a model of bytes takes; of other numbers it cannot be told.
    """
    if takes.is_bytes is None or takes.is_bytes == is_bytes:
        return
    if is_bytes:
        raise FormatError(
            f"{what} holds bytes (uint8), which are brought to 0…1, and the model was trained on numbers as "
            "they stand: save them as they were in training, by X.astype(float), or as X / 255"
        )
    known = rows[np.isfinite(rows)] if rows.dtype.kind == "f" else rows
    if rows.dtype.kind not in "fb" or (known.size and not 0 <= known.min() <= known.max() <= 1):
        raise FormatError(
            f"{what} holds {rows.dtype} beyond 0…1, and the model was trained on bytes, 0…255: save them as "
            "uint8, or divide them by 255"
        )


def _flat(rows: NDArray[Any], what: str, takes: Takes) -> NDArray[Any]:
    """Rows (B, D) of numbers, or of images of the model's shape."""
    wanted, found = takes.image_shape, rows.shape[1:]
    if not len(rows):
        return rows.reshape(0, takes.features)
    if rows.ndim > 1:
        rows, shape = as_rows(rows, what, color=is_color(wanted), is_known=True)
        if shape is None or shape == wanted:
            return rows
    images = "" if wanted is None else f", or images, (N, {', '.join(map(str, wanted))})"
    raise FormatError(
        f"{what} has the shape (N{''.join(f', {one}' for one in found)}): the model takes rows of "
        f"{takes.features:,} numbers, (N, {takes.features}){images}"
    )


def _not_finite(rows: Any) -> NDArray[np.bool_]:
    """Which rows have a number that is not finite, (B,)."""
    if hasattr(rows, "tocsr"):
        wrong = np.zeros(rows.shape[0], bool)
        owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        wrong[owners[~np.isfinite(rows.data)]] = True
        return wrong
    return ~np.isfinite(rows).all(axis=1)
