"""Tables in a zip, each by a path that goes on into it (titanic.zip/train.csv); nothing is written."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from linnet.data.formats.picture_files import ENTRY, MAX_FILES, is_picture
from linnet.errors import FormatError

ZIP = ".zip"

MAX_UNPACKED = 8 << 30
"""Bytes that a table in a zip may have."""

LISTED = 10
"""Tables that a message names."""

BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


def zip_of(path: Path) -> Path | None:
    """The zip that a path goes into; None where it does not."""
    return next((one for one in path.parents if one.suffix.lower() == ZIP and one.is_file()), None)


def is_zipped(path: Path) -> bool:
    """Whether a path goes into a zip."""
    return not path.exists() and zip_of(path) is not None


def tables_in_zip(
    source: Path | bytes, is_table: Callable[[str], bool], path: Path | None = None
) -> list[Path]:
    """The tables in a zip, in the order of their paths; none where there are pictures, or it cannot be read.

    Args:
        source: the zip, or what stands in it.
        is_table: whether a file's name is that of a table.
        path: of the zip; by which its tables are called.
    """
    path = path or (source if isinstance(source, Path) else Path())
    if isinstance(source, bytes) and source.count(ENTRY) > MAX_FILES:
        return []  # which is refused as pictures are
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except BROKEN:
        return []
    if any(map(is_picture, names)):
        return []
    return sorted(path / name for name in names if is_table(name) and all(map(_is_plain, Path(name).parts)))


def only_table(path: Path, is_table: Callable[[str], bool]) -> Path:
    """The path of the only table in a zip.

    Raises:
        FormatError: there is none, or several, which are listed.
    """
    found = tables_in_zip(path, is_table)
    if len(found) != 1:
        raise FormatError(f"{path} has no table" if not found else list_tables(path, found))
    return found[0]


def list_tables(path: Path | str, found: list[Path]) -> str:
    """What to say of several tables in a zip."""
    names = ", ".join(one.name for one in found[:LISTED])
    return f"{path} has {len(found):,} tables ({names}): say which, such as {found[0]}"


def content_of(path: Path) -> bytes:
    """What stands in a file, which may be in a zip.

    Raises:
        FormatError: the zip is damaged or encrypted, has no such file, or one that is too large.
    """
    place = None if path.exists() else zip_of(path)
    if place is None:
        return path.read_bytes()
    return unzip(place, path.relative_to(place).as_posix(), str(place))


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[Any]:
    """The bytes of a file, which may be in a zip, some at a time; errors as `content_of`."""
    place = None if path.exists() else zip_of(path)
    if place is None:
        with path.open("rb") as raw:
            yield raw
        return
    member = path.relative_to(place).as_posix()
    try:
        with zipfile.ZipFile(place) as archive, archive.open(member) as file:
            yield file
    except KeyError:
        raise FormatError(f"{place} has no file {member}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise FormatError(f"{place} is not a zip that can be read: {error}") from error


def unzip(source: Path | bytes, member: str, name: str, most: int = MAX_UNPACKED) -> bytes:
    """A file in a zip, no further than it may be large; see `content_of`."""
    place: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with zipfile.ZipFile(place) as archive, archive.open(member) as file:
            found = file.read(most + 1)
    except KeyError:
        raise FormatError(f"{name} has no file {member}") from None
    except BROKEN as error:
        raise FormatError(f"{name} is not a zip that can be read: {error}") from error
    if len(found) > most:
        raise FormatError(f"{member} in {name} has more than {most >> 20:,} MiB")
    return found


def _is_plain(part: str) -> bool:
    """Whether a file or folder is one of data: not hidden, the shadow of a Mac, or for people to read."""
    return not part.lower().startswith((".", "_", "~$", "readme", "license"))
