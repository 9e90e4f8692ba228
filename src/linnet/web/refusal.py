"""`Refusal`: why a request is not answered; the secrets that requests bring."""

from __future__ import annotations

import hmac

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response

HEADERS: dict[int, dict[str, str]] = {
    401: {"www-authenticate": "Bearer"},
    408: {"connection": "close"},
    413: {"connection": "close"},
    415: {"accept-encoding": "gzip, identity"},
    503: {"connection": "close", "retry-after": "1"},
}
"""Of the answer, by its status; one that is given before the body was read ends the connection."""


class Refusal(Exception):  # noqa: N818 (it is the client's error, not ours)
    """A request that cannot be answered.

    Args:
        status: of HTTP, 4xx or 503.
        reason: what was got, what was expected.
        allow: the methods that a 405 names.
    """

    def __init__(self, status: int, reason: str, allow: str = "") -> None:
        super().__init__(reason)
        self.status, self.allow = status, allow

    def response(self, example: str | None = None) -> Response:
        """The answer.

        Args:
            example: a line that would work.
        """
        headers = {**HEADERS.get(self.status, {}), **({"allow": self.allow} if self.allow else {})}
        content = orjson.dumps({"detail": str(self)} | ({} if example is None else {"example": example}))
        return Response(content, self.status, headers, "application/json")


def bearer(headers: Headers) -> str:
    """The secret of `Authorization: Bearer SECRET`; empty without one."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def is_secret(given: str, expected: str) -> bool:
    """Whether a request brought the secret, compared in constant time; an empty one opens nothing."""
    return bool(expected) and hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected.encode())
