"""Fetching a file of known MD5 from mirrors: resumed, bounded, locked, whole or not at all."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from linnet import files
from linnet.errors import DownloadError

Progress = Callable[[int, int | None], None]

CHUNK = 1 << 16
TIMEOUT = 5.0
"""Seconds to wait for a connection or for the next bytes."""

LEAST_RATE = 1024
"""Bytes a second, over `PATIENCE`, under which a mirror is given up."""

PATIENCE = 20.0
MAX_BYTES = 256 << 20


class _RefusalError(Exception):
    """Why one mirror did not do."""


def fetch(
    urls: Sequence[str],
    path: Path,
    md5: str,
    *,
    timeout: float = TIMEOUT,
    patience: float = PATIENCE,
    max_bytes: int = MAX_BYTES,
    progress: Progress | None = None,
) -> Path:
    """Fetch a file from the first mirror that gives it rightly.

    What has come stays in `NAME.part` and is gone on with at the next mirror or the next call. A second
    process waits for the first and finds the file there.

    Args:
        urls: the mirrors, http or https, in the order to try.
        path: where the file goes.
        md5: what it must have.
        timeout: seconds to wait for a connection or for bytes.
        patience: seconds after which a mirror slower than `LEAST_RATE` is given up.
        max_bytes: refuse more than that.
        progress: called with the bytes there and, when known, in all.

    Returns:
        `path`.

    Raises:
        DownloadError: no mirror did; the message has each one's reason.
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(path.name + ".lock")):
        if path.is_file() and files.hexdigest(path, "md5") == md5:
            return path
        reasons = []
        for url in urls:
            try:
                return _from_mirror(url, path, md5, timeout, patience, max_bytes, progress)
            except (_RefusalError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
                if isinstance(error, OSError) and error.filename is not None:
                    raise  # the disk's fault, not the mirror's
                reasons.append(f"  {url}: {getattr(error, 'reason', None) or error or type(error).__name__}")
    raise DownloadError(f"{path.name} could not be downloaded:\n" + "\n".join(reasons))


def _from_mirror(
    url: str, path: Path, md5: str, timeout: float, patience: float, max_bytes: int, progress: Progress | None
) -> Path:
    """Fetch from one mirror, trying once more from the start if what was resumed did not fit."""
    part = path.with_name(path.name + ".part")
    resumed = part.is_file() and part.stat().st_size > 0
    _receive(url, part, timeout, patience, max_bytes, progress)
    digest = files.hexdigest(part, "md5")
    if digest == md5:
        _fsync(part)
        os.replace(part, path)
        files.sync_folder(path.parent)
        return path
    part.unlink()
    if resumed:  # the first part may have been another file's
        return _from_mirror(url, path, md5, timeout, patience, max_bytes, progress)
    raise _RefusalError(f"gave another file (MD5 {digest}, expected {md5})")


def _receive(
    url: str, part: Path, timeout: float, patience: float, max_bytes: int, progress: Progress | None
) -> None:
    """Bring `part` to its full length from one mirror."""
    if not url.startswith(("http://", "https://")):
        raise _RefusalError("only http and https are used")
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            if error.code == 416 and have:
                return  # nothing is left to send: the checksum decides
            raise _RefusalError(f"answered {error.code} {error.reason}") from None
    with response:
        if have and not _continues(response, have):
            have = 0
        total = _total(response, have)
        if total is not None and total > max_bytes:
            raise _RefusalError(f"announced {total:,} bytes, more than {max_bytes:,}")
        with part.open("ab" if have else "wb") as file:
            for size in _copy(response, file, have, patience, max_bytes):
                have = size
                if progress:
                    progress(have, total)
    if total is not None and have < total:
        raise _RefusalError(f"closed after {have:,} of {total:,} bytes")


def _copy(
    response: http.client.HTTPResponse, file: BinaryIO, have: int, patience: float, max_bytes: int
) -> Iterator[int]:
    """Write what comes, yielding the length so far."""
    started, came = time.monotonic(), 0
    while piece := response.read1(CHUNK):
        came += len(piece)
        if have + came > max_bytes:
            raise _RefusalError(f"sent more than {max_bytes:,} bytes")
        waited = time.monotonic() - started
        if waited > patience and came / waited < LEAST_RATE:
            raise _RefusalError(f"sent {came:,} bytes in {waited:.0f} s")
        file.write(piece)
        yield have + came


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    """Whether the answer goes on from where we are."""
    span = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return response.status == 206 and span is not None and int(span[1]) == have


def _total(response: http.client.HTTPResponse, have: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return have + int(length) if length.isdigit() else None


def _fsync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
