"""Finds pictures in a folder or a zip: their names and bytes, within limits; without torch."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from linnet.errors import FormatError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
"""Of the files of a folder that are pictures."""

MAX_PICTURES = 20_000
MAX_PICTURE_BYTES = 8 << 20
MAX_ALL_BYTES = 512 << 20
"""Of a zip's files, unpacked."""

MAX_FILES = 200_000
"""Of all kinds in a zip, whose list is read whole."""

UTF8 = 0x800
"""The bit of a zip's entry that says that its name is UTF-8."""

ENTRY = b"PK\x01\x02"
"""With which each file's entry in a zip's list begins."""

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
    for path in paths_in(folder):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def paths_in(folder: Path) -> list[Path]:
    """Where the pictures in a folder and its subfolders are, in order."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and is_picture(path.name)]


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


def limit(files: Files, name: str) -> Iterator[tuple[str, bytes]]:
    """The files that are pictures, while they are within the limits.

    Raises:
        FormatError: one is too large, or there are too many.
    """
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
