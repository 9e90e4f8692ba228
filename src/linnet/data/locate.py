"""Finds user data by their name, and tells whether they are tables, arrays or pictures; without torch."""

from __future__ import annotations

from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import Any, Literal, cast

from linnet.data.addresses import Address, find_files, is_address
from linnet.data.formats.array_names import HDF5
from linnet.data.formats.foreign import is_foreign
from linnet.data.formats.frames import is_table
from linnet.data.formats.idx_names import is_idx_folder
from linnet.data.formats.picture_files import is_picture
from linnet.data.formats.stored_arrays import is_sparse_matrix
from linnet.data.formats.table_files import (
    TableFiles,
    has_rows,
    is_pattern,
    is_plain,
    match,
    sort_out,
    tables_in,
)
from linnet.data.formats.zipped import ZIP, is_zipped, list_tables, tables_in_zip
from linnet.errors import FormatError

ARRAYS = ".npz"
ARRAY = ".npy"
SUFFIXES = (ARRAYS, ARRAY, *HDF5, ZIP)

Kind = Literal["IDX files", "pictures", "one array", "arrays", "HDF5", "other"]
"""What data are that are no tables."""


def is_own(name: str) -> bool:
    """Whether a data set's name is a path: of a table, LIBSVM text, arrays, a zip, or a folder, as . is."""
    is_file = has_rows(name) or is_foreign(name) or name.lower().endswith(SUFFIXES)
    return is_file or name in (".", "..") or "/" in name or "\\" in name


def find(name: str, folder: Path | str | None = None) -> Path | None:
    """Where the data of a name are: that path, in a folder if one is given; None if nothing is there.

    Of a pattern it is the first table that it means.
    """
    if is_address(name):
        return cast("Path", Address(name))
    path = Path(folder or "") / name
    if path.exists() or is_zipped(path):
        return path
    return next(iter(match(name, folder)), None) if is_pattern(name) else None


def find_tables(name: str, folder: Path | str | None = None, *, is_whole: bool = False) -> TableFiles | None:
    """The tables that a file, a folder or a pattern means; None where it means none, or other data.

    Args:
        name: of it.
        folder: where a relative path begins; the working folder when None.
        is_whole: whether nothing is to be learnt from them, so that names of files tell no parts.

    Raises:
        FormatError: it cannot be told which part a file is.
    """
    if is_address(name):
        return _find_at_address(name, is_whole=is_whole)
    path = Path(folder or "") / name
    if is_zipped(path):
        return TableFiles((path,)) if is_table(path.name) else None
    if path.is_file() and path.suffix.lower() == ZIP:
        return _find_zipped(path, name, is_whole)
    if path.is_file():
        return TableFiles((path,)) if has_rows(path.name) else None
    if path.is_dir():
        is_other = is_idx_folder(path) or has_pictures(path)
        tables = [] if is_other else tables_in(path)
        return _pass_over(sort_out(tables, name, path, is_whole=is_whole), path) if tables else None
    tables = match(name, folder) if is_pattern(name) else []
    return sort_out(tables, name, is_whole=is_whole) if tables else None


def _find_at_address(name: str, *, is_whole: bool) -> TableFiles:
    """The tables at an address: of a folder as `tables_in` has them.

    Raises:
        FormatError: there are none, which alone are read from addresses.
    """
    place = Address(name)
    found = [one for one in find_files(name) if has_rows(one.name) and is_plain(one.name)]
    if not found:
        raise FormatError(f"{name} has no tables, which alone are read from addresses")
    is_folder = found != [place] and not has_magic(name)
    here = [one for one in found if len(one.parts) == len(place.parts) + 1] if is_folder else []
    paths: Any = here or found
    folder: Any = place if is_folder else None
    return sort_out(paths, name, folder, is_whole=is_whole)


def has_pictures(folder: Path) -> bool:
    """Whether there are pictures in a folder or its subfolders."""
    return any(is_picture(one.name) for one in folder.rglob("*"))


def _pass_over(tables: TableFiles, folder: Path) -> TableFiles:
    """The tables of a folder, with arrays and zips that lie beside them noted as passed over."""
    others = (one for one in sorted(folder.iterdir()) if one.suffix.lower() in SUFFIXES)
    return replace(tables, passed_over=(*tables.passed_over, *others))


def _find_zipped(path: Path, name: str, is_whole: bool) -> TableFiles | None:
    """The tables in a zip: one, or those to train and to test on; None where it has none, or pictures."""
    if not (tables := tables_in_zip(path, is_table)):
        return None
    found = sort_out(tables, name, path, is_whole=is_whole)
    if not is_whole and len(found.train) > 1 and not found.has_parts:
        raise FormatError(list_tables(path, tables))
    return found


def kind_of(path: Path) -> Kind:
    """What data are that are no tables: a folder of pictures or of IDX files, or a file by its suffix."""
    if path.is_dir():
        return "IDX files" if is_idx_folder(path) else "pictures"
    suffix = path.suffix.lower()
    if suffix == ARRAY or (suffix == ARRAYS and is_sparse_matrix(path)):
        return "one array"
    if suffix == ARRAYS:
        return "arrays"
    return "HDF5" if suffix in HDF5 else "other"
