"""One file from several mirrors: resumed, checked, and whole or absent.

Bytes gather in `NAME.linnet-part`, which survives a failure so that the next attempt goes on from there. Only
when its checksum is right does it become `NAME`, and only where there is no other `NAME`: a download never
replaces a file. Of two processes the second waits for the first.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from linnet import files
from linnet.data.download.lock import alone_in
from linnet.errors import ChecksumError, DownloadError, UsageError

Progress = Callable[[int, int | None], None]

ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
"""By the number of hexadecimal digits."""

PART = ".linnet-part"
"""What the name of a file that is not whole yet ends in: no other program's files are called so."""

MAX_BYTES = 1 << 30
MIN_RATE = 1024
_PIECE = 1 << 16
_ATTEMPTS = 2  # the second resumes a short body, or starts anew after a useless part


class _MirrorError(Exception):
    """A mirror did not give the file; the next may."""


class _AgainError(_MirrorError):
    """… but a second attempt at it may do better."""


@dataclass(frozen=True)
class _Fetch:
    """What `fetch` was asked for."""

    path: Path
    checksum: str
    timeout: float
    progress: Progress | None
    max_bytes: int
    min_rate: float

    @property
    def part(self) -> Path:
        """Where the bytes gather."""
        return self.path.with_name(self.path.name + PART)


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
        _check_scheme(url)
    if len(checksum) not in ALGORITHMS:
        raise UsageError(
            f"{checksum!r} is no checksum: expected an MD5, SHA-1 or SHA-256 in hexadecimal digits"
        )
    job = _Fetch(Path(path), checksum.lower(), timeout, progress, max_bytes, min_rate)
    if _is_there(job):  # before the lock: the folder may be one that cannot be written
        return job.path
    folder = job.path.parent
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    with alone_in(folder), _removing_if_empty(missing):
        if not _is_there(job):
            _from_mirrors(urls, job)
    return job.path


def _is_there(job: _Fetch) -> bool:
    """Whether the file is where it should be.

    Raises:
        ChecksumError: something else is.
    """
    if not os.path.lexists(job.path):
        return False
    if _is_right(job.path, job.checksum):
        return True
    raise ChecksumError(
        f"{job.path} is another file ({_found(job)}, expected {job.checksum}) and was left as it is: a "
        "download never replaces a file. Move it away, or choose another folder"
    )


def _found(job: _Fetch) -> str:
    """The checksum of what is there."""
    algorithm = ALGORITHMS[len(job.checksum)]
    if not job.path.is_file():
        return "no plain file"
    return f"{algorithm.upper()} {files.hexdigest(job.path, algorithm)}"


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


def _from_mirrors(urls: Sequence[str], job: _Fetch) -> None:
    if _is_right(job.part, job.checksum):  # an earlier process ended between the last byte and the rename
        return _finish(job)
    reasons: list[str] = []
    for url in urls:
        try:
            return _from_mirror(url, job)
        except _MirrorError as error:
            reasons.append(f"  {url}: {_one_line(str(error))}")
    raise DownloadError("\n".join([f"no mirror gave {job.path.name}:", *reasons]))


