"""`Places`: the connections of a process, of which none waits for ever and those at rest make room first."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from functools import cached_property
from typing import Protocol

HEAD_SECONDS = 10.0
"""For the head of a request to arrive in, from its first byte; of a new connection, from its start."""

STALL_SECONDS = 120.0
"""That an answer may lie without the client taking any of it."""

OFTEN = 0.5
"""Seconds between two looks for what is late; one timer for all connections."""

RESERVE = 64
"""Connections beyond the most that have a request under way: they are told so, and asked about health."""

FILES = 64
"""Open files that a process needs besides its connections."""


class Line(Protocol):
    """A connection as `Places` sees it."""

    transport: asyncio.Transport
    has_asked: bool
    unsent: int

    def end_late(self, seconds: float) -> None:
        """Say that the head of a request is late, and close."""
        ...


class Places:
    """Who has a place: connections at rest, those whose request's head is arriving, and the busy ones.

    Args:
        most: requests under way at once. As many connections are kept open; a newcomer takes the place of the
            one that has been at rest longest, or else of the one whose head has been arriving longest.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.all: set[Line] = set()
        self.resting: dict[Line, float] = {}
        self.arriving: dict[Line, float] = {}
        self.is_looking = False

    @cached_property
    def loop(self) -> AbstractEventLoop:
        """The loop that all connections are in; there is none yet where the places are made."""
        return asyncio.get_running_loop()

    @property
    def is_crowded(self) -> bool:
        """Whether more requests are under way than there are places."""
        return len(self.all) - len(self.resting) - len(self.arriving) > self.most

    def enter(self, line: Line) -> None:
        """Take a new connection in, which may cost another its place."""
        if not self.is_looking:  # one timer, however often the last connection goes and another comes
            self.is_looking = True
            self.loop.call_later(OFTEN, self._look)
        self.all.add(line)
        if len(self.all) > self.most:
            self._make_room(line)
        if line in self.all:
            self.resting[line] = self.loop.time()

    def leave(self, line: Line) -> None:
        """Forget a connection, known or not."""
        self.all.discard(line)
        self.resting.pop(line, None)
        self.arriving.pop(line, None)

    def arrive(self, line: Line) -> None:
        """A part of a request's head is there."""
        if line in self.all and self.arriving.get(line) is None:
            since = self.resting.pop(line, None)
            self.arriving[line] = self.loop.time() if line.has_asked or since is None else since

    def begin(self, line: Line) -> None:
        """A request is under way."""
        self.resting.pop(line, None)
        self.arriving.pop(line, None)

    def rest(self, line: Line) -> None:
        """The last request has been answered."""
        if line in self.all:
            self.resting[line] = self.loop.time()

    def _make_room(self, newcomer: Line) -> None:
        victim = next(iter(self.resting), None) or next(iter(self.arriving), None)
        if victim is None:  # all are busy: the newcomer may ask about health, unless too many have come
            victim = newcomer if len(self.all) > self.most + RESERVE else None
        if victim is not None:
            self._end(victim)

    def _end(self, line: Line) -> None:
        self.leave(line)
        if line.transport.get_write_buffer_size():
            line.transport.abort()  # to close would wait for the client to take what is left
        else:
            line.transport.close()

    def _look(self) -> None:
        """End what is late; look again while there are connections."""
        now = self.loop.time()
        for line, since in list(self.arriving.items()):
            if since + HEAD_SECONDS <= now:
                line.end_late(HEAD_SECONDS)
                self.leave(line)
        for line, since in list(self.resting.items()):
            self._look_at_rest(line, since, now)
        self.is_looking = bool(self.all)
        if self.is_looking:
            self.loop.call_later(OFTEN, self._look)

    def _look_at_rest(self, line: Line, since: float, now: float) -> None:
        """End a connection that never asked anything, or takes nothing of its answer."""
        unsent = line.transport.get_write_buffer_size()
        if not unsent:
            if not line.has_asked and since + HEAD_SECONDS <= now:
                self._end(line)
        elif unsent < line.unsent or not line.unsent:
            self.resting[line] = now  # it takes some
        elif since + STALL_SECONDS <= now:
            self._end(line)
        line.unsent = unsent


def reserve_connections(most: int) -> int:
    """As many connections as this process may have open at once, after asking the system for more files."""
    try:
        import resource
    except ImportError:  # not on Windows
        return most
    needed = most + RESERVE + FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return max(1, min(most, wanted - RESERVE - FILES))
    return most
