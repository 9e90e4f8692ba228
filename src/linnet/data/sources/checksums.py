"""The data sets that come in four files of MNIST's names, told apart by checksum."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from linnet.data.formats import idx, idx_names
from linnet.errors import FormatError

NAMES = tuple(f"{name}.gz" for name in idx_names.NAMES)
"""The files; each may also lie there unpacked, without `.gz`."""

PACKED = {
    title: dict(zip(NAMES, sums, strict=True))
    for title, sums in {
        "MNIST": (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        "Fashion-MNIST": (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        "KMNIST": (
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
    }.items()
}
"""The MD5 of each gzip file as its authors publish it, by the data set's title and the file's name."""

UNPACKED = {
    title: dict(zip(NAMES, sums, strict=True))
    for title, sums in {
        "MNIST": (
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
        "Fashion-MNIST": (
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ),
    }.items()
}
"""The MD5 of what is in each file, which stays the same when it is packed anew."""

MAX_CONTENT = 1 << 30
"""Bytes of a file that are read, at most, to recognise it."""

MAX_UNPACKED = 64 << 20
"""Bytes that a gzip file's header may declare; the largest of those known declares 47 MB."""

_TITLES = {
    md5: title for table in (PACKED, UNPACKED) for title, sums in table.items() for md5 in sums.values()
}
_PIECE = 1 << 20


def title_of(path: Path) -> str | None:
    """The data set that a file belongs to, whatever its name; None when it is none of those known here."""
    return _TITLES.get(md5_of(path)) or _TITLES.get(content_md5_of(path))


def md5_of(path: Path) -> str:
    """The MD5 of a file's bytes; computed again only after the file has changed."""
    return _md5s(*_identity(path))


def content_md5_of(path: Path) -> str:
    """The MD5 of what a gzip file holds, or of a plain file's bytes; empty for a damaged gzip."""
    return _content_md5s(*_identity(path))


def describe_file(path: Path) -> str:
    """What lies in a file, as a phrase for people."""
    if title := title_of(path):
        return f"{title}'s"
    try:
        shape = idx.read_header(path).shape
    except (OSError, FormatError):
        return "no IDX file, or a damaged one"
    if not shape:
        return "no IDX file, or a damaged one"
    rows = " × ".join(f"{size:,}" for size in shape)
    return f"of no data set known here: {rows} numbers of somebody's own, or damaged"


def _identity(path: Path) -> tuple[Path, int, tuple[int, ...]]:
    status = path.stat()  # a copy may keep the time of change; not that of the entry, nor its number
    return path.absolute(), status.st_size, (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@lru_cache(64)
def _md5s(path: Path, _size: int, _changed: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return _digest(file)


@lru_cache(64)
def _content_md5s(path: Path, size: int, changed: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return _md5s(path, size, changed)
    try:
        header = idx.read_header(path, max_bytes=MAX_UNPACKED)
        with gzip.open(path) as content:
            return _digest(content, header.length + header.nbytes)
    except (FormatError, OSError, EOFError, zlib.error):
        return ""


def _digest(file: BinaryIO | gzip.GzipFile, most: int = MAX_CONTENT) -> str:
    """The MD5 of what a file gives; empty, and no more is read, where that goes on after `most` bytes."""
    digest, done = hashlib.md5(usedforsecurity=False), 0
    while piece := file.read(min(_PIECE, most + 1 - done)):
        digest.update(piece)
        done += len(piece)
        if done > most:
            return ""
    return digest.hexdigest()
