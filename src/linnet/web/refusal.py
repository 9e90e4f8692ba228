"""`Refusal`: why a request is not answered; the secrets that requests bring."""

from __future__ import annotations

import hmac

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response


class Refusal(Exception):  # noqa: N818 (it is the client's error, not ours)
    """A request that cannot be answered.

    Args:
        status: of HTTP, 4xx.
        reason: what was got, what was expected.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    def response(self, example: str | None = None) -> Response:
        """The answer; one given before the body was read ends the connection with it.

        Args:
            example: a line that would work.
        """
        headers = {"connection": "close"} if self.status in (408, 413, 503) else {}
        if self.status == 503:
            headers["retry-after"] = "1"
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        if self.status == 405:
            headers["allow"] = "POST, OPTIONS"
        if self.status == 415:
            headers["accept-encoding"] = "gzip, identity"
        content = orjson.dumps({"detail": str(self)} | ({} if example is None else {"example": example}))
        return Response(content, self.status, headers, "application/json")


def bearer(headers: Headers) -> str:
    """The secret of `Authorization: Bearer SECRET`; empty without one."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def is_secret(given: str, expected: str) -> bool:
    """Whether a request brought the secret, compared in constant time; an empty one opens nothing."""
    return bool(expected) and hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected.encode())
