"""`JobQueue`: which page trains now and which wait; `ProgressStream`: a job's progress as NDJSON.

A page has one job: its next one ends the last. Pages come in the order in which they asked; one that still
waits may ask for something else and keep its place.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import orjson
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from linnet.errors import DivergedError, LinnetError
from linnet.web.refusal import Refusal

Frame = dict[str, Any]

AHEAD = 8
"""Frames that wait for a slow page before the work waits too."""

PATIENCE = 20.0
"""Seconds for a page to take a frame in; after that it is taken for gone."""

MISTAKE = "the lab made a mistake: what it was stands where linnet lab was started"

GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError)
"""Raised by `Job.tell` when the page is."""

logger = logging.getLogger("uvicorn.error")  # which writes to where the lab was started


class Job:
    """A piece of work under way or waiting.

    Args:
        page: whose it is.
    """

    def __init__(self, page: str) -> None:
        self.page = page
        self.begun = anyio.Event()
        self.tell: Callable[[Frame], None] = lambda frame: None
        """Sends a frame to the page; called by the work, in its thread."""
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


Work = Callable[[Job], None]
"""`work(job)`: call `job.tell` with each frame, and return soon once `job.is_over`."""


class JobQueue:
    """The jobs of all pages. Its methods are called in the event loop alone.

    Args:
        running: how many jobs go on at once.
        waiting: how many more may wait.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self.running, self.waiting = running, waiting
        self.threads = anyio.CapacityLimiter(running)  # their own, so that short answers never wait for them
        self._under_way: set[Job] = set()
        self._queue: deque[Job] = deque()

    def stream(self, page: str, work: Work) -> ProgressStream:
        """The response that carries out a page's work when its turn comes.

        Raises:
            Refusal: 503, too many wait.
        """
        return ProgressStream(self, self.enter(page), work)

    def enter(self, page: str) -> Job:
        """Line up, ending what the page has under way.

        Raises:
            Refusal: 503, too many wait.
        """
        job = Job(page)
        for last in self._under_way:
            if last.page == page:
                last.stop()
        if not self._replace(job):
            if len(self._queue) >= self.waiting:
                raise Refusal(503, f"{len(self._queue)} trainings wait already: try again in a moment")
            self._queue.append(job)
        self._call()
        return job

    def _replace(self, job: Job) -> bool:
        """Put a job in the place of the one that its page waits for, if it does."""
        for place, last in enumerate(self._queue):
            if last.page == job.page:
                self._queue[place] = job
                last.stop()
                return True
        return False

    def ahead(self, job: Job) -> int:
        """How many wait in front of it; 0 where it has begun."""
        return self._queue.index(job) + 1 if job in self._queue else 0

    def leave(self, job: Job) -> None:
        """End a job, whether it had begun or not."""
        job.stop()
        self._under_way.discard(job)
        if job in self._queue:
            self._queue.remove(job)
        self._call()

    def stop_all(self) -> None:
        """End everything, as the lab itself ends."""
        for job in [*self._under_way, *self._queue]:
            job.stop()

    def _call(self) -> None:
        while self._queue and len(self._under_way) < self.running:
            job = self._queue.popleft()
            self._under_way.add(job)
            job.begun.set()


class ProgressStream(Response):
    """Frames while the work goes on, until it ends, the page is gone, or it asks anew.

    Args:
        queue: of jobs.
        job: entered there.
        work: what to do, in a thread.
    """

    media_type = "application/x-ndjson"

    def __init__(self, queue: JobQueue, job: Job, work: Work) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self.queue, self.job, self.work = queue, job, work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        sender, receiver = anyio.create_memory_object_stream[Frame](AHEAD)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._until_gone, receive, group.cancel_scope)
                group.start_soon(self._work, sender)
                with contextlib.suppress(TimeoutError):
                    await self._send(send, receiver)
                group.cancel_scope.cancel()
        finally:
            self.queue.leave(self.job)

    async def _send(self, send: Send, receiver: MemoryObjectReceiveStream[Frame]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with receiver:
                async for frame in receiver:
                    with anyio.fail_after(PATIENCE):
                        await send({"type": "http.response.body", "body": line_of(frame), "more_body": True})
        finally:
            self.job.stop()  # the thread then ends
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _work(self, sender: MemoryObjectSendStream[Frame]) -> None:
        """Wait for the job's turn, then work; the turn is over when the thread has ended."""
        async with sender:
            if ahead := self.queue.ahead(self.job):
                await sender.send({"kind": "waiting", "ahead": ahead})
            await self.job.begun.wait()
            if not self.job.is_over:
                await anyio.to_thread.run_sync(self._carry_out, sender, limiter=self.queue.threads)
            self.queue.leave(self.job)  # at once, however long the page takes to read the rest

    def _carry_out(self, sender: MemoryObjectSendStream[Frame]) -> None:
        self.job.tell = lambda frame: anyio.from_thread.run(sender.send, frame)
        with contextlib.suppress(*GONE):
            try:
                self.work(self.job)
            except LinnetError as error:
                kind = "diverged" if isinstance(error, DivergedError) else "failed"
                self.job.tell({"kind": kind, "detail": str(error)})
            except GONE:
                raise
            except Exception:
                logger.exception("a mistake of the lab")
                self.job.tell({"kind": "failed", "detail": MISTAKE})

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.job.stop()
        scope.cancel()


def line_of(frame: Frame) -> bytes:
    """A frame as a line of NDJSON."""
    return orjson.dumps(frame, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)
