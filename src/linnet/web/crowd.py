"""`Crowd`: what is asked while more requests are under way than there are places."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from linnet.web.connection import CROWDED
from linnet.web.refusal import Refusal


class Crowd:
    """Middleware that answers 503 to requests beyond the most, but for some pages.

    Args:
        app: what answers the others.
        open_paths: pages that are answered throughout.
    """

    def __init__(self, app: ASGIApp, open_paths: frozenset[str] = frozenset()) -> None:
        self.app, self.open_paths = app, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        if CROWDED in scope.get("extensions", ()) and scope["path"] not in self.open_paths:
            refusal = Refusal(503, "too many requests are under way: try again in a second")
            return await refusal.response()(scope, receive, send)
        await self.app(scope, receive, send)
