"""The API key."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from linnet.web.refusal import Refusal

OPEN = frozenset({"/healthz", "/readyz"})
"""Asked by machines that hold no key."""


class Keyed:
    """Middleware that lets only requests with the key pass.

    Args:
        app: what it guards.
        key: as `Authorization: Bearer KEY` or `X-API-Key: KEY` brings it.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app, self.key = app, key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401; the body is not read."""
        if scope["type"] != "http" or scope["path"] in OPEN or self._known(Headers(scope=scope)):
            return await self.app(scope, receive, send)
        refusal = Refusal(401, "this service needs an API key: Authorization: Bearer KEY, or X-API-Key: KEY")
        await refusal.response()(scope, receive, send)

    def _known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            given = headers.get("x-api-key", "")
        return hmac.compare_digest(given.strip().encode("latin-1"), self.key)  # in constant time
