"""`Frames`: work in a thread, told to the page as it goes on, a JSON object a line (NDJSON)."""

from __future__ import annotations

import contextlib
import logging
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
from linnet.lab.turns import Turn, Turns

Frame = dict[str, Any]
Tell = Callable[[Frame], None]
Work = Callable[[Tell, Turn], None]
"""`work(tell, turn)`: call `tell` with each frame, and return soon once `turn.is_over`."""

AHEAD = 8
"""Frames that wait for a slow page before the work waits too."""

MISTAKE = "the lab made a mistake: what it was stands where linnet lab was started"
GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError)

logger = logging.getLogger("uvicorn.error")  # which writes to where the lab was started

PATIENCE = 20.0
"""Seconds for a page to take a frame in; after that it is taken for gone."""


class Frames(Response):
    """The response: frames while the work goes on, until it ends, the page is gone, or it asks anew.

    Args:
        turns: the queue.
        turn: entered there.
        work: what to do.
    """

    media_type = "application/x-ndjson"

    def __init__(self, turns: Turns, turn: Turn, work: Work) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self.turns, self.turn, self.work = turns, turn, work

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
            self.turns.leave(self.turn)

    async def _send(self, send: Send, receiver: MemoryObjectReceiveStream[Frame]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with receiver:
                async for frame in receiver:
                    line = orjson.dumps(frame, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"
                    with anyio.fail_after(PATIENCE):
                        await send({"type": "http.response.body", "body": line, "more_body": True})
        finally:
            self.turn.stop()  # the thread then ends
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _work(self, sender: MemoryObjectSendStream[Frame]) -> None:
        """Wait for the turn, then work; the turn is over when the thread has ended."""
        async with sender:
            if ahead := self.turns.ahead(self.turn):
                await sender.send({"kind": "waiting", "ahead": ahead})
            async with self.turns.held(self.turn):
                if not self.turn.is_over:
                    await anyio.to_thread.run_sync(self._carry_out, sender, limiter=self.turns.threads)

    def _carry_out(self, sender: MemoryObjectSendStream[Frame]) -> None:
        def tell(frame: Frame) -> None:
            anyio.from_thread.run(sender.send, frame)

        with contextlib.suppress(*GONE):  # the page is
            try:
                self.work(tell, self.turn)
            except LinnetError as error:
                kind = "diverged" if isinstance(error, DivergedError) else "failed"
                tell({"kind": kind, "detail": str(error)})
            except GONE:
                raise
            except Exception:
                logger.exception("a mistake of the lab")
                tell({"kind": "failed", "detail": MISTAKE})

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.turn.stop()
        scope.cancel()
