"""Access to the service: the API key, and the web pages of other sites that may ask (CORS)."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from linnet.errors import UsageError
from linnet.web.refusal import Refusal, bearer, is_secret

OPEN = frozenset({"/healthz", "/readyz"})
"""Asked by machines that hold no key."""

KEY_CHARACTERS = frozenset(string.ascii_letters + string.digits + string.punctuation)

SECONDS = 600
"""That a browser may go by the answer to its first question, whether a page may ask."""

_ORIGIN = re.compile(r"https?://[^/\s?#@,*]+|null|\*", re.ASCII)


def protect(app: ASGIApp, api_key: str | None, origins: Sequence[str]) -> ASGIApp:
    """The application behind its API key, open to pages of the origins.

    CORS stands outside of the key, which a browser's first question lacks.

    Args:
        app: what answers.
        api_key: what requests must bring; None where all may ask.
        origins: a scheme, a host and maybe a port, as the address of a page begins; or "*".

    Raises:
        UsageError: the key is empty or cannot be a header, or an origin is something else.
    """
    if api_key is not None:
        app = KeyGuard(app, api_key)
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise UsageError(
                f"an origin is a scheme, a host and maybe a port, such as https://shop.example, or * for "
                f"any, not {origin!r}"
            )
    if not origins:
        return app
    return CORSMiddleware(
        app, allow_origins=list(origins), allow_methods=["GET", "HEAD", "POST"], allow_headers=["*"],
        max_age=SECONDS,
    )  # fmt: skip


class KeyGuard:
    """Middleware that lets only requests with the key pass.

    Args:
        app: what it guards.
        key: as `Authorization: Bearer KEY` or `X-API-Key: KEY` brings it.

    Raises:
        UsageError: the key is empty or cannot be a header.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        if not (key and set(key) <= KEY_CHARACTERS):
            raise UsageError("an API key is some ASCII characters without spaces")
        self.app, self.key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401; the body is not read."""
        if scope["type"] != "http" or scope["path"] in OPEN or self._is_known(Headers(scope=scope)):
            return await self.app(scope, receive, send)
        refusal = Refusal(401, "this service needs an API key: Authorization: Bearer KEY, or X-API-Key: KEY")
        await refusal.response()(scope, receive, send)

    def _is_known(self, headers: Headers) -> bool:
        return is_secret(bearer(headers) or headers.get("x-api-key", ""), self.key)
