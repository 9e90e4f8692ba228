from __future__ import annotations

import json
import logging
import threading
from typing import Any

import anyio
import pytest
from starlette.types import Message

from linnet.errors import DivergedError, UsageError
from linnet.lab.jobs import MISTAKE, Job, JobQueue, Work
from linnet.web.refusal import Refusal
from tests.support.patience import PATIENCE


def sent_by(work: Work, queue: JobQueue) -> list[dict[str, Any]]:
    """The frames of some work."""
    lines: list[bytes] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        lines.append(message.get("body", b""))

    async def go() -> None:
        with anyio.fail_after(20):
            await queue.stream("a", work)({"type": "http"}, receive, send)

    anyio.run(go)
    return [json.loads(line) for line in b"".join(lines).splitlines()]


@pytest.mark.parametrize(
    ("error", "kind"), [(UsageError("no such thing"), "failed"), (DivergedError("to infinity"), "diverged")]
)
def test_what_went_wrong_is_the_last_frame(error: Exception, kind: str) -> None:
    def work(job: Job) -> None:
        job.tell({"kind": "start"})
        raise error

    queue = JobQueue(1, 1)
    assert sent_by(work, queue) == [{"kind": "start"}, {"kind": kind, "detail": str(error)}]
    assert queue.enter("b").begun.is_set()


def test_a_mistake_of_ours_is_told_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    def work(job: Job) -> None:
        raise MemoryError("too much")

    queue = JobQueue(1, 1)
    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        assert sent_by(work, queue) == [{"kind": "failed", "detail": MISTAKE}]
    assert "too much" in caplog.text
    assert queue.enter("b").begun.is_set()


def test_work_has_threads_of_its_own() -> None:
    """Short answers find a thread however many trainings go on."""
    met = threading.Barrier(3, timeout=PATIENCE)

    def work(job: Job) -> None:
        met.wait()

    async def go() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        queue = JobQueue(2, 1)

        async def receive() -> Message:
            await anyio.sleep_forever()
            raise AssertionError

        async def send(_: Message) -> None:
            return

        async with anyio.create_task_group() as group:
            for page in "ab":
                group.start_soon(queue.stream(page, work), {"type": "http"}, receive, send)
            await anyio.to_thread.run_sync(met.wait)

    anyio.run(go)
    assert not met.broken


def test_a_page_s_next_work_ends_its_last() -> None:
    queue = JobQueue(2, 4)
    first, other = queue.enter("a"), queue.enter("b")
    second = queue.enter("a")
    assert first.is_over
    assert not other.is_over
    assert not second.begun.is_set()  # the first is still on its way out
    queue.leave(first)
    assert second.begun.is_set()
    assert not second.is_over


def test_pages_come_in_their_order() -> None:
    queue = JobQueue(1, 4)
    a, b, c = (queue.enter(page) for page in "abc")
    assert [queue.ahead(job) for job in (a, b, c)] == [0, 1, 2]
    queue.leave(a)
    assert b.begun.is_set()
    assert not c.begun.is_set()
    queue.leave(c)  # gone before it began
    queue.leave(b)
    assert queue.enter("d").begun.is_set()


def test_a_page_that_waits_and_asks_anew_keeps_its_place() -> None:
    queue = JobQueue(1, 2)
    a, b, c = (queue.enter(page) for page in "abc")
    again = queue.enter("b")
    assert b.is_over
    queue.leave(b)
    queue.leave(a)
    assert again.begun.is_set()
    assert not c.begun.is_set()


def test_a_page_that_trains_and_asks_anew_goes_to_the_end() -> None:
    queue = JobQueue(1, 4)
    a, b = (queue.enter(page) for page in "ab")
    again = queue.enter("a")
    queue.leave(a)
    assert b.begun.is_set()
    assert queue.ahead(again) == 1


def test_no_more_than_so_many_wait() -> None:
    queue = JobQueue(1, 2)
    for page in "abc":
        queue.enter(page)
    with pytest.raises(Refusal, match="2 trainings wait") as refused:
        queue.enter("d")
    assert refused.value.status == 503
    queue.enter("c")  # in the place of its own


def test_what_is_to_be_called_at_the_end_is_called_then_or_at_once() -> None:
    queue = JobQueue(1, 2)
    job, called = queue.enter("a"), threading.Event()
    job.at_end(called.set)
    assert not called.is_set()
    queue.stop_all()
    assert called.is_set()
    called.clear()
    job.at_end(called.set)
    assert called.is_set()


def test_a_job_waits_for_its_turn_and_passes_it_on() -> None:
    async def go() -> list[str]:
        queue, seen = JobQueue(1, 9), []

        async def work(page: str) -> None:
            job = queue.enter(page)
            await job.begun.wait()
            seen.append(f"{page} begins")
            await anyio.sleep(0)
            seen.append(f"{page} ends")
            queue.leave(job)

        async with anyio.create_task_group() as group:
            for page in "abc":
                group.start_soon(work, page)
        return seen

    seen = anyio.run(go)
    assert seen == [f"{page} {what}" for page in "abc" for what in ("begins", "ends")]
