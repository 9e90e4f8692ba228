"""`Guard`: access by host, origin and token, and bounds for the size of bodies.

A page of another site can make a browser send requests to this one, and a name that a stranger owns can be
made to point here (DNS rebinding). So the Host must be a name of this machine, and the Origin the page's own.
Beyond this machine a token is needed too, which a cookie keeps.
"""

from __future__ import annotations

import socket
from contextlib import nullcontext
from urllib.parse import parse_qs, urlencode, urlsplit

from anyio import CapacityLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linnet.lab.settings import LabLimits, Settings, address_of
from linnet.web import body
from linnet.web.refusal import Refusal, bearer, is_secret

EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""Of no text: plotly.js makes a style sheet that is empty, and fills it by script."""

POLICY = (
    f"default-src 'self'; style-src 'self' {EMPTY}; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but the page's own files; charts and pictures make images of their own as data."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

HEAVY = 2
"""Large bodies that are taken in at once; all else passes them by."""

HEAVY_SECONDS = 300.0
"""For a large body to arrive in: 64 MiB over a slow line."""

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """Middleware that lets this page in, and nothing else.

    Args:
        app: what it guards.
        settings: where the lab listens, and its limits.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.heavy = CapacityLimiter(HEAVY)
        self.cookie = f"linnet-lab-{settings.port}"  # cookies do not tell ports apart
        self.names = LOCAL if settings.is_local else LOCAL | {socket.gethostname().lower(), settings.host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        sending = _add_headers(send)
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            _check_origin(headers, scope)
            if (opened := self._exchange_token(scope)) is not None:
                return await opened(scope, receive, sending)
            self._check_token(headers)
            await self._pass(scope, headers, receive, sending)
        except Refusal as refusal:
            await refusal.response()(scope, receive, sending)

    async def _pass(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Read the body and ask the application; few large ones at once."""
        usual, limit = self.settings.limits.body, body_limit(scope["path"], self.settings.limits)
        is_large = limit > usual and may_exceed(headers, usual)
        bounds = (limit, HEAVY_SECONDS) if is_large else (usual, None)
        async with self.heavy if is_large else nullcontext():
            content = await body.read(receive, headers.get("content-length"), *bounds)
            await self.app(scope, _replay_body(content, receive), send)

    def _check_host(self, headers: Headers) -> None:
        host = headers.get("host", "")
        try:
            split = urlsplit(f"//{host}")
            name, port = (split.hostname or "").lower(), split.port or 80
        except ValueError:
            raise Refusal(400, "the Host header is no name and port") from None
        if "@" in host:
            raise Refusal(400, "the Host header is no name and port")
        known = name in self.names or (not self.settings.is_local and address_of(name) is not None)
        if not known or port != self.settings.port:
            raise Refusal(
                403, f"{host[:80]!r} is no name of this lab: open the address that linnet lab printed"
            )

    def _exchange_token(self, scope: Scope) -> RedirectResponse | None:
        """The answer to the address with the token in it: a cookie in its place."""
        if self.settings.token is None or scope["path"] != "/" or b"token=" not in scope["query_string"]:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if not is_secret(query.pop("token", [""])[0], self.settings.token):
            raise Refusal(401, "this token is not the lab's: use the address that linnet lab printed")
        rest = urlencode(query, doseq=True)
        answer = RedirectResponse("/" + (f"?{rest}" if rest else ""), 303)
        answer.set_cookie(self.cookie, self.settings.token, httponly=True, samesite="strict", path="/")
        return answer

    def _check_token(self, headers: Headers) -> None:
        given = bearer(headers) or cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        if self.settings.token is not None and not is_secret(given, self.settings.token):
            raise Refusal(401, "this lab needs its token: open the address that linnet lab printed")


def body_limit(path: str, limits: LabLimits) -> int:
    """The bytes that a request to a path may bring."""
    if path == "/api/data":
        return limits.upload
    return limits.picture if path.startswith("/api/try") else limits.body


def _check_origin(headers: Headers, scope: Scope) -> None:
    """Refuse what another site's page sends. Programs that are no browsers send neither header.

    A link of another site may lead to the page, but a form of it to nothing.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and origin.lower() != f"http://{headers.get('host', '')}".lower():
        raise Refusal(403, f"a page of {origin[:80]!r} may not ask this lab")
    is_navigation = (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    is_link = is_navigation and scope["method"] == "GET" and not scope["path"].startswith("/api")
    if site not in ("same-origin", "none") and not is_link:
        raise Refusal(403, "a page of another site may not ask this lab")


def may_exceed(headers: Headers, most: int) -> bool:
    """Whether a body may be longer: it says so, or comes in pieces and says nothing."""
    told = headers.get("content-length")
    return "transfer-encoding" in headers if told is None else not body.fits(told, most)


def _replay_body(content: bytes, receive: Receive) -> Receive:
    """The body that was read, then what follows it."""
    parts = [content]

    async def message() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        return await receive()

    return message


def _add_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
