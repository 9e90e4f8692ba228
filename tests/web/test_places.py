"""The connections of a process, without any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linnet.web.places import Places


class Timers:
    """A loop that keeps what it is to call later."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def time(self) -> float:
        return 0.0

    def call_later(self, _: float, call: Callable[[], None]) -> None:
        self.waiting.append(call)


class Quiet:
    """A connection that does nothing."""

    transport: Any
    has_asked, unsent = False, 0

    def __init__(self) -> None:
        self.transport = self

    def get_write_buffer_size(self) -> int:
        return 0

    def end_late(self, seconds: float) -> None:
        raise AssertionError


def test_a_thousand_visits_one_after_another_leave_one_timer() -> None:
    timers, places = Timers(), Places(8)
    places.loop = timers  # type: ignore[assignment]
    for _ in range(1000):
        line = Quiet()
        places.enter(line)
        places.leave(line)
    stays = Quiet()
    places.enter(stays)
    for _ in range(3):
        due, timers.waiting = timers.waiting, []
        assert len(due) == 1  # a timer a visit, each going on for ever, once
        due[0]()
    places.leave(stays)
    timers.waiting.pop()()
    assert not timers.waiting
    places.enter(stays)
    assert len(timers.waiting) == 1