def _one_line(text: str) -> str:
    """What a server wrote, fit for a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:300]


def _from_mirror(url: str, job: _Fetch) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _attempt(url, job)
        except _AgainError:
            if attempt == _ATTEMPTS:
                raise


def _attempt(url: str, job: _Fetch) -> None:
    offset = job.part.stat().st_size if job.part.is_file() else 0
    with _open(url, offset, job) as response:
        start, total = _extent(response, offset, job)
        _receive(response, start, total, job)
    if _is_right(job.part, job.checksum):
        return _finish(job)
    algorithm = ALGORITHMS[len(job.checksum)]
    got = files.hexdigest(job.part, algorithm)
    job.part.unlink()
    kind = _AgainError if start else _MirrorError  # what was resumed may have been bad from before
    raise kind(f"sent other content: {algorithm.upper()} {got}, expected {job.checksum}")


def _open(url: str, offset: int, job: _Fetch) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "linnet"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        return _answer(request, job.timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            job.part.unlink()
            raise _AgainError(f"cannot resume at byte {offset}") from None
        raise _MirrorError(f"HTTP {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _MirrorError(str(error.reason)) from None
    except (FutureTimeoutError, TimeoutError):
        raise _MirrorError(f"no answer in {2 * job.timeout:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(f"{type(error).__name__}: {error}") from None


def _answer(request: urllib.request.Request, timeout: float) -> http.client.HTTPResponse:
    """Open the request in a thread: no timeout of the socket bounds name look-up or dripping headers."""
    future: Future[http.client.HTTPResponse] = Future()

    def ask() -> None:
        try:
            future.set_result(urllib.request.build_opener(_WebRedirects).open(request, timeout=timeout))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return future.result(2 * timeout)
    except FutureTimeoutError:
        future.add_done_callback(_discard)
        raise


def _discard(future: Future[http.client.HTTPResponse]) -> None:
    """Close an answer that came too late."""
    answer = future.exception() or future.result()
    if isinstance(answer, http.client.HTTPResponse | urllib.error.HTTPError):
        answer.close()


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            fp.close()
            raise urllib.error.URLError(f"redirects to {newurl}, which is neither http nor https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _extent(response: http.client.HTTPResponse, offset: int, job: _Fetch) -> tuple[int, int | None]:
    """Where the body starts in the file, and the file's length when the server tells it."""
    if response.headers.get_content_type() == "text/html" and job.path.suffix not in (".html", ".htm"):
        raise _MirrorError("sent a web page, not the file")
    if response.status == 206:
        start, total = _resumed(response, offset, job)
    elif response.status == 200:
        start, total = 0, response.length
    else:
        raise _MirrorError(f"HTTP {response.status} {response.reason}")
    if total is not None and total > job.max_bytes:
        raise _MirrorError(f"announces {total:,} bytes: expected at most {job.max_bytes:,}")
    return start, total


def _resumed(response: http.client.HTTPResponse, offset: int, job: _Fetch) -> tuple[int, int | None]:
    given = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", given.strip())
    if not offset or match is None or int(match[1]) != offset:
        job.part.unlink(missing_ok=True)
        raise _AgainError(f"answered bytes from {offset} with Content-Range {given!r}")
    if match[3] != "*":
        return offset, int(match[3])
    return offset, None if response.length is None else offset + response.length


def _receive(response: http.client.HTTPResponse, start: int, total: int | None, job: _Fetch) -> None:
    """Write the body at `start`, flushed to disk whatever happens."""
    with job.part.open("ab" if start else "wb") as file:
        try:
            done = _copy(response, file, start, total, job)
        finally:
            file.flush()
            os.fsync(file.fileno())
    if done > job.max_bytes:
        job.part.unlink()
        raise _MirrorError(f"sends more than {job.max_bytes:,} bytes")
    if total is not None and done < total:
        raise _AgainError(f"broke off after {done:,} of {total:,} bytes")


def _copy(
    response: http.client.HTTPResponse, file: IO[bytes], done: int, total: int | None, job: _Fetch
) -> int:
    """Copy until the body ends or passes the limit; the file's length then."""
    pace = _Pace(job.timeout, job.min_rate)
    while done <= job.max_bytes and (piece := _read(response, job)):
        file.write(piece)
        file.flush()  # what has come is kept, should the process be killed
        done += len(piece)
        if job.progress:
            job.progress(done, total)
        pace.check(len(piece))
    return done


def _read(response: http.client.HTTPResponse, job: _Fetch) -> bytes:
    try:
        return response.read1(_PIECE)
    except TimeoutError:
        raise _MirrorError(f"stalled for {job.timeout:g} s") from None
    except http.client.IncompleteRead:
        raise _AgainError("broke off in mid-body") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _AgainError(f"broke off: {type(error).__name__}: {error}") from None


class _Pace:
    """Give a mirror up that sends, but next to nothing.

    Args:
        window: seconds over which the rate is taken.
        least: bytes a second.
    """

    def __init__(self, window: float, least: float) -> None:
        self._window, self._least = window, least
        self._since, self._bytes = time.monotonic(), 0

    def check(self, count: int) -> None:
        """Count bytes, and judge when a window is over."""
        self._bytes += count
        passed = time.monotonic() - self._since
        if passed < self._window:
            return
        if self._bytes < self._least * passed:
            raise _MirrorError(f"too slow: {self._bytes / passed:.0f} bytes/s of at least {self._least:g}")
        self._since, self._bytes = time.monotonic(), 0


def _finish(job: _Fetch) -> None:
    _is_there(job)  # somebody may have put another file there meanwhile
    os.replace(job.part, job.path)
    files.sync_folder(job.path.parent)


def _is_right(path: Path, checksum: str) -> bool:
    return path.is_file() and files.hexdigest(path, ALGORITHMS[len(checksum)]) == checksum


def _check_scheme(url: str) -> None:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"cannot download {url!r}: expected an address that begins with http:// or https://")
