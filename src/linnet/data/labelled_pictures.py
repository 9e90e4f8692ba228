"""People's own pictures: a folder, or a zip of one, in which each class has a folder of its own."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from linnet.data.dataset import Dataset, Splits
from linnet.data.pictures import picture_of
from linnet.data.whole import Whole, places
from linnet.errors import FormatError

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PICTURES = 20_000
MAX_CLASSES = 100
MAX_PIXELS = 4_000_000
"""Of a picture."""
MAX_ALL_PIXELS = 1_000_000_000
"""Of all pictures, as they are stored."""
MAX_PICTURE_BYTES = 8 << 20
MAX_ALL_BYTES = 512 << 20
"""Of a zip's files, unpacked."""

MAX_FILES = 200_000
"""Of all kinds in a zip, whose list is read whole."""

ENTRY = b"PK\x01\x02"
"""With which each file's entry in a zip's list begins."""

SIZE = (28, 28)
SMALL = 64
"""The largest side of pictures that keep their size; larger ones are brought to `SIZE`."""

TEST = ("test", "val", "valid", "validation")
TRAIN = ("train", "training")

Files = Iterable[tuple[str, bytes]]
"""Paths with slashes, and what the files hold."""


def unpack(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """The pictures in a zip, one at a time and no further than they may be large; nothing is written.

    Raises:
        FormatError: it is no zip, damaged, encrypted, or larger than may be.
    """
    if (files := content.count(ENTRY)) > MAX_FILES:
        raise FormatError(f"{name} has some {files:,} files, more than {MAX_FILES:,}")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if is_picture(entry.filename)]
            _check_entries(entries, name)
            for entry in entries:
                with archive.open(entry) as file:
                    data = file.read(MAX_PICTURE_BYTES + 1)  # what the entry says of itself may be wrong
                yield entry.filename, data
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FormatError(f"{name} is not a zip that can be read: {error}") from error


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The pictures in a folder and its subfolders, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_picture(path.name):
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def read_pictures(files: Files, name: str) -> Splits:
    """Pictures as rows, their classes being the folders that they are in.

    A folder called train and one called test (or val) keep the parts apart; else a fifth of each class is
    kept to test on. Small pictures of one size keep it; others become 28 × 28, in grey, light on dark.

    Args:
        files: their paths and contents; what is no PNG or JPEG by its name is passed over.
        name: what to call the data set.

    Raises:
        FormatError: there are none, or too many, a picture is damaged, or there are not two classes.
    """
    return whole_pictures(files, name).splits()


def whole_pictures(files: Files, name: str, known: tuple[str, ...] | None = None) -> Whole:
    """All pictures in the order of their paths, and which of them are to test on.

    Args:
        files: as `read_pictures` takes them.
        name: likewise.
        known: the classes of a model whose rows these are, some of which may be missing here; None to take
            the folders.

    Raises:
        FormatError: as `read_pictures` does, or a folder is none of the known classes.
    """
    # In the order of their paths, so that a folder and its zip are the same data.
    kept = [(_parts(path), path, content) for path, content in sorted(_bounded(files, name))]
    if not kept:
        raise FormatError(f"{name} has no PNG or JPEG files")
    size = _size([(path, content) for _, path, content in kept])
    labels = [label for (_, label), _, _ in kept]
    classes = _classes(labels, name) if known is None else known
    X = torch.empty(len(kept), size[0] * size[1], dtype=torch.uint8)
    for row, (_, path, content) in enumerate(kept):
        X[row] = torch.from_numpy(_picture(path, content, size).reshape(-1))
    y = torch.tensor(places(labels, classes, name))
    whole = Dataset(X, y, name, classes, size, 1 / 255, name)
    parts = [part for (part, _), _, _ in kept]
    if "test" not in parts or "train" not in parts:
        return Whole(whole)
    return Whole(whole, torch.tensor([part == "test" for part in parts]))


def is_picture(path: str) -> bool:
    """Whether a file is a picture by its name, and not one of a Mac's shadows."""
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and path.lower().endswith(SUFFIXES)


def _check_entries(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MAX_PICTURES:
        raise FormatError(f"{name} has {len(entries):,} pictures, more than {MAX_PICTURES:,}")
    if (size := sum(entry.file_size for entry in entries)) > MAX_ALL_BYTES:
        raise FormatError(f"{name} unpacks to {size >> 20:,} MiB, more than {MAX_ALL_BYTES >> 20}")


def _bounded(files: Files, name: str) -> Iterator[tuple[str, bytes]]:
    """The files that are pictures, while they are within the limits."""
    number, size = 0, 0
    for path, content in files:
        if not is_picture(path):
            continue
        number, size = number + 1, size + len(content)
        if number > MAX_PICTURES:
            raise FormatError(f"{name} has more than {MAX_PICTURES:,} pictures")
        if len(content) > MAX_PICTURE_BYTES:
            raise FormatError(f"{path} is larger than {MAX_PICTURE_BYTES >> 20} MiB")
        if size > MAX_ALL_BYTES:
            raise FormatError(f"{name} has more than {MAX_ALL_BYTES >> 20} MiB of pictures")
        yield path, content


def _parts(path: str) -> tuple[str, str]:
    """The part that a picture belongs to ("train", "test" or ""), and its class: the folder it is in."""
    folders = PurePosixPath(path).parts[:-1]
    if not folders:
        raise FormatError(f"{path} is in no folder: put the pictures of each class into a folder of its name")
    above = [folder.lower() for folder in folders[:-1]]
    part = "test" if any(f in TEST for f in above) else "train" if any(f in TRAIN for f in above) else ""
    return part, folders[-1]


def _classes(labels: Sequence[str], name: str) -> tuple[str, ...]:
    classes = tuple(sorted(set(labels)))
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise FormatError(
            f"{name} has pictures in {len(classes)} folders: expected 2…{MAX_CLASSES}, a folder a class"
        )
    return classes


def _size(files: Sequence[tuple[str, bytes]]) -> tuple[int, int]:
    """(height, width) of the rows: the pictures' own where it is small and the same for all."""
    sizes, pixels = set(), 0
    for path, content in files:
        try:
            with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as picture:  # its header alone
                width, height = picture.size
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            why = "" if isinstance(error, UnidentifiedImageError) else f": {error}"  # which names an object
            raise FormatError(f"{path} is not a PNG or JPEG that can be read{why}") from error
        sizes.add((height, width))
        pixels += width * height
    if pixels > MAX_ALL_PIXELS:
        raise FormatError(
            f"the pictures have {pixels:,} pixels, more than {MAX_ALL_PIXELS:,}: make them smaller"
        )
    only = sizes.pop()
    return only if not sizes and max(only) <= SMALL else SIZE


def _picture(path: str, content: bytes, size: tuple[int, int]) -> np.ndarray:
    try:
        return picture_of(content, size, max_pixels=MAX_PIXELS)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
