"""`Turns`: who trains now, and who waits.

A page has one training: its next one ends the last. Pages come in the order in which they asked; one that
still waits may ask for something else and keep its place.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from linnet.web.refusal import Refusal


class Turn:
    """One piece of work under way or waiting.

    Args:
        page: whose it is.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.begun = anyio.Event()
        self._ended = threading.Event()
        self._at_end: Callable[[], object] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the work is to stop; asked from its own thread."""
        return self._ended.is_set()

    def stop(self) -> None:
        """End it soon."""
        self._ended.set()
        self.begun.set()
        if self._at_end is not None:
            self._at_end()

    def at_end(self, told: Callable[[], object]) -> None:
        """Call a function when the work is to stop, from another thread; at once where it is already."""
        self._at_end = told
        if self.is_over:
            told()


class Turns:
    """The queue. Its methods are called in the event loop alone.

    Args:
        running: how many pieces of work go on at once.
        waiting: how many more may wait.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self.running, self.waiting = running, waiting
        self.threads = anyio.CapacityLimiter(running)  # their own, so that short answers never wait for them
        self._under_way: set[Turn] = set()
        self._queue: deque[Turn] = deque()

    def enter(self, page: str) -> Turn:
        """Line up, ending what the page has under way.

        Raises:
            Refusal: 503, too many wait.
        """
        turn = Turn(page)
        for last in self._under_way:
            if last.page == page:
                last.stop()
        if not self._replace(turn):
            if len(self._queue) >= self.waiting:
                raise Refusal(503, f"{len(self._queue)} trainings wait already: try again in a moment")
            self._queue.append(turn)
        self._call()
        return turn

    def _replace(self, turn: Turn) -> bool:
        """Put a turn in the place of the one for which its page waits, if it does."""
        for place, last in enumerate(self._queue):
            if last.page == turn.page:
                self._queue[place] = turn
                last.stop()
                return True
        return False

    @asynccontextmanager
    async def held(self, turn: Turn) -> AsyncIterator[None]:
        """Wait for a turn that was entered, hold it meanwhile, and pass it on."""
        try:
            await turn.begun.wait()
            yield
        finally:
            self.leave(turn)

    def ahead(self, turn: Turn) -> int:
        """How many wait in front of it; 0 where it has begun."""
        return self._queue.index(turn) + 1 if turn in self._queue else 0

    def leave(self, turn: Turn) -> None:
        """End a turn, whether it had begun or not."""
        turn.stop()
        self._under_way.discard(turn)
        if turn in self._queue:
            self._queue.remove(turn)
        self._call()

    def stop_all(self) -> None:
        """End everything, as the lab itself ends."""
        for turn in [*self._under_way, *self._queue]:
            turn.stop()

    def _call(self) -> None:
        while self._queue and len(self._under_way) < self.running:
            turn = self._queue.popleft()
            self._under_way.add(turn)
            turn.begun.set()
