from __future__ import annotations

import contextlib
import errno
import hashlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import linnet
from linnet.data.download import fetch as module
from linnet.data.download.fetch import fetch
from linnet.errors import ChecksumError, DownloadError, UsageError
from tests.support.patience import PATIENCE

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
MD5 = hashlib.md5(CONTENT).hexdigest()
TARGET = Path("folder", "file.gz")
PART = Path("folder", "file.gz.linnet-part")
TIMEOUT = 0.5


class Handler(BaseHTTPRequestHandler):
    """Behave as the path says: `/good`, `/stall`, `/drip` …"""

    @property
    def mirror(self) -> Mirror:
        assert isinstance(self.server, Mirror)
        return self.server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.mirror.asked.append((self.path, self.headers.get("Range")))
        getattr(self, self.path[1:])()

    def head(self, length: int | None, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def offset(self) -> int:
        return int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])

    def head_from(self, offset: int) -> bytes:
        """Answer properly as far as the head; the rest is the body."""
        body = CONTENT[offset:]
        if offset:
            span = f"bytes {offset}-{len(CONTENT) - 1}/{len(CONTENT)}"
            self.head(len(body), 206, Content_Range=span)
        else:
            self.head(len(body))
        return body

    def good(self) -> None:
        if self.offset() >= len(CONTENT):
            self.head(0, 416, Content_Range=f"bytes */{len(CONTENT)}")
        else:
            self.wfile.write(self.head_from(self.offset()))

    def slow_missing(self) -> None:
        time.sleep(0.1)
        self.missing()

    def slow(self) -> None:
        time.sleep(0.1)
        self.good()

    def ignore(self) -> None:
        self.head(len(CONTENT))
        self.wfile.write(CONTENT)

    def unannounced(self) -> None:
        self.head(None)
        self.wfile.write(CONTENT)

    def short(self) -> None:
        body = self.head_from(self.offset())
        self.wfile.write(body[: len(CONTENT) // 2])

    def always_short(self) -> None:
        self.wfile.write(self.head_from(self.offset())[:1000])

    def corrupt(self) -> None:
        self.head(len(CONTENT))
        self.wfile.write(CONTENT[:-1] + b"?")

    def lie_longer(self) -> None:
        self.head(len(CONTENT) + 10)
        self.wfile.write(CONTENT)

    def lie_shorter(self) -> None:
        self.head(len(CONTENT) - 10)
        self.wfile.write(CONTENT)

    def html(self) -> None:
        self.head(len(b"<html>log in</html>"), Content_Type="text/html; charset=utf-8")
        self.wfile.write(b"<html>log in</html>")

    def disguised_html(self) -> None:
        self.head(len(b"<html>log in</html>"), Content_Type="application/gzip")
        self.wfile.write(b"<html>log in</html>")

    def bad_range(self) -> None:
        if self.offset():
            self.head(len(CONTENT), 206, Content_Range=f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.wfile.write(CONTENT)
        else:
            self.good()

    def huge(self) -> None:
        self.head(1 << 40)

    def endless(self) -> None:
        self.head(None)
        while not self.mirror.stopping.is_set():
            self.wfile.write(bytes(1 << 16))

    def silent(self) -> None:
        self.mirror.stopping.wait(5)

    def drip_head(self) -> None:
        self.drip_bytes()

    def stall(self) -> None:
        self.wfile.write(self.head_from(self.offset())[:1000])
        self.mirror.stopping.wait(5)

    def drip(self) -> None:
        self.head(len(CONTENT))
        self.drip_bytes()

    def drip_bytes(self) -> None:
        for _ in range(200):
            self.wfile.write(b"x")
            self.wfile.flush()
            if self.mirror.stopping.wait(0.02):
                break

    def missing(self) -> None:
        self.send_error(404)

    def redirect(self) -> None:
        self.head(0, 302, Location="/good")

    def redirect_to_file(self) -> None:
        self.head(0, 302, Location="file:///etc/passwd")

    def redirect_to_ftp(self) -> None:
        self.head(0, 302, Location="ftp://127.0.0.1/file")

    def nonsense(self) -> None:
        self.wfile.write(b"what \x1b[31mis HTTP?\r\n\r\n")


class Mirror(ThreadingHTTPServer):
    """A local server that remembers what it was asked."""

    daemon_threads = False  # so that closing waits for every handler

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients hang up."""

    def urls(self, *behaviours: str) -> list[str]:
        return [f"http://127.0.0.1:{self.server_port}/{behaviour}" for behaviour in behaviours]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()


SLOW = ("silent", "drip_head", "stall", "drip")
"""What ends by the timeout; all else has the time that a busy machine takes."""


def get(urls: list[str], **options: Any) -> Path:
    is_slow = any(url.rpartition("/")[2] in SLOW for url in urls)
    return fetch(urls, TARGET, MD5, **{"timeout": TIMEOUT if is_slow else PATIENCE, **options})


def put_part(content: bytes) -> None:
    PART.parent.mkdir()
    PART.write_bytes(content)


def assert_whole() -> None:
    assert TARGET.read_bytes() == CONTENT
    assert not PART.exists()


@pytest.mark.parametrize("behaviour", ["good", "redirect", "unannounced"])
def test_a_good_mirror(mirror: Mirror, behaviour: str) -> None:
    assert get(mirror.urls(behaviour)) == TARGET
    assert_whole()
    asked = len(mirror.asked)
    get(mirror.urls(behaviour))
    assert len(mirror.asked) == asked  # it is there


FAULTS = {
    "missing": "HTTP 404",
    "short": None,  # the second attempt ends it
    "always_short": "broke off after 2,000 of 512,000",
    "corrupt": "other content: MD5",
    "lie_longer": "broke off|resume|other content",
    "lie_shorter": "other content",
    "html": "a web page",
    "disguised_html": "other content",
    "huge": "announces",
    "endless": "sends more than 1,000,000",
    "silent": "no answer|timed out",
    "drip_head": "no answer|BadStatusLine|timed out",
    "stall": "stalled",
    "drip": "too slow",
    "redirect_to_file": "file:///etc/passwd. is not allowed",
    "redirect_to_ftp": "neither http nor https",
    "nonsense": "BadStatusLine",
}


@pytest.mark.parametrize("behaviour", [name for name, reason in FAULTS.items() if reason])
def test_a_faulty_mirror_is_given_up_for_the_next(mirror: Mirror, behaviour: str) -> None:
    started = time.monotonic()
    get(mirror.urls(behaviour, "good"), max_bytes=1_000_000)
    assert_whole()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(("behaviour", "reason"), [(name, why) for name, why in FAULTS.items() if why])
def test_when_all_fail_each_reason_is_told(mirror: Mirror, behaviour: str, reason: str) -> None:
    urls = mirror.urls(behaviour, "missing")
    with pytest.raises(DownloadError, match=f"{behaviour}: .*({reason})") as caught:
        get(urls, max_bytes=1_000_000)
    assert str(caught.value).count("\n") == 2
    assert "\x1b" not in str(caught.value)
    assert all(url in str(caught.value) for url in urls)
    assert not TARGET.exists()
    assert not PART.exists() or PART.stat().st_size <= 1_000_000


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DownloadError, match="refused"):
        get([f"http://127.0.0.1:{port}/good"])


@pytest.mark.parametrize("behaviour", ["corrupt", "disguised_html", "lie_shorter", "endless"])
def test_a_part_that_is_wrong_is_deleted(mirror: Mirror, behaviour: str) -> None:
    with pytest.raises(DownloadError):
        get(mirror.urls(behaviour), max_bytes=1_000_000)
    assert not PART.exists()


def test_a_short_body_is_resumed(mirror: Mirror) -> None:
    get(mirror.urls("short"))
    assert_whole()
    assert mirror.asked == [("/short", None), ("/short", "bytes=256000-")]


def test_a_stalled_body_is_resumed_from_the_next_mirror(mirror: Mirror) -> None:
    get(mirror.urls("stall", "good"))
    assert_whole()
    assert mirror.asked == [("/stall", None), ("/good", "bytes=1000-")]


def test_a_part_of_an_earlier_run_is_resumed(mirror: Mirror) -> None:
    with pytest.raises(DownloadError):
        get(mirror.urls("always_short"))
    assert PART.read_bytes() == CONTENT[:2000]
    get(mirror.urls("good"))
    assert_whole()
    assert mirror.asked[-1] == ("/good", "bytes=2000-")


def test_a_server_that_ignores_range_starts_anew(mirror: Mirror) -> None:
    put_part(CONTENT[:1000])
    get(mirror.urls("ignore"))
    assert_whole()
    assert mirror.asked == [("/ignore", "bytes=1000-")]


@pytest.mark.parametrize(
    ("part", "behaviour"),
    [
        (CONTENT[:1000], "bad_range"),
        (b"?" * 1000, "good"),  # resumed, found wrong, then had anew
        (CONTENT + b"?", "good"),  # 416
        (b"?" * len(CONTENT), "good"),  # 416
    ],
)
def test_a_useless_part_is_thrown_away(mirror: Mirror, part: bytes, behaviour: str) -> None:
    put_part(part)
    get(mirror.urls(behaviour))
    assert_whole()
    assert mirror.asked == [(f"/{behaviour}", f"bytes={len(part)}-"), (f"/{behaviour}", None)]


def test_a_whole_part_needs_no_mirror(mirror: Mirror) -> None:
    put_part(CONTENT)
    get(mirror.urls("good"))
    assert_whole()
    assert mirror.asked == []


def make_file() -> None:
    TARGET.write_bytes(b"mine")


@pytest.mark.parametrize(
    "make", [make_file, TARGET.mkdir, lambda: TARGET.symlink_to("nowhere"), lambda: TARGET.symlink_to("..")]
)
def test_what_is_there_is_never_replaced(mirror: Mirror, make: Callable[[], None]) -> None:
    TARGET.parent.mkdir()
    make()
    before = TARGET.lstat()
    with pytest.raises(ChecksumError, match="was left as it is"):
        get(mirror.urls("good"))
    assert TARGET.lstat() == before
    assert list(TARGET.parent.iterdir()) == [TARGET]
    assert mirror.asked == []


def test_a_file_that_appears_meanwhile_is_not_replaced(mirror: Mirror) -> None:
    def appear(done: int, total: int | None) -> None:
        make_file()

    with pytest.raises(ChecksumError, match="MD5"):
        get(mirror.urls("good"), progress=appear)
    assert TARGET.read_bytes() == b"mine"


def test_nor_is_one_that_appears_at_the_very_last(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    look = module._is_there

    def put_after(job: Any) -> bool:
        found = look(job)
        if PART.is_file() and not TARGET.exists():  # just before it takes its place
            TARGET.write_bytes(b"somebody's")
        return found

    monkeypatch.setattr(module, "_is_there", put_after)
    with pytest.raises(ChecksumError, match="was left as it is"):
        get(mirror.urls("good"))
    assert TARGET.read_bytes() == b"somebody's"


def test_somebody_elses_part_is_not_gone_on_with(mirror: Mirror) -> None:
    TARGET.parent.mkdir()
    theirs = TARGET.with_name("file.gz.part")
    theirs.write_bytes(b"theirs")
    get(mirror.urls("good"))
    assert theirs.read_bytes() == b"theirs"
    assert_whole()


@pytest.mark.parametrize("behaviour", ["good", "corrupt", "missing", "short"])
def test_nothing_stays_but_the_file(mirror: Mirror, behaviour: str) -> None:
    with contextlib.suppress(DownloadError):
        get(mirror.urls(behaviour))
    there = list(Path().rglob("*"))
    assert there == ([TARGET.parent, TARGET] if behaviour in ("good", "short") else [])


def test_a_kill_leaves_no_lock_and_the_next_goes_on(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(linnet.__file__).parents[1]))
    process = subprocess.Popen(downloading(mirror, "stall", "60"))
    while not PART.exists() or not PART.stat().st_size:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert list(TARGET.parent.iterdir()) == [PART]
    get(mirror.urls("good"))
    assert list(TARGET.parent.iterdir()) == [TARGET]
    assert mirror.asked[-1] == ("/good", "bytes=1000-")


def test_progress(mirror: Mirror) -> None:
    calls: list[tuple[int, int | None]] = []
    put_part(CONTENT[:1000])
    get(mirror.urls("good"), progress=lambda done, total: calls.append((done, total)))
    assert calls[0][0] > 1000
    assert calls == sorted(calls)
    assert calls[-1] == (len(CONTENT), len(CONTENT))
    assert {total for _, total in calls} == {len(CONTENT)}


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "data:,x", "file.gz"])
def test_only_web_addresses(url: str) -> None:
    with pytest.raises(UsageError, match="http"):
        get([url])
    assert not TARGET.parent.exists()


def test_threads_download_once(mirror: Mirror) -> None:
    threads = [threading.Thread(target=get, args=[mirror.urls("slow")]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_whole()
    assert len(mirror.asked) == 1


def downloading(mirror: Mirror, behaviour: str, timeout: str) -> list[str]:
    """The command of a process that downloads."""
    code = (
        "import sys, pathlib; from linnet.data.download.fetch import fetch\n"
        f"fetch(sys.argv[2:], pathlib.Path({str(TARGET)!r}), {MD5!r}, timeout=float(sys.argv[1]))"
    )
    return [sys.executable, "-W", "error", "-c", code, timeout, *mirror.urls(behaviour)]


def test_processes_download_once(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(linnet.__file__).parents[1]))
    processes = [subprocess.Popen(downloading(mirror, "slow", "5")) for _ in range(2)]
    assert [process.wait(PATIENCE) for process in processes] == [0, 0]
    assert_whole()
    assert len(mirror.asked) == 1
    assert list(TARGET.parent.iterdir()) == [TARGET]


def test_who_waits_goes_on_after_the_first_failed_and_its_folder_is_gone(mirror: Mirror) -> None:
    ended: list[object] = []

    def waiting() -> None:
        with contextlib.suppress(DownloadError):
            ended.append(get(mirror.urls("slow")))

    def failing() -> None:
        with contextlib.suppress(DownloadError):
            ended.append(get(mirror.urls("slow_missing")))

    first, second = threading.Thread(target=failing), threading.Thread(target=waiting)
    first.start()
    while not mirror.asked:
        time.sleep(0.005)
    second.start()
    first.join()
    second.join()
    assert ended == [TARGET]
    assert_whole()


def test_a_file_system_without_links_has_it_renamed(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(module.os, "link", refuse)
    get(mirror.urls("good"))
    assert_whole()
    assert list(TARGET.parent.iterdir()) == [TARGET]


def test_a_failed_rename_leaves_the_part(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "link", fail)  # as file systems without links do
        patch.setattr(module.os, "replace", fail)
        with pytest.raises(OSError, match="I/O error"):
            get(mirror.urls("good"))
    assert list(TARGET.parent.iterdir()) == [PART]
    get(mirror.urls("good"))
    assert_whole()
    assert len(mirror.asked) == 1  # the part was whole


def test_a_full_disk_is_no_fault_of_the_mirror(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", fail)
        with pytest.raises(OSError, match="No space"):
            get(mirror.urls("good", "good"))
    assert len(mirror.asked) == 1
    assert not TARGET.exists()
    get(mirror.urls("good"))
    assert_whole()


def test_an_interrupt_keeps_the_part(mirror: Mirror) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(mirror.urls("good"), progress=interrupt)
    kept = PART.read_bytes()
    assert kept
    assert CONTENT.startswith(kept)
    get(mirror.urls("good"))
    assert_whole()
    assert mirror.asked[-1] == ("/good", f"bytes={len(kept)}-")


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_each_checksum_is_checked(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    assert fetch(["http://127.0.0.1:9/file"], path, right.upper()) == path
    with pytest.raises(ChecksumError, match=algorithm.upper()):
        fetch(["http://127.0.0.1:9/file"], path, right[::-1])


def test_what_is_no_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checksum"):
        fetch(["http://127.0.0.1:9/file"], tmp_path / "file", "abc")
