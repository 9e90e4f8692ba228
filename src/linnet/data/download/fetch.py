"""One file from several mirrors: resumed, checked, and whole or absent.

Bytes gather in `NAME.linnet-part`, which survives a failure so that the next attempt goes on from there. Only
when its checksum is right does it become `NAME`, and only where there is no other `NAME`: a download never
replaces a file. Of two processes the second waits for the first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock

from linnet import files
from linnet.data.download.mirror import (
    ALGORITHMS,
    AgainError,
    MirrorError,
    Progress,
    Transfer,
    attempt,
    is_right,
)
from linnet.errors import ChecksumError, DownloadError, UsageError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None

MAX_BYTES = 1 << 30
MIN_RATE = 1024
_ATTEMPTS = 2  # the second resumes a short body, or starts anew after a useless part


def fetch(
    urls: Sequence[str],
    path: Path,
    checksum: str,
    *,
    timeout: float = 5.0,
    progress: Progress | None = None,
    max_bytes: int = MAX_BYTES,
    min_rate: float = MIN_RATE,
) -> Path:
    """Have the file at `path`: as it is when its checksum is right, else from the first mirror that gives it.

    Another file that is there stays as it is, and is an error.

    Args:
        urls: the file's addresses, http or https, tried in turn.
        path: where it goes; the folder is made when missing.
        checksum: the file's MD5, SHA-1 or SHA-256, told apart by their length, in hexadecimal digits.
        timeout: seconds without a byte, or twice as many without an answer, that end an attempt.
        progress: called with the bytes that are there and the bytes in all, None when unknown.
        max_bytes: a file that is longer is refused.
        min_rate: bytes a second, over any `timeout` seconds, below which a mirror is given up.

    Returns:
        `path`.

    Raises:
        ChecksumError: another file is there.
        DownloadError: no mirror gave the file; the message has each one's reason.
        UsageError: an address is not http or https, or the checksum is none.
        OSError: the folder cannot be written or the disk is full; what came is kept beside it.
    """
    for url in urls:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(
                f"cannot download {url!r}: expected an address that begins with http:// or https://"
            )
    if len(checksum) not in ALGORITHMS:
        raise UsageError(
            f"{checksum!r} is no checksum: expected an MD5, SHA-1 or SHA-256 in hexadecimal digits"
        )
    job = Transfer(Path(path), checksum.lower(), timeout, progress, max_bytes, min_rate)
    if _is_there(job):  # before the lock: the folder may be one that cannot be written
        return job.path
    folder = job.path.parent
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with _alone_in(folder), _removing_if_empty(missing):
        if not _is_there(job):
            _from_mirrors(urls, job)
    return job.path


def _is_there(job: Transfer) -> bool:
    """Whether the file is where it should be.

    Raises:
        ChecksumError: something else is.
    """
    if not os.path.lexists(job.path):
        return False
    if is_right(job.path, job.checksum):
        return True
    raise ChecksumError(
        f"{job.path} is another file ({_describe(job)}, expected {job.checksum}) and was left as it is: a "
        "download never replaces a file. Move it away, or choose another folder"
    )


def _describe(job: Transfer) -> str:
    """The checksum of what is there."""
    algorithm = ALGORITHMS[len(job.checksum)]
    if not job.path.is_file():
        return "no plain file"
    return f"{algorithm.upper()} {files.hexdigest(job.path, algorithm)}"


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread holds the folder, and hold it, by a lock on the folder itself.

    A lock file would stay behind after a kill, in a folder that is somebody's. The folder's own lock leaves
    nothing, and the system takes it back when the process ends, however it ends.

    Args:
        folder: is made where it is missing; one that is there need not be writable.

    Raises:
        OSError: the folder cannot be made or read.
    """
    descriptor = _hold(folder)
    if descriptor is None:  # by a lock file in the system's temporary folder
        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        with FileLock(Path(tempfile.gettempdir(), f"linnet-{name}.lock")):
            yield
        return
    try:
        yield
    finally:
        os.close(descriptor)  # gives the lock back


def _hold(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None where the system locks no folders."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        if fcntl is None:  # pragma: no cover - Windows
            return None
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # some network file systems
            os.close(descriptor)
            return None
        with contextlib.suppress(OSError):
            if os.path.samestat(folder.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)  # who held it before has removed the folder


@contextlib.contextmanager
def _removing_if_empty(folders: Sequence[Path]) -> Iterator[None]:
    """Leave no empty folders behind where the block fails; the innermost comes first."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for folder in folders:
                folder.rmdir()
        raise


def _from_mirrors(urls: Sequence[str], job: Transfer) -> None:
    if is_right(job.part, job.checksum):  # an earlier process ended between the last byte and the rename
        return _finish(job)
    reasons: list[str] = []
    for url in urls:
        try:
            return _from_mirror(url, job)
        except MirrorError as error:
            reasons.append(f"  {url}: {_one_line(str(error))}")
    raise DownloadError("\n".join([f"no mirror gave {job.path.name}:", *reasons]))


def _one_line(text: str) -> str:
    """What a server wrote, fit for a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:300]


def _from_mirror(url: str, job: Transfer) -> None:
    for number in range(1, _ATTEMPTS + 1):
        try:
            attempt(url, job)
            return _finish(job)
        except AgainError:
            if number == _ATTEMPTS:
                raise


def _finish(job: Transfer) -> None:
    _is_there(job)  # somebody may have put another file there meanwhile
    try:
        os.link(job.part, job.path)  # which replaces nothing, be it put there now
    except FileExistsError:
        _is_there(job)
    except OSError:  # a file system without links
        os.replace(job.part, job.path)
    job.part.unlink(missing_ok=True)
    files.sync_folder(job.path.parent)
