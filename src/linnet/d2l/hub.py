"""The book's downloads (D2L 4.10.1): a table of files, each with its checksum.

A download is resumed after a break, checked, and whole or absent. An archive's members are written one by
one, whole, and only below the folder that they are meant for.
"""

from __future__ import annotations

import errno
import filecmp
import lzma
import os
import shutil
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from linnet import files
from linnet.data.download.fetch import fetch
from linnet.errors import ChecksumError, FormatError, UsageError

CACHE = os.path.join("..", "data")
"""Where the book keeps its data."""

DATA_URL = "http://d2l-data.s3-accelerate.amazonaws.com/"
"""The folder that the book's files are in."""

DATA_HUB: dict[str, tuple[str, str]] = {
    "kaggle_house_train": (
        DATA_URL + "kaggle_house_pred_train.csv",
        "585e9cc93e70b39160e7921475f9bcd7d31219ce",
    ),
    "kaggle_house_test": (
        DATA_URL + "kaggle_house_pred_test.csv",
        "fa19780a7b011d9b009e8bff8e99922a8ee2eb90",
    ),
}
"""Name to (address, SHA-1). Readers add their own."""

MAX_EXTRACTED_BYTES = 16 << 30
"""An archive that unpacks to more is refused."""


def download(name: str, cache_dir: str | os.PathLike[str] = CACHE) -> str:
    """Have a file of `DATA_HUB`, from the cache or the network.

    Args:
        name: its name in the table.
        cache_dir: the folder that it is kept in.

    Returns:
        The file's path.

    Raises:
        UsageError: no such name.
        DownloadError: it could not be had, or came with another checksum.
    """
    if name not in DATA_HUB:
        raise UsageError(
            f"{name!r} is not in DATA_HUB, which has {', '.join(sorted(DATA_HUB))}: "
            "add it as DATA_HUB[name] = (address, SHA-1)"
        )
    url, sha1 = DATA_HUB[name]
    file = PurePosixPath(urllib.parse.urlsplit(url).path).name
    if not file:
        raise UsageError(f"{url!r} names no file")
    target = Path(cache_dir, file)
    if not target.is_file():
        print(f"downloading {url} to {target}", flush=True)
    return str(fetch([url], target, sha1))


def download_extract(name: str, folder: str | None = None) -> str:
    """Download an archive of `DATA_HUB` and unpack it beside itself.

    Args:
        name: its name in the table; a zip, or a tar with any compression.
        folder: the folder in the archive that is wanted.

    Returns:
        The path of `folder`, or of the archive's name without its ending.

    Raises:
        FormatError: it is no such archive, or a member would be written elsewhere or is a link.
        UsageError, DownloadError: as `download` does.
    """
    archive = Path(download(name))
    extract(archive, archive.parent)
    return str(archive.parent / folder) if folder else os.path.splitext(archive)[0]


def download_all() -> None:
    """Download every file of `DATA_HUB`."""
    for name in DATA_HUB:
        download(name)


def extract(archive: Path, folder: Path) -> None:
    """Unpack an archive below a folder.

    Raises:
        FormatError: it is damaged, no zip or tar, or a member is a link, leads out of the folder, or is too
            large.
        ChecksumError: a file with other content is where a member goes; it stays.
    """
    try:
        if tarfile.is_tarfile(archive):  # first: a zip at the end of a tar would pass for the whole
            with tarfile.open(archive) as tarred:
                _write_all(archive, folder, _tar_members(archive, tarred))
        elif zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _write_all(archive, folder, _zip_members(zipped))
        else:
            raise FormatError(f"{archive} is neither a zip nor a tar archive")
    except _DAMAGES as error:
        raise FormatError(f"{archive} is damaged: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is a seek to a place that a damaged table names
            raise
        raise FormatError(f"{archive} is damaged: {error}") from error


_DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    FileExistsError,  # a member that is a file and a folder at once
    NotADirectoryError,
    IsADirectoryError,
)
"""The exceptions of unpacking a damaged archive."""

_Member = tuple[str, int, Callable[[], IO[bytes] | None]]
"""A member's name, its size, and how to open it."""


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        if not info.is_dir():
            yield info.filename, info.file_size, lambda info=info: archive.open(info)


def _tar_members(path: Path, archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        if info.isfile():
            yield info.name, info.size, lambda info=info: archive.extractfile(info)
        elif not info.isdir():
            raise FormatError(f"{path} holds {info.name!r}, which is a link or a device: it was not unpacked")


def _write_all(archive: Path, folder: Path, members: Iterator[_Member]) -> None:
    left = MAX_EXTRACTED_BYTES
    for name, size, opened in members:
        left -= size
        if left < 0:
            raise FormatError(f"{archive} unpacks to more than {MAX_EXTRACTED_BYTES >> 30} GiB")
        target = _inside(archive, folder, name)
        source = opened()
        assert source is not None, "a plain file can be read"
        with source, files.replacing(target) as file:
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            if target.is_file() and not filecmp.cmp(target, file.name, shallow=False):
                raise ChecksumError(  # it may be somebody's, or changed since it was unpacked
                    f"{target} is there with other content than the archive's, so it stays: move it away, or "
                    "unpack the archive in another folder"
                )


def _inside(archive: Path, folder: Path, name: str) -> Path:
    """Where a member goes, if that is below the folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    target = folder.joinpath(*parts)
    strange = not parts or ".." in parts or parts[0].endswith(":") or PurePosixPath(*parts).is_absolute()
    if strange or not target.resolve().is_relative_to(folder.resolve()):
        raise FormatError(f"{archive} holds {name!r}, which leads out of its folder: it was not unpacked")
    return target
