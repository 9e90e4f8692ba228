"""Pictures some at a time, made like those that a model was trained on: files, folders and zips of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from linnet.data.formats.picture_files import is_picture, limit, paths_in, unpack
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stored_arrays import shape_of
from linnet.data.formats.zipped import ZIP
from linnet.data.locate import ARRAY, find_tables, kind_of
from linnet.data.pictures.prepare import prepare
from linnet.data.pictures.prepared import Prepared
from linnet.data.streams.pieces import Piece, Rejected
from linnet.errors import DataNotFoundError, FormatError

AT_ONCE = 256
"""Pictures that are answered at a time."""

Shape = tuple[int, ...]


class Made(NamedTuple):
    """A picture as a model takes it.

    Args:
        file: what it is called.
        picture: it; None where it cannot be read.
        reason: why it cannot be read.
    """

    file: str
    picture: Prepared | None
    reason: str = ""


def are_pictures(path: Path, shape: Shape) -> bool:
    """Whether a path is of pictures to be made, and not of rows of pixels as they were trained on.

    Args:
        path: of a picture, an array of one, or a folder or a zip of pictures.
        shape: of the model's images.

    Raises:
        FormatError: an array could be either.
    """
    if path.is_dir():
        return kind_of(path) == "pictures" and find_tables(str(path), is_whole=True) is None
    if path.suffix.lower() == ZIP:
        return find_tables(str(path), is_whole=True) is None
    if path.suffix.lower() != ARRAY or not path.is_file():
        return is_picture(path.name)
    found = shape_of(path)
    if len(found) == 2 and found[1] == np.prod(shape) and found != shape:
        rows = f"X.reshape(-1, {', '.join(map(str, shape))})"
        raise FormatError(
            f"{path} has the shape {found}, which is one picture, or {found[0]:,} rows of pixels: save rows "
            f"as {rows}, and a picture as PNG"
        )
    is_rows = len(found) > 2 and found[1:] in (shape, (*shape, 1), (1, *shape), shape[2:] + shape[:2])
    return not is_rows or (len(found) == 3 and found[0] == 1)


def make_pictures(
    paths: Sequence[Path], shape: Shape, invert: bool | None = None, *, is_lenient: bool = False
) -> Iterator[Made]:
    """Pictures one after another, as a model takes them.

    Args:
        paths: of pictures, folders and zips of them.
        shape: of the model's images.
        invert: as `prepare` takes it.
        is_lenient: whether one that cannot be read is given as such, and no error.

    Raises:
        DataNotFoundError, FormatError: there is none, or one cannot be read.
    """
    for name, given in _files(paths):
        try:
            made = prepare(given, shape, invert, name=name)  # type: ignore[arg-type]
        except FormatError as error:
            if not is_lenient:
                raise
            yield Made(name, None, str(error))
        else:
            yield Made(name, made)


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path | bytes]]:
    for path in paths:
        found = 0
        for found, one in enumerate(_files_of(path), 1):  # noqa: B007
            yield one
        if not found:
            raise FormatError(f"{path} has no pictures")


def _files_of(path: Path) -> Iterator[tuple[str, Path | bytes]]:
    if path.is_dir():
        yield from ((str(one), one) for one in paths_in(path))
    elif path.suffix.lower() == ZIP and path.is_file():
        several = limit(unpack(path.read_bytes(), str(path)), str(path))
        yield from ((f"{path}/{one}", content) for one, content in several)
    elif not path.is_file():
        raise DataNotFoundError(f"no picture at {path}")
    else:
        yield str(path), path


def iter_pictures(
    paths: Sequence[Path], shape: Shape, invert: bool | None = None, *, is_lenient: bool = False
) -> Iterator[Piece]:
    """Pictures as rows of pixels, some at a time; see `make_pictures`."""
    held = list[Made]()
    for one in make_pictures(paths, shape, invert, is_lenient=is_lenient):
        held.append(one)
        if len(held) == AT_ONCE:
            yield _piece(held, shape)
            held = []
    if held:
        yield _piece(held, shape)


def _piece(several: list[Made], shape: Shape) -> Piece:
    kept = [(one.file, one.picture) for one in several if one.picture is not None]
    rows = np.empty((len(kept), int(np.prod(shape))), np.uint8)
    for place, (_, picture) in enumerate(kept):
        rows[place] = picture.pixels.reshape(-1)
    rejected = tuple(Rejected(one.file, "", one.reason) for one in several if one.picture is None)
    blank = np.array([picture.is_blank for _, picture in kept], bool)
    return Piece("the pictures", rows, 0, 1 / PIXEL, rejected, tuple(file for file, _ in kept), blank)
