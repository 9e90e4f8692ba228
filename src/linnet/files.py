"""Files that are whole or absent: written aside, flushed, renamed, the folder synced.

A kill, a full disk or an I/O error at any instant leaves the old file or the new one. What can
be left over is a temporary file, `.NAME.<random>.tmp`, which the next write in that folder removes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from linnet.errors import UsageError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk that is full, or of which a user has no more."""

_CHUNK = 1 << 20
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.(tmp|new)")

MARKS = (
    b"Software\0linnet",  # PNG
    b"<dc:title>linnet</dc:title>",  # SVG
    b'content="linnet report"',  # HTML
    b"Written by linnet",  # exports as programs
    b"\x12\x06linnet",  # ONNX: the name of its producer
    b"linnet.linear/",  # safetensors
    b"linnet.model/",
    b"linnet.checkpoint/",
    b"linnet.sweep/",  # runs and sweeps
    b'"linnet": "',  # the versions in JSON
)
"""What files that linnet makes have near their beginning or end."""

_SEARCHED = 1 << 20
"""Bytes from either end in which a mark is looked for."""


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place when the block ends well.

    Args:
        path: the file to write; its folder is made when missing.

    Yields:
        A binary file object. If the block raises, `path` is left as it was.

    Raises:
        OSError: the folder or file cannot be written, the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(path.parent)
    file, aside = _open_aside(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name != "nt":
                os.replace(aside, path)
        if os.name == "nt":  # which cannot rename an open file
            os.replace(aside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
            error.filename = str(path)  # writing to an open file does not say which
        raise
    sync_folder(path.parent)


def _open_aside(path: Path) -> tuple[BinaryIO, Path]:
    """A new temporary file beside another, locked while it is open: it is not what a kill left behind."""
    while True:
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        file = aside.open("xb")
        with contextlib.suppress(OSError):  # where nobody can lock, nobody sweeps either
            _lock(file, wait=True)
        if aside.exists():
            return file, aside
        file.close()  # another process swept it away before it was locked


def write(path: Path | str, content: bytes | str) -> None:
    """Replace the file at `path` by `content` (text as UTF-8), whole or not at all.

    Raises:
        OSError: as `replacing` does.
    """
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def is_ours(path: Path) -> bool:
    """Whether a file bears one of the marks of what linnet makes."""
    return has_mark(path, MARKS)


def has_mark(path: Path, marks: Sequence[bytes]) -> bool:
    """Whether one of these is near a file's beginning or end."""
    with path.open("rb") as file:
        head = file.read(_SEARCHED)
        file.seek(max(len(head), path.stat().st_size - _SEARCHED))
        tail = file.read(_SEARCHED)
    return any(mark in head or mark in tail for mark in marks)


def check_free(path: Path) -> None:
    """Refuse to write where anything is already, be it ours.

    Raises:
        UsageError: something is.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already and stays as it is: give another name, or move it away")


def check_replaceable(path: Path | str, advice: str = "give another --out (out=)") -> None:
    """Refuse to put a file where somebody else's is.

    Args:
        path: of the file to be written; nothing may be there, or a file that linnet made.
        advice: what to do instead.

    Raises:
        UsageError: another file is there, or a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder: give a file's name")
    if path.is_file() and path.stat().st_size and not is_ours(path):
        raise UsageError(
            f"{path} is there and was not made by linnet, so it stays: {advice}, or move it away"
        )


def check_folder(folder: Path | str, names: Sequence[str], signs: Sequence[str]) -> None:
    """Refuse to leave files in a folder that has others of these names.

    Args:
        folder: where to.
        names: of the files to be written.
        signs: files whose mark shows that the folder is linnet's, so that files without a mark are, too.

    Raises:
        UsageError: one of the files is there, and the folder is somebody else's.
    """
    places = [Path(folder) / name for name in signs]
    if any(place.is_file() and is_ours(place) for place in places):
        return
    if there := [name for name in (*signs, *names) if (Path(folder) / name).exists()]:
        raise UsageError(
            f"{folder} holds {there[0]}, which linnet did not make, so it stays: give another folder"
        )


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporaries(folder: Path) -> None:
    """Remove what an earlier process, killed while writing, left in `folder`; what is being written stays."""
    for leftover in folder.glob(".*.tmp"):
        if is_temporary(leftover):
            with contextlib.suppress(OSError), leftover.open("rb") as file:
                _lock(file)
                leftover.unlink()


def _lock(file: BinaryIO, *, wait: bool = False) -> None:
    """Lock an open file; Windows needs none, where an open file cannot be removed.

    Raises:
        OSError: somebody else has it, or the file system knows no locks.
    """
    if os.name != "nt":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_temporary(path: Path) -> bool:
    """Whether a file's name is one that `replacing` gives, and nobody else."""
    return _TEMPORARY.fullmatch(path.name) is not None


def hexdigest(path: Path, algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file, read in pieces."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
