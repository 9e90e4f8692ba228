"""People's own data by its path: a CSV file, a zip of pictures, or a folder of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from linnet.data.dataset import Splits
from linnet.data.labelled_pictures import (
    SPLIT_SEED,
    TEST_FRACTION,
    files_in,
    is_picture,
    read_pictures,
    unpack,
)
from linnet.data.split import split
from linnet.data.table import read_table
from linnet.errors import DataNotFoundError, FormatError

SUFFIXES = (".csv", ".zip")


def is_own(name: str) -> bool:
    """Whether a data set's name is a path: of a CSV file, a zip, or a folder."""
    return name.lower().endswith(SUFFIXES) or "/" in name or "\\" in name


def load(path: Path | str) -> Splits:
    """The data set at a path; a fifth of each class is kept to test on.

    Args:
        path: a CSV file (see `linnet.data.table`), a zip or a folder of pictures (see
            `linnet.data.labelled_pictures`).

    Raises:
        DataNotFoundError: there is nothing.
        FormatError: it is none of these.
    """
    path = Path(path)
    if path.is_dir():
        return read_pictures(files_in(path), str(path))
    if not path.is_file():
        raise DataNotFoundError(f"no data at {path}: expected a CSV file, a zip of pictures, or a folder")
    return read([(path.name, path.read_bytes())], str(path))


def read(files: Sequence[tuple[str, bytes]], name: str) -> Splits:
    """The data set that some files make: one CSV file, one zip, or pictures in folders.

    Args:
        files: their paths and contents.
        name: what to call it.

    Raises:
        FormatError: they are none of these.
    """
    if any(is_picture(path) for path, _ in files):
        return read_pictures(files, name)
    if len(files) != 1:
        raise FormatError(
            f"{name} has {len(files)} files and no picture: expected one CSV or zip, or pictures"
        )
    ((path, content),) = files
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".zip":
        return read_pictures(unpack(content, name), name)
    if suffix == ".csv":
        return Splits(*split(read_table(content, name), TEST_FRACTION, SPLIT_SEED))
    raise FormatError(f"{name} is neither a CSV file, nor a zip, nor a picture: {path!r}")
