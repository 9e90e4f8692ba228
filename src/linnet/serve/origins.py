"""Web pages of other sites that may ask (CORS): a browser asks first whether it may."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from linnet.errors import UsageError

ANY = "*"

SECONDS = 600
"""That a browser may go by the answer."""

_ORIGIN = re.compile(r"https?://[^/\s?#@,*]+|null|\*", re.ASCII)


def with_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Middleware that answers a browser's first question, and names the origin in all answers.

    Args:
        app: what answers.
        origins: a scheme, a host and maybe a port, as the address of a page begins; or "*".

    Raises:
        UsageError: one is something else.
    """
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise UsageError(
                f"an origin is a scheme, a host and maybe a port, such as https://shop.example, or * for "
                f"any, not {origin!r}"
            )
    return CORSMiddleware(
        app, allow_origins=list(origins), allow_methods=["GET", "HEAD", "POST"], allow_headers=["*"],
        max_age=SECONDS,
    )  # fmt: skip
