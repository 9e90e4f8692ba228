"""A request's body, of bounded size and time."""

from __future__ import annotations

import anyio
from starlette.requests import ClientDisconnect, Request

from linnet.serve.refusal import Refusal

SECONDS = 30.0
"""For a body to arrive in."""


async def read(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long.

    Args:
        request: whose body was not read yet.
        most: bytes.

    Raises:
        Refusal: 413 where it is longer or says so, 408 where it is slow, 400 where it is cut off.
    """
    told = request.headers.get("content-length")
    if told is not None and not (told.isdecimal() and len(told) <= 18 and int(told) <= most):
        raise Refusal(413, f"a body takes at most {most:,} bytes, this one says that it has {told[:30]}")
    try:
        with anyio.fail_after(SECONDS):
            return await _gather(request, most)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive in {SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise Refusal(400, "the connection ended before the body did") from None


async def _gather(request: Request, most: int) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise Refusal(413, f"a body takes at most {most:,} bytes, this one has more")
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
