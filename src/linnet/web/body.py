"""A request's body, of bounded size and time."""

from __future__ import annotations

import asyncio
import sys

from anyio import fail_after
from starlette.types import Receive

from linnet.web.refusal import Refusal

SECONDS = 30.0
"""For a body to arrive in."""


async def read(receive: Receive, told: bytes | None, most: int) -> bytes:
    """The body, read no further than it may be long.

    Args:
        receive: the request's messages.
        told: its content-length.
        most: bytes.

    Raises:
        Refusal: 413 where it is longer or says so, 408 where it is slow, 400 where it is cut off.
    """
    if told is not None and not (told.isdigit() and len(told) <= 18 and int(told) <= most):
        said = told[:30].decode("latin-1")
        raise Refusal(413, f"a body takes at most {most:,} bytes, this one says that it has {said}")
    try:
        return await _in_time(receive, most)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive in {SECONDS:g} seconds") from None


if sys.version_info >= (3, 11):

    async def _in_time(receive: Receive, most: int) -> bytes:
        async with asyncio.timeout(SECONDS):  # a tenth of the cost of anyio's
            return await _gather(receive, most)

else:

    async def _in_time(receive: Receive, most: int) -> bytes:
        with fail_after(SECONDS):
            return await _gather(receive, most)


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
