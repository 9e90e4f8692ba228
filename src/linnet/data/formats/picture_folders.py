"""People's own pictures: a folder, or a zip of one, in which each class has a folder of its own."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.formats.folder_parts import describe_parts, place_pictures
from linnet.data.pictures.decode import FORMATS, SUFFIXES, upright_size
from linnet.data.pictures.prepare import prepare
from linnet.data.split import Whole
from linnet.errors import FormatError
from linnet.schema.classes import number_classes

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

UTF8 = 0x800
"""The bit of a zip's entry that says that its name is UTF-8."""

ENTRY = b"PK\x01\x02"
"""With which each file's entry in a zip's list begins."""

SIZE = (28, 28)
SMALL = 64
"""The largest side of pictures that keep their size; larger ones are brought to `SIZE`."""

Say = Callable[[str], None]
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
            entries = [entry for entry in archive.infolist() if is_picture(_path_of(entry))]
            _check_entries(entries, name)
            for entry in entries:
                with archive.open(entry) as file:
                    data = file.read(MAX_PICTURE_BYTES + 1)  # what the entry says of itself may be wrong
                yield _path_of(entry), data
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FormatError(f"{name} is not a zip that can be read: {error}") from error


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The pictures in a folder and its subfolders, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_picture(path.name):
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def read_pictures(
    files: Files, name: str, known: tuple[str, ...] | None = None, say: Say = lambda text: None
) -> Whole:
    """Pictures as rows in the order of their paths, their classes being the folders that they are in.

    Folders above them called train, validation and test are kept apart (see
    `linnet.data.formats.folder_parts`). Small pictures of one size keep it; others become 28 × 28, in grey,
    light on dark.

    Args:
        files: their paths and contents; what is no picture by its name is passed over.
        name: what to call the data set.
        known: the classes of a model whose rows these are, some of which may be missing here; None to take
            the folders.
        say: called with a sentence on which folder was read as what, where folders are parts, and with one
            on the pictures that have nothing on them. The data set's `source` has them, too.

    Raises:
        FormatError: there are none, or too many, a picture is damaged, there are not two classes, a folder is
            none of the known classes, or it cannot be told which part a folder is.
    """
    # In the order of their paths, so that a folder and its zip are the same data.
    kept = sorted(_limit(files, name))
    if not kept:
        raise FormatError(f"{name} has no {', '.join(FORMATS)} files")
    found = place_pictures([path for path, _ in kept], name, is_whole=known is not None)
    size = _size(kept)
    labels = [place.label for place in found]
    classes = _classes(labels, name) if known is None else known
    y = number_classes(labels, classes, name)
    X, blank = _pixels(kept, size)
    said = [text for text in (describe_parts(found, name), blank) if text]
    for text in said:
        say(text)
    rows = Dataset(X, y, name, classes, size, 1 / 255, "; ".join(said) or name)  # type: ignore[arg-type]
    if len({place.part for place in found}) == 1:
        return Whole(rows)
    is_test, is_validation = (
        np.array([place.part == part for place in found]) for part in ("test", "validation")
    )
    return Whole(rows, is_test, is_validation)


def _pixels(kept: Sequence[tuple[str, bytes]], size: tuple[int, int]) -> tuple[np.ndarray, str]:
    """The pictures as rows of bytes, (N, height · width), and what to say of those with nothing on them."""
    X = np.empty((len(kept), size[0] * size[1]), np.uint8)
    blank: list[str] = []
    for row, (path, content) in enumerate(kept):
        made = prepare(content, size, max_pixels=MAX_PIXELS, name=path)
        X[row] = made.pixels.reshape(-1)
        blank += [f"{path}: {made.nothing}"] if made.is_blank else []
    return X, f"{len(blank):,} of {len(kept):,} pictures have nothing on them: {blank[0]}" if blank else ""


def is_picture(path: str) -> bool:
    """Whether a file is a picture by its name, and not one of a Mac's shadows."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts)
    return not hidden and path.lower().endswith(SUFFIXES)


def _check_entries(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse by a zip's list, which says how much there is in all."""
    if (number := len(entries)) > MAX_PICTURES:
        raise FormatError(f"{name} has {number:,} pictures, more than {MAX_PICTURES:,}")
    if (size := sum(entry.file_size for entry in entries)) > MAX_ALL_BYTES:
        raise FormatError(f"{name} unpacks to {size >> 20:,} MiB, more than {MAX_ALL_BYTES >> 20}")


def _limit(files: Files, name: str) -> Iterator[tuple[str, bytes]]:
    """The files that are pictures, while they are within the limits."""
    number, size = 0, 0
    for path, content in files:
        if not is_picture(path):
            continue
        number, size = number + 1, size + len(content)
        if len(content) > MAX_PICTURE_BYTES:
            raise FormatError(f"{path} is larger than {MAX_PICTURE_BYTES >> 20} MiB")
        if number > MAX_PICTURES:
            raise FormatError(f"{name} has more than {MAX_PICTURES:,} pictures")
        if size > MAX_ALL_BYTES:
            raise FormatError(f"{name} has more than {MAX_ALL_BYTES >> 20} MiB of pictures")
        yield path, content


def _path_of(entry: zipfile.ZipInfo) -> str:
    """An entry's path with slashes.

    Where a zip does not say that its names are UTF-8, zipfile takes them for code page 437. Macs write UTF-8
    all the same, and Chinese Windows GB 2312.
    """
    path = entry.filename
    if not entry.flag_bits & UTF8 and not path.isascii():
        raw = path.encode("cp437", "replace")
        for encoding in ("utf-8", "gb2312"):
            with contextlib.suppress(UnicodeDecodeError):
                path = raw.decode(encoding)
                break
    return path.replace("\\", "/")


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
        height, width = upright_size(content, path, SMALL, MAX_PIXELS)
        sizes.add((height, width))
        pixels += width * height
    if pixels > MAX_ALL_PIXELS:
        raise FormatError(
            f"the pictures have {pixels:,} pixels, more than {MAX_ALL_PIXELS:,}: make them smaller"
        )
    only = sizes.pop()
    return only if not sizes and max(only) <= SMALL else SIZE
