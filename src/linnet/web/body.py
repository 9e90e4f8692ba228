"""Reads a request's body, of bounded size and time, and unpacks gzip."""

from __future__ import annotations

import asyncio
import sys
import zlib
from asyncio import AbstractEventLoop, CancelledError, Task
from typing import Any
from weakref import WeakKeyDictionary

from starlette.types import Receive

from linnet.web.refusal import Refusal

SECONDS = 30.0
"""For a body to arrive in."""

OFTEN = 1.0
"""Seconds between two looks for bodies that are late; fewer where `SECONDS` is less."""

MEMBERS = 16
"""Of one gzip'd body; each takes a copy of the rest."""

_GZIP = 31
"""zlib's number for gzip's format (zlib.h, inflateInit2)."""


async def read(receive: Receive, told: str | None, most: int, seconds: float | None = None) -> bytes:
    """The body, read no further than it may be long.

    Args:
        receive: the request's messages.
        told: its content-length.
        most: bytes.
        seconds: for it to arrive in; `SECONDS` when None.

    Raises:
        Refusal: 413 where it is longer or says so, 408 where it is slow, 400 where it is cut off.
    """
    if told is not None and not fits(told, most):
        raise Refusal(413, f"a body takes at most {most:,} bytes, this one says that it has {told[:30]}")
    loop = asyncio.get_running_loop()
    late = _LATE.get(loop)
    if late is None:
        late = _LATE[loop] = Late(loop)
    return await late.read_in_time(receive, most, SECONDS if seconds is None else seconds)


def fits(told: str, most: int) -> bool:
    """Whether a content-length is a number of at most so many bytes."""
    return told.isdecimal() and len(told) <= 18 and int(told) <= most


class Late:
    """Ends the reading of bodies that do not arrive, by one timer for all of them.

    A timer of its own for each body costs a quarter of a prediction's time.

    Args:
        loop: in which the bodies are read.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.deadlines: dict[Task[Any], float] = {}
        self.overdue: set[Task[Any]] = set()
        self.is_looking = False

    async def read_in_time(self, receive: Receive, most: int, seconds: float) -> bytes:
        """The body.

        Raises:
            Refusal: see `read`.
        """
        task = asyncio.current_task()
        assert task is not None, "a request is a task"
        self.deadlines[task] = self.loop.time() + seconds
        if not self.is_looking:
            self._look_later()
        try:
            return await _gather(receive, most)
        except CancelledError:
            if task not in self.overdue:
                raise
            _take_back(task)
            raise Refusal(408, f"the body did not arrive in {seconds:g} seconds") from None
        finally:
            del self.deadlines[task]
            self.overdue.discard(task)

    def _look_later(self) -> None:
        self.is_looking = True
        self.loop.call_later(min(OFTEN, SECONDS), self._look)

    def _look(self) -> None:
        """Cancel what is late; look again while any body is awaited."""
        now = self.loop.time()
        for task, deadline in self.deadlines.items():
            if deadline <= now and task not in self.overdue:
                self.overdue.add(task)
                task.cancel()
        self.is_looking = False
        if self.deadlines:
            self._look_later()


_LATE: WeakKeyDictionary[AbstractEventLoop, Late] = WeakKeyDictionary()


def _take_back(task: Task[Any]) -> None:
    """Undo a cancellation, which Python counts since 3.11."""
    if sys.version_info >= (3, 11):
        task.uncancel()


async def _gather(receive: Receive, most: int) -> bytes:
    pieces, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the connection ended before the body did")
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > most:
            raise Refusal(413, f"a body takes at most {most:,} bytes, this one has more")
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def gunzip(content: bytes, most: int) -> bytes:
    """What a body in gzip's format holds (RFC 1952).

    Args:
        content: the body.
        most: bytes of what it holds; no more are made.

    Raises:
        Refusal: 400 where it is not gzip or ends too soon, 413 where it holds more.
    """
    pieces, size = [], 0
    for _ in range(MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            piece = member.decompress(content, most + 1 - size)
        except zlib.error as error:
            raise Refusal(400, f"the body is not gzip, as its content-encoding says: {error}") from None
        size += len(piece)
        if size > most:
            raise Refusal(413, f"a body takes at most {most:,} bytes, this one has more once it is unpacked")
        if not member.eof:
            raise Refusal(400, "the gzip'd body ends too soon")
        pieces.append(piece)
        content = member.unused_data
        if not content:
            return b"".join(pieces)
    raise Refusal(400, f"a gzip'd body takes at most {MEMBERS} members: pack it as one")
