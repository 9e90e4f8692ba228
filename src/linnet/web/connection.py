"""Connections of uvicorn with a deadline and bounds for heads; `Crowd` answers 503 where they are too many.

uvicorn alone waits for the rest of a head for ever, takes heads of any size, and loses the body of a request
that offers an upgrade, as `curl --http2` and Java's client do.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
import orjson
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from linnet.web.places import Places
from linnet.web.refusal import Refusal

HEAD_BYTES = 32 << 10
"""Of a request's head: its address and its headers."""

TOO_LARGE = f"the head of a request takes at most {HEAD_BYTES:,} bytes"

HEADERS = 100
"""Of a request; as many again may follow a body that comes in pieces, and are let pass."""

CROWDED = "linnet.crowded"
"""The extension of a scope that says that too many requests are under way."""

OFFERS = (b"upgrade", b"http2-settings")
"""Headers that offer another protocol, which is never taken up."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection with httptools' parser, which itself has no bounds, in its place among others."""

    places: Places
    has_asked = False
    unsent = 0

    silent = 0
    """Bytes since the last head or piece of a body was whole: parts of heads, and what follows a body."""

    piece = 0
    """Bytes that are being read."""

    offer: tuple[bytes, str] | None = None
    """Method and version of a request that offers an upgrade, whose body the parser leaves out."""

    def connection_made(self, transport: Any) -> None:
        """As uvicorn."""
        super().connection_made(transport)
        self.places.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn."""
        self.places.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn, and see what it was: a whole head, or a part of one."""
        before = self.cycle
        self._feed(data)
        if self.cycle is not before:
            self.places.begin(self)
            if self.places.is_crowded:
                self.cycle.scope["extensions"] = {CROWDED: {}}
        elif before is None or before.response_complete:
            self.places.arrive(self)

    def _feed(self, data: bytes) -> None:
        """Have the parser read some bytes, and a request that offers an upgrade again as a plain one."""
        self._unset_keepalive_if_required()
        self.piece = len(data)
        self.silent += self.piece
        rest = memoryview(data)
        try:
            while len(rest):
                try:
                    self.parser.feed_data(rest)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    rest = rest[upgrade.args[0] :]
                    plain = self._plain()
                    self.parser = self._parser()  # the other ignores what follows a "close"
                    self.parser.feed_data(plain)
            if self.silent > HEAD_BYTES:
                raise Refusal(431, TOO_LARGE)
        except httptools.HttpParserError as error:
            within = error.__context__  # what a method below raised while the parser called it
            refusal = within if isinstance(within, Refusal) else None
            self.refuse(refusal or Refusal(400, "this is no request of HTTP/1.1"))
        except Refusal as refusal:
            self.refuse(refusal)

    def on_response_complete(self) -> None:
        """As uvicorn."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self.has_asked = True
            self.places.rest(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn, up to a number."""
        super().on_header(name, value)
        if len(self.headers) > HEADERS:
            raise Refusal(431, f"a request takes at most {HEADERS} headers")

    def on_headers_complete(self) -> None:
        """As uvicorn, but for an upgrade, which is only noted."""
        self.silent = 0
        if self.piece > HEAD_BYTES and _size(self.url, self.headers) > HEAD_BYTES:
            raise Refusal(431, TOO_LARGE)
        if self.parser.should_upgrade():
            self.offer = self.parser.get_method(), self.parser.get_http_version()
        else:
            super().on_headers_complete()
            self.headers = []  # what follows a body in pieces is none of the request's

    def on_body(self, body: bytes) -> None:
        """As uvicorn."""
        self.silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """As uvicorn, unless it is to be read again."""
        if self.offer is not None:
            return
        self.cycle.more_body = False  # which uvicorn leaves where the answer is complete
        super().on_message_complete()

    def _parser(self) -> httptools.HttpRequestParser:
        """A new parser, as uvicorn makes it."""
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _plain(self) -> bytes:
        """The head that was just read, without its offer of another protocol."""
        assert self.offer is not None
        (method, version), self.offer = self.offer, None
        if method == b"CONNECT":
            raise Refusal(405, "this is no proxy: it takes no CONNECT")
        lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
        for name, value in self.headers:
            if name == b"connection":
                tokens = (token.strip() for token in value.split(b","))
                value = b", ".join(token for token in tokens if token.lower() not in OFFERS)
            if name not in OFFERS:
                lines.append(name + b": " + value)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def end_late(self, seconds: float) -> None:
        """Say that the head of a request is late, and close."""
        self.refuse(Refusal(408, f"the head of the request did not arrive within {seconds:g} seconds"))

    def refuse(self, refusal: Refusal) -> None:
        """Answer without the application, and close; only close where another's answer may be awaited."""
        if self.transport.is_closing():
            return
        if self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body):
            content = orjson.dumps({"detail": str(refusal)})
            head = (
                f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + content)
        self.transport.close()


def _size(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """Bytes of a head."""
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def protocol(places: Places) -> type[asyncio.Protocol]:
    """What speaks HTTP on each connection.

    Args:
        places: where the connections are kept.
    """
    return type("Connection", (Connection,), {"places": places})


class Crowd:
    """Middleware that answers 503 to requests beyond the most, but for some pages.

    Args:
        app: what answers the others.
        open_paths: pages that are answered throughout.
    """

    def __init__(self, app: ASGIApp, open_paths: frozenset[str] = frozenset()) -> None:
        self.app, self.open_paths = app, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        if CROWDED in scope.get("extensions", ()) and scope["path"] not in self.open_paths:
            refusal = Refusal(503, "too many requests are under way: try again in a second")
            return await refusal.response()(scope, receive, send)
        await self.app(scope, receive, send)
