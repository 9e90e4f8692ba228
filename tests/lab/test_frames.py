from __future__ import annotations

import json
import logging
import threading
from typing import Any

import anyio
import pytest
from starlette.types import Message

from linnet.errors import DivergedError, UsageError
from linnet.lab.frames import MISTAKE, Frames, Tell, Work
from linnet.lab.turns import Turn, Turns
from tests.support.patience import PATIENCE


def sent_by(work: Work, turns: Turns) -> list[dict[str, Any]]:
    """The frames of some work."""
    lines: list[bytes] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        lines.append(message.get("body", b""))

    async def go() -> None:
        with anyio.fail_after(20):
            await Frames(turns, turns.enter("a"), work)({"type": "http"}, receive, send)

    anyio.run(go)
    return [json.loads(line) for line in b"".join(lines).splitlines()]


@pytest.mark.parametrize(
    ("error", "kind"), [(UsageError("no such thing"), "failed"), (DivergedError("to infinity"), "diverged")]
)
def test_what_went_wrong_is_the_last_frame(error: Exception, kind: str) -> None:
    def work(tell: Tell, turn: Turn) -> None:
        tell({"kind": "start"})
        raise error

    turns = Turns(1, 1)
    assert sent_by(work, turns) == [{"kind": "start"}, {"kind": kind, "detail": str(error)}]
    assert turns.enter("b").begun.is_set()


def test_a_mistake_of_ours_is_told_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    def work(tell: Tell, turn: Turn) -> None:
        raise MemoryError("too much")

    turns = Turns(1, 1)
    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        assert sent_by(work, turns) == [{"kind": "failed", "detail": MISTAKE}]
    assert "too much" in caplog.text
    assert turns.enter("b").begun.is_set()


def test_work_has_threads_of_its_own() -> None:
    """Short answers find a thread however many trainings go on."""
    met = threading.Barrier(3, timeout=PATIENCE)

    def work(tell: Tell, turn: Turn) -> None:
        met.wait()

    async def go() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        turns = Turns(2, 1)

        async def receive() -> Message:
            await anyio.sleep_forever()
            raise AssertionError

        async def send(_: Message) -> None:
            return

        async with anyio.create_task_group() as group:
            for page in "ab":
                group.start_soon(Frames(turns, turns.enter(page), work), {"type": "http"}, receive, send)
            await anyio.to_thread.run_sync(met.wait)

    anyio.run(go)
    assert not met.broken
