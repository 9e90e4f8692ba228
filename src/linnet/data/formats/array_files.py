"""Arrays in files of their own: features in X.npy, or a sparse matrix in X.npz, with their labels beside."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from linnet.data.formats.array_names import PAIRS, split_name
from linnet.data.formats.arrays import BROKEN, HEADERS, check_header, npy, read_array, whole_of
from linnet.data.formats.picture_folders import Say
from linnet.data.split import Whole
from linnet.errors import FormatError

SPARSE = {"format.npy", "shape.npy", "data.npy"}
"""Entries of what scipy.sparse.save_npz writes."""

LAYOUTS = ("csr", "csc", "coo")
OTHERS = ("validation", "test")


def is_sparse_matrix(path: Path) -> bool:
    """Whether a file is a matrix as scipy.sparse.save_npz writes it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist()) >= SPARSE
    except BROKEN:
        return False


def read_array_files(
    path: Path, name: str, *, known: tuple[str, ...] | None = None, say: Say = lambda text: None
) -> Whole:
    """The rows whose features are in a file, and whose labels are in another beside it.

    The labels of X.npy are in y.npy, those of x_train.npy in y_train.npy, of train_images.npy in
    train_labels.npy, and of any NAME.npy in NAME_labels.npy or NAME_y.npy. With x_train.npy its x_val.npy and
    x_test.npy are read, where they are there.

    Args:
        path: of the features: an array, or a sparse matrix.
        name: what to call the data.
        known: as `arrays.read_arrays` takes it.
        say: is told which files were read.

    Raises:
        FormatError: there are no labels, several files could be they, or a file is none of these.
    """
    part, role = split_name(path.stem)
    files = {"": path}
    if part == "train":
        for one in sorted(path.parent.glob(f"*{path.suffix}")):
            other = split_name(one.stem)
            if other.role == role and other.part in OTHERS:
                files[f"_{other.part}"] = one
    labels = {suffix: find_labels(one) for suffix, one in files.items()}
    pairs = (f"{one.name} with {labels[suffix].name}" for suffix, one in files.items())
    say(f"features and labels: {', '.join(pairs)}")
    arrays = {f"x{suffix}": _read(one) for suffix, one in files.items()}
    arrays |= {f"y{suffix}": _read_plain(one) for suffix, one in labels.items()}
    return whole_of(arrays, name, known=known)


def find_labels(path: Path) -> Path:
    """The file with the labels of a file of features.

    Raises:
        FormatError: there is none, or several could be it.
    """
    stem, role = path.stem.lower(), split_name(path.stem).role
    wanted = [stem.replace(role, targets) for features, targets in PAIRS if features == role]
    wanted += [f"{stem}_labels", f"{stem}_y"]
    files = sorted(one for one in path.parent.iterdir() if one.suffix.lower() == ".npy" and one != path)
    found = [one for one in files if one.stem.lower() in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(one.name for one in found)
        raise FormatError(f"the labels of {path.name} could be in {several}: move one away")
    expected = " or ".join(f"{one}.npy" for one in dict.fromkeys(wanted))
    raise FormatError(
        f"{path.name} holds features and no labels, and none are beside it: save them as {expected}, or both "
        "in one file by numpy.savez('rows.npz', X=X, y=y)"
    )


def _read(path: Path) -> Any:
    return _read_plain(path) if path.suffix.lower() == ".npy" else _read_sparse(path)


def _read_plain(path: Path) -> Any:
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
