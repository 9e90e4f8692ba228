"""Files that are whole or absent: written aside, flushed, renamed, the folder synced.

A kill, a full disk or an I/O error at any instant leaves the old file or the new one. What can
be left over is a temporary file, `.NAME.<random>.tmp`, which `sweep_temporaries` removes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20


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
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def write(path: Path | str, content: bytes | str) -> None:
    """Replace the file at `path` by `content` (text as UTF-8), whole or not at all.

    Raises:
        OSError: as `replacing` does.
    """
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


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
    """Remove what an earlier process, killed while writing, left in `folder`."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def hexdigest(path: Path, algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file, read in pieces."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
