"""`gunzip`: a compressed body, no further than it may be long."""

from __future__ import annotations

import zlib

from linnet.web.refusal import Refusal

MEMBERS = 16
"""Of one body; each takes a copy of the rest."""

_GZIP = 31
"""zlib's number for gzip's format (zlib.h, inflateInit2)."""


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
