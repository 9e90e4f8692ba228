"""Folders of pictures that are decoded whenever rows are wanted, a folder a class."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.formats.folder_parts import describe_parts, place_pictures
from linnet.data.formats.picture_files import MAX_PICTURE_BYTES, Say, is_picture, paths_in
from linnet.data.formats.picture_folders import MAX_PIXELS, SIZE, SMALL, folder_classes
from linnet.data.formats.pixels import PIXEL
from linnet.data.pictures.decode import FORMATS, beside_threads, has_colors, quiet_pillow, upright_size
from linnet.data.pictures.shape import CHANNELS, ImageShape, name_shape
from linnet.data.split import Whole
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.picture_rows import PictureRows
from linnet.data.streams.rows import StreamedRows
from linnet.device import available_cores
from linnet.errors import FormatError
from linnet.schema.classes import number_classes

TRIED = 100
"""Pictures that are looked at for colours."""

HEAD = 1 << 16
"""Bytes of a file that tell the size of most pictures."""


def read_streamed_pictures(
    folder: Path,
    name: str,
    *,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    color: bool | None = None,
) -> Whole:
    """Pictures as `picture_folders.read_pictures` takes them, of which the paths alone are held.

    Args:
        folder: in which they are.
        name: what to call it.
        known: the classes of a model whose rows these are; None to take the folders.
        say: is told how they are read.
        color: whether to keep the colours.

    Raises:
        FormatError: there are none, one is too large, or their folders are not as they are to be.
    """
    paths = (path.relative_to(folder).as_posix() for path in paths_in(folder))
    names = sorted(path for path in paths if is_picture(path))
    if not names:
        raise FormatError(f"{name} has no {', '.join(FORMATS)} files")
    found = place_pictures(names, name, is_whole=known is not None)
    labels = [place.label for place in found]
    classes = folder_classes(labels, name) if known is None else known
    y = number_classes(labels, classes, name)
    quiet_pillow()
    size, sizes = _size(folder, names)
    shape: ImageShape = (*size, CHANNELS) if color else size
    colors = _describe_colors(folder, names, shape, color) if known is None else ""
    said = [text for text in (describe_parts(found, name), sizes if known is None else "", colors) if text]
    for text in said:
        say(text)
    X: Any = StreamedFeatures(StreamedRows([PictureRows(folder, names, shape, MAX_PIXELS)]))
    rows = Dataset(X, y, name, classes, shape, 1 / PIXEL, "; ".join(said) or name)  # type: ignore[arg-type]
    parts = np.array([place.part for place in found])
    if len(set(parts.tolist())) == 1:
        return Whole(rows)
    return Whole(rows, parts == "test", parts == "validation")


def _size(folder: Path, names: Sequence[str]) -> tuple[tuple[int, int], str]:
    """(height, width) of the rows, and what to say: the pictures' own size where it is small and one.

    No more are looked at once one is large or of another size than those before, which decides it.
    """
    first: tuple[int, int] | None = None
    for name, size in _sizes(folder, names):
        first = first or size
        if max(size) > SMALL or size != first:
            which = f"such as {name}, of {name_shape(size)} pixels,"
            return SIZE, f"the pictures, {which} are brought to {name_shape(SIZE)}"
    assert first is not None, "there are pictures"
    return first, ""


def _sizes(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each picture's name, height and width, read in threads some ahead."""
    cores = available_cores()
    with ThreadPoolExecutor(cores, "linnet-pictures") as pool:
        for low in range(0, len(names), step := 64 * cores):
            some = names[low : low + step]
            yield from zip(some, pool.map(lambda name: _size_of(folder / name), some), strict=True)


def _size_of(path: Path) -> tuple[int, int]:
    """A picture's height and width; of a large one its file's first bytes are enough."""
    if (length := path.stat().st_size) > MAX_PICTURE_BYTES:
        raise FormatError(f"{path} is larger than {MAX_PICTURE_BYTES >> 20} MiB")
    with path.open("rb") as file, beside_threads():
        head = file.read(HEAD)
        if length > HEAD:
            with contextlib.suppress(FormatError):
                size = upright_size(head, str(path), SMALL, MAX_PIXELS)
                if max(size) > SMALL:
                    return size
        return upright_size(head + file.read(), str(path), SMALL, MAX_PIXELS)


def _describe_colors(folder: Path, names: Sequence[str], shape: ImageShape, color: bool | None) -> str:
    """What to say of colours, by some of the pictures."""
    if color:
        return f"the pictures are read in colour, {name_shape(shape)} numbers each"
    if color is not None:
        return ""
    tried = names[:: -(-len(names) // TRIED)]
    with beside_threads():
        is_any = any(has_colors((folder / one).read_bytes(), one, MAX_PIXELS) for one in tried)
    return "the pictures are in colour and are read in grey: --color keeps the colours" if is_any else ""
