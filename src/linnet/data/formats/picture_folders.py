"""People's own pictures: a folder, or a zip of one, in which each class has a folder of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.formats.folder_parts import describe_parts, place_pictures
from linnet.data.formats.picture_files import Files, Say, limit
from linnet.data.pictures.decode import FORMATS, has_colors, is_grey, upright_size
from linnet.data.pictures.prepare import prepare
from linnet.data.pictures.shape import CHANNELS, ImageShape, is_color, name_shape, size_of
from linnet.data.split import Whole
from linnet.errors import FormatError
from linnet.schema.classes import number_classes

MAX_CLASSES = 100
MAX_PIXELS = 4_000_000
"""Of a picture."""
MAX_ALL_PIXELS = 1_000_000_000
"""Of all pictures, as they are stored."""

SIZE = (28, 28)
SMALL = 64
"""The largest side of pictures that keep their size; larger ones are brought to `SIZE`."""


def read_pictures(
    files: Files,
    name: str,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    *,
    color: bool | None = None,
) -> Whole:
    """Pictures as rows in the order of their paths, their classes being the folders that they are in.

    Folders above them called train, validation and test are kept apart (see
    `linnet.data.formats.folder_parts`). Small pictures of one size keep it; others become 28 × 28, in grey,
    light on dark, or in colour as they are.

    Args:
        files: their paths and contents; what is no picture by its name is passed over.
        name: what to call the data set.
        known: the classes of a model whose rows these are, some of which may be missing here; None to take
            the folders.
        say: called with a sentence on which folder was read as what, where folders are parts, and with one
            on sizes that are not kept, on colours that are not, and on the pictures that have nothing on
            them. The data set's `source` has them, too.
        color: whether to keep the colours; when None they are not, which is said.

    Raises:
        FormatError: there are none, or too many, a picture is damaged, there are not two classes, a folder is
            none of the known classes, or it cannot be told which part a folder is.
    """
    # In the order of their paths, so that a folder and its zip are the same data.
    kept = sorted(limit(files, name))
    if not kept:
        raise FormatError(f"{name} has no {', '.join(FORMATS)} files")
    found = place_pictures([path for path, _ in kept], name, is_whole=known is not None)
    size, sizes = _size(kept)
    shape: ImageShape = (*size, CHANNELS) if color else size
    labels = [place.label for place in found]
    classes = folder_classes(labels, name) if known is None else known
    y = number_classes(labels, classes, name)
    X, blank = _pixels(kept, shape)
    colors = _describe_colors(kept, X, shape) if known is None and color is not False else ""
    sizes = sizes if known is None else ""
    said = [text for text in (describe_parts(found, name), sizes, colors, blank) if text]
    for text in said:
        say(text)
    rows = Dataset(X, y, name, classes, shape, 1 / 255, "; ".join(said) or name)  # type: ignore[arg-type]
    if len({place.part for place in found}) == 1:
        return Whole(rows)
    is_test, is_validation = (
        np.array([place.part == part for place in found]) for part in ("test", "validation")
    )
    return Whole(rows, is_test, is_validation)


def _describe_colors(kept: Sequence[tuple[str, bytes]], X: np.ndarray, shape: ImageShape) -> str:
    """What to say of the colours of pictures that were read as rows X."""
    if not is_color(shape):
        is_any = any(has_colors(content, path, MAX_PIXELS) for path, content in kept)
        return "the pictures are in colour and were read in grey: --color keeps the colours" if is_any else ""
    said = f"the pictures were read in colour, {name_shape(shape)} numbers each"
    grey = sum(is_grey(row.reshape(shape)) for row in X)
    return said + (f"; {grey:,} of {len(X):,} are grey, their three colours being the same" if grey else "")


def _pixels(kept: Sequence[tuple[str, bytes]], shape: ImageShape) -> tuple[np.ndarray, str]:
    """The pictures as rows of bytes, (N, D), and what to say of those with nothing on them."""
    X = np.empty((len(kept), size_of(shape)), np.uint8)
    blank: list[str] = []
    for row, (path, content) in enumerate(kept):
        made = prepare(content, shape, max_pixels=MAX_PIXELS, name=path)
        X[row] = made.pixels.reshape(-1)
        blank += [f"{path}: {made.nothing}"] if made.is_blank else []
    return X, f"{len(blank):,} of {len(kept):,} pictures have nothing on them: {blank[0]}" if blank else ""


def folder_classes(labels: Sequence[str], name: str) -> tuple[str, ...]:
    """The classes of pictures by the folders that they are in, sorted.

    Raises:
        FormatError: there are too few or too many.
    """
    classes = tuple(sorted(set(labels)))
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise FormatError(
            f"{name} has pictures in {len(classes)} folders: expected 2…{MAX_CLASSES}, a folder a class"
        )
    return classes


def _size(files: Sequence[tuple[str, bytes]]) -> tuple[tuple[int, int], str]:
    """(height, width) of the rows, the pictures' own where small and the same for all, and what to say."""
    sizes, pixels = set[tuple[int, int]](), 0
    for path, content in files:
        size = upright_size(content, path, SMALL, MAX_PIXELS)
        sizes.add(size)
        pixels += size[0] * size[1]
    if pixels > MAX_ALL_PIXELS:
        raise FormatError(
            f"the pictures have {pixels:,} pixels, more than {MAX_ALL_PIXELS:,}: make them smaller"
        )
    low, high = min(sizes, key=math.prod), max(sizes, key=math.prod)
    if len(sizes) == 1 and max(high) <= SMALL:
        return high, ""
    which = f"of {name_shape(high)} pixels" if len(sizes) == 1 else f"of {len(sizes):,} sizes"
    found = "" if len(sizes) == 1 else f" ({name_shape(low)} to {name_shape(high)})"
    return SIZE, f"the pictures are {which}{found} and were brought to {name_shape(SIZE)}"
