"""One attempt at a file from one mirror: resumed, bounded in time and length, checked."""

from __future__ import annotations

import http.client
import os
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from linnet import files

Progress = Callable[[int, int | None], None]

ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
"""By the number of hexadecimal digits."""

PART = ".linnet-part"
"""What the name of a file that is not whole yet ends in: no other program's files are called so."""

_PIECE = 1 << 16


class MirrorError(Exception):
    """A mirror did not give the file; the next may."""


class AgainError(MirrorError):
    """… but a second attempt at it may do better."""


@dataclass(frozen=True)
class Transfer:
    """A file to transfer, and its bounds: see `fetch`."""

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


def attempt(url: str, job: Transfer) -> None:
    """Bring the part of a file up to all of it; it is whole and right afterwards.

    Raises:
        MirrorError: the mirror did not give the file.
        AgainError: a second attempt may do better.
        OSError: it cannot be written.
    """
    offset = job.part.stat().st_size if job.part.is_file() else 0
    with _open(url, offset, job) as response:
        start, total = _extent(response, offset, job)
        _receive(response, start, total, job)
    if is_right(job.part, job.checksum):
        return
    algorithm = ALGORITHMS[len(job.checksum)]
    got = files.hexdigest(job.part, algorithm)
    job.part.unlink()
    kind = AgainError if start else MirrorError  # what was resumed may have been bad from before
    raise kind(f"sent other content: {algorithm.upper()} {got}, expected {job.checksum}")


def _open(url: str, offset: int, job: Transfer) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "linnet"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        return _answer(request, job.timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            job.part.unlink()
            raise AgainError(f"cannot resume at byte {offset}") from None
        raise MirrorError(f"HTTP {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise MirrorError(str(error.reason)) from None
    except (FutureTimeoutError, TimeoutError):
        raise MirrorError(f"no answer in {2 * job.timeout:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MirrorError(f"{type(error).__name__}: {error}") from None


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


def _extent(response: http.client.HTTPResponse, offset: int, job: Transfer) -> tuple[int, int | None]:
    """Where the body starts in the file, and the file's length when the server tells it."""
    if response.headers.get_content_type() == "text/html" and job.path.suffix not in (".html", ".htm"):
        raise MirrorError("sent a web page, not the file")
    if response.status == 206:
        start, total = _check_range(response, offset, job)
    elif response.status == 200:
        start, total = 0, response.length
    else:
        raise MirrorError(f"HTTP {response.status} {response.reason}")
    if total is not None and total > job.max_bytes:
        raise MirrorError(f"announces {total:,} bytes: expected at most {job.max_bytes:,}")
    return start, total


def _check_range(response: http.client.HTTPResponse, offset: int, job: Transfer) -> tuple[int, int | None]:
    given = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", given.strip())
    if not offset or match is None or int(match[1]) != offset:
        job.part.unlink(missing_ok=True)
        raise AgainError(f"answered bytes from {offset} with Content-Range {given!r}")
    if match[3] != "*":
        return offset, int(match[3])
    return offset, None if response.length is None else offset + response.length


def _receive(response: http.client.HTTPResponse, start: int, total: int | None, job: Transfer) -> None:
    """Write the body at `start`, flushed to disk whatever happens."""
    with job.part.open("ab" if start else "wb") as file:
        try:
            done = _copy(response, file, start, total, job)
        finally:
            file.flush()
            os.fsync(file.fileno())
    if done > job.max_bytes:
        job.part.unlink()
        raise MirrorError(f"sends more than {job.max_bytes:,} bytes")
    if total is not None and done < total:
        raise AgainError(f"broke off after {done:,} of {total:,} bytes")


def _copy(
    response: http.client.HTTPResponse, file: IO[bytes], done: int, total: int | None, job: Transfer
) -> int:
    """Copy until the body ends or passes the limit; the file's length then.

    A mirror that sends, but next to nothing over `job.timeout` seconds, is given up.
    """
    since, before = time.monotonic(), done
    while done <= job.max_bytes and (piece := _read(response, job)):
        file.write(piece)
        file.flush()  # what has come is kept, should the process be killed
        done += len(piece)
        if job.progress:
            job.progress(done, total)
        if (passed := time.monotonic() - since) >= job.timeout:
            if (rate := (done - before) / passed) < job.min_rate:
                raise MirrorError(f"too slow: {rate:.0f} bytes/s of at least {job.min_rate:g}")
            since, before = time.monotonic(), done
    return done


def _read(response: http.client.HTTPResponse, job: Transfer) -> bytes:
    try:
        return response.read1(_PIECE)
    except TimeoutError:
        raise MirrorError(f"stalled for {job.timeout:g} s") from None
    except http.client.IncompleteRead:
        raise AgainError("broke off in mid-body") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AgainError(f"broke off: {type(error).__name__}: {error}") from None


def is_right(path: Path, checksum: str) -> bool:
    """Whether a file is there and has the checksum."""
    return path.is_file() and files.hexdigest(path, ALGORITHMS[len(checksum)]) == checksum
