"""Slow, odd and many clients, over real connections of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from linnet.web import connection, places
from linnet.web.connection import Crowd, protocol
from linnet.web.places import Places
from tests.support.patience import PATIENCE, until

MOST = 40
"""Connections of the server."""


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body; at /slow only after a while, at /unread without reading it."""
    if scope["type"] != "http":
        return
    content, more = b"", scope["path"] != "/unread"
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/slow":
        await GO.wait()
    await PlainTextResponse(content or b"none")(scope, receive, send)


GO: asyncio.Event


@contextmanager
def serving(most: int = MOST) -> Iterator[tuple[int, Places]]:
    """The echo on a port, and its places."""
    global GO
    kept = Places(most)
    config = uvicorn.Config(
        Crowd(echo, frozenset({"/healthz"})), http=protocol(kept), log_config=None, lifespan="off", ws="none"
    )
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0), backlog=2048)

    async def run() -> None:
        global GO
        GO = asyncio.Event()
        await server.serve([listener])

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        until(lambda: server.started)
        yield listener.getsockname()[1], kept
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE)
        gc.collect()


def line(port: int, content: bytes = b"") -> socket.socket:
    """A connection on which something was sent."""
    made = socket.create_connection(("127.0.0.1", port), PATIENCE)
    made.sendall(content)
    return made


def rest(of: socket.socket) -> bytes:
    """What comes until the end."""
    with of:
        try:
            return b"".join(iter(lambda: of.recv(65536), b""))
        except ConnectionResetError:
            return b""


def until_has(of: socket.socket, words: bytes) -> None:
    """Read until some words have come."""
    said = b""
    while words not in said:
        piece = of.recv(65536)
        assert piece, said
        said += piece


def ask(port: int, content: bytes) -> bytes:
    """All that is answered to one request."""
    return rest(line(port, content))


