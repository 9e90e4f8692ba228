"""Arrays in HDF5: features and targets under the names that an .npz file has them by."""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from linnet.data.formats.array_names import BESIDE, find_pairs, split_name
from linnet.data.formats.arrays import Array, whole_of
from linnet.data.formats.hdf5_sets import own, own_sets
from linnet.data.split import Whole
from linnet.errors import FormatError, needs_extra

LISTED = 20
"""Data sets that a message names."""

PANDAS = "pandas_type"
"""The attribute of a group that pandas wrote."""


def read_hdf5(
    file: Path | bytes,
    name: str,
    *,
    most: int | None = None,
    known: tuple[str, ...] | None = None,
    color: bool | None = None,
) -> Whole:
    """All rows of an HDF5 file; see `linnet.data.formats.arrays.read_arrays` for names and arguments.

    Raises:
        FormatError: it is no such file, larger than may be, was written by pandas, or has no or several pairs
            of features and targets.
        MissingExtraError: h5py is not installed.
    """
    with needs_extra("an HDF5 file", "hdf5"):
        h5py: Any = importlib.import_module("h5py")
    try:
        with h5py.File(io.BytesIO(file) if isinstance(file, bytes) else file, "r") as opened:
            arrays = _arrays(opened, h5py, name, most)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise FormatError(f"{name} cannot be read as HDF5: {error}") from error
    return whole_of(arrays, name, known=known, color=color)


def _arrays(opened: Any, h5py: Any, name: str, most: int | None) -> dict[str, Array]:
    """The arrays of known names at the root, in lower case; none is read before its size is known."""
    groups = [one for key in opened if isinstance(one := own(opened, h5py, key), h5py.Group)]
    if any(PANDAS in one.attrs for one in groups):
        raise FormatError(
            f"{name} was written by pandas, as PyTables lays it out: write it by "
            'pandas.read_hdf(PATH).to_parquet("rows.parquet")'
        )
    kept = own_sets(opened, h5py, name)
    _check_pair(kept, opened, h5py, name)
    if most is not None and (size := sum(one.size * one.dtype.itemsize for one in kept.values())) > most:
        raise FormatError(f"{name} has {size >> 20:,} MiB of numbers, more than {most >> 20:,}")
    return {key: _read(one, h5py, f"{name}: {key}") for key, one in kept.items()}


def _check_pair(kept: dict[str, Any], opened: Any, h5py: Any, name: str) -> None:
    """Refuse a file without features and targets, or with several of them, and list what it has."""
    parts = [split_name(key).part for key in kept if key not in BESIDE]
    try:
        find_pairs(kept, name)
        if all(parts.count(part) == 2 for part in parts):
            return
    except FormatError as error:
        raise FormatError(f"{error}. Its data sets: {_list(opened, h5py)}") from error
    raise FormatError(f"{name} has several features or targets: leave out all but two. Its data sets: "
                      f"{_list(opened, h5py)}")  # fmt: skip


def _list(opened: Any, h5py: Any) -> str:
    """The data sets of a file with their shapes, those in groups among them."""
    found = list[str]()

    def note(path: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset):
            found.append(f"{path} {one.shape}")

    opened.visititems(note)
    return ", ".join(found[:LISTED]) or "none"


def _read(one: Any, h5py: Any, what: str) -> Array:
    if h5py.check_string_dtype(one.dtype) is not None:
        return np.asarray(one.asstr()[...], dtype=str)
    if one.dtype.kind not in "biuf" or not one.shape:
        raise FormatError(f"{what} holds {one.dtype}: expected rows of plain numbers or text")
    return np.asarray(one[...])