def get(path: str = "/", *headers: str) -> bytes:
    """A request that ends its connection."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: x", "connection: close", *headers, "", ""]).encode()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server with the usual deadlines."""
    with serving() as (made, _):
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short deadlines."""
    monkeypatch.setattr(places, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(places, "OFTEN", 0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
@pytest.mark.parametrize(
    "part", [b"G", b"POST / HTTP/1.1\r\nhost: x\r\n", b"POST / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n"]
)
def test_half_a_head_is_ended_after_its_deadline(before: bytes, part: bytes) -> None:
    with serving() as (port, _):
        made = line(port, before)
        if before:
            until_has(made, b"none")
        made.sendall(part)
        said = rest(made)
    assert said.startswith(b"HTTP/1.1 408")
    assert b"within 0.3 seconds" in said


@pytest.mark.usefixtures("quick")
def test_a_head_that_trickles_in_has_no_longer_than_another() -> None:
    with serving() as (port, _), line(port) as made:
        begun = time.monotonic()
        with pytest.raises(ConnectionError):
            for byte in get() * 100:
                made.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - begun < 10


@pytest.mark.usefixtures("quick")
def test_a_connection_that_never_asks_is_ended() -> None:
    with serving() as (port, _):
        assert rest(line(port)) == b""


@pytest.mark.usefixtures("quick")
def test_a_body_that_nobody_reads_keeps_no_connection_open() -> None:
    head = b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    with serving() as (port, _), line(port, head) as made:
        said = b""
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                made.sendall(b"x")
                time.sleep(0.02)
        made.setblocking(False)
        with pytest.raises((BlockingIOError, ConnectionError)):
            while piece := made.recv(65536):
                said += piece
            raise ConnectionError
        assert said.count(b"HTTP/1.1") <= 1  # nothing that could be taken for another request's answer


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (get("/", *[f"x-{k}: v" for k in range(98)]), 200),
        (get("/", *[f"x-{k}: v" for k in range(10_000)]), 431),
        (get("/", f"x: {'v' * 30_000}"), 200),
        (get("/", f"x: {'v' * (1 << 20)}"), 431),
        (get("/", f"x: {'v' * 60_000}"), 431),
        (get("/", *[f"x-{k}: {'v' * 1000}" for k in range(60)]), 431),
        (get("/" + "a" * 100_000), 431),
        (b"\r\n" * 50_000, 431),
        (get("/healthz", *["x:"] * 101), 431),
        (b"no http\r\n\r\n", 400),
        (b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n", 405),
    ],
)
def test_heads_are_bounded_in_number_and_size(port: int, content: bytes, status: int) -> None:
    made = line(port)
    with contextlib.suppress(ConnectionError):
        made.sendall(content)
    said = rest(made)
    assert not said or said.startswith(f"HTTP/1.1 {status} ".encode())
    assert said or status == 431  # where the rest of it was still on its way, the answer may be lost
    assert ask(port, get("/healthz")).startswith(b"HTTP/1.1 200")


def test_what_follows_a_body_in_pieces_is_bounded_too(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    assert ask(port, head + b"x: y\r\n" * 5 + b"\r\n" + get()).count(b"HTTP/1.1 200") == 2
    with line(port, head) as made, pytest.raises(ConnectionError):
        for _ in range(10_000):
            made.sendall(b"x-more: y\r\n" * 100)
            time.sleep(0.001)


OFFERS = [
    ("Upgrade, HTTP2-Settings", "h2c"), ("upgrade,http2-settings,close", "h2c"), ("Upgrade", "websocket"),
    ("keep-alive, Upgrade", "TLS/1.0, h2c"),
]  # fmt: skip


@pytest.mark.parametrize(("tokens", "upgrade"), OFFERS)
@pytest.mark.parametrize("pieces", [1, 2, 1000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_post_that_offers_an_upgrade_keeps_its_body(
    port: int, tokens: str, upgrade: str, pieces: int, chunked: bool
) -> None:
    size = "transfer-encoding: chunked" if chunked else "content-length: 5"
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nConnection: {tokens}\r\nUpgrade: {upgrade}\r\n"
        f"HTTP2-Settings: AAMAAABk\r\n{size}\r\n\r\n"
    )
    content = head.encode() + (b"5\r\nhello\r\n0\r\n\r\n" if chunked else b"hello")
    following = b"" if "close" in tokens else get()
    step = -(-len(content) // pieces)
    with line(port) as made:
        for low in range(0, len(content), step):
            made.sendall(content[low : low + step])
        made.sendall(following)
        said = rest(made)
    assert said.startswith(b"HTTP/1.1 200")
    assert b"\r\n\r\nhello" in said
    assert said.count(b"HTTP/1.1 200") == (2 if following else 1)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    "flags",
    [["--http2"], ["--http1.0"], ["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]],
)
def test_curl_gets_its_body_back(port: int, flags: list[str]) -> None:
    command = ["curl", "-s", "-m", "20", *flags, "-d", "hello", f"http://127.0.0.1:{port}/"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"hello"


def test_connections_at_rest_make_room_and_health_is_answered_throughout() -> None:
    with serving() as (port, kept), ExitStack() as stack:
        for _ in range(10):  # these have asked, and rest
            one = stack.enter_context(line(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
            until_has(one, b"none")
        halves = []
        for number in range(300):
            halves.append(stack.enter_context(line(port, b"POST /predict HTTP/1.1\r\nhost: x\r\n")))
            if number % 20 == 0:
                assert ask(port, get("/healthz")).startswith(b"HTTP/1.1 200")
        until(lambda: len(kept.all) <= MOST)
        assert ask(port, get("/")).startswith(b"HTTP/1.1 200")  # and all others are answered too


def test_where_all_are_busy_newcomers_are_told_and_health_is_answered() -> None:
    slow = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"
    with serving(5) as (port, kept), ExitStack() as stack:
        busy = [stack.enter_context(line(port, slow)) for _ in range(5)]
        until(lambda: len(kept.all) - len(kept.resting) - len(kept.arriving) == 5)
        for _ in range(3):
            said = ask(port, get("/"))
            assert said.startswith(b"HTTP/1.1 503")
            assert b"retry-after: 1" in said
            assert b'{"detail":' in said
            assert ask(port, get("/healthz")).startswith(b"HTTP/1.1 200")
        kept.loop.call_soon_threadsafe(GO.set)
        assert all(one.recv(65536).startswith(b"HTTP/1.1 200") for one in busy)


def test_a_client_that_takes_nothing_of_its_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(places, "OFTEN", 0.05)
    size = 30 << 20
    with serving() as (port, kept), line(port) as made:
        made.sendall(f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n".encode() + bytes(size))
        until(lambda: not kept.all)


def test_as_many_connections_as_there_may_be_files(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    limits = [(100, 500)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.append(wanted))
    assert places.reserve_connections(1000) == 500 - places.RESERVE - places.FILES
    assert limits[-1] == (500, 500)
    assert places.reserve_connections(200) == 200
    assert connection.HEADERS == 100
