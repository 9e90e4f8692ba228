from __future__ import annotations

import anyio
import pytest
from starlette.types import Message

from linnet.web import body
from linnet.web.refusal import Refusal


def read(*messages: Message, told: str | None = None, most: int = 10) -> bytes:
    """Read some messages, after which nothing comes any more."""
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await anyio.sleep(60)
        return left.pop(0)

    return anyio.run(body.read, receive, told, most)


def piece(content: bytes, more: bool) -> Message:
    """A piece of a body."""
    return {"type": "http.request", "body": content, "more_body": more}


def test_pieces_are_joined() -> None:
    assert read(piece(b"abc", True), piece(b"", True), piece(b"d", False), told="4") == b"abcd"
    assert read({"type": "http.request"}) == b""


@pytest.mark.parametrize("told", ["11", "9" * 40, "-1", "x", ""])
def test_a_length_that_cannot_be_is_refused_unread(told: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(told=told)
    assert refused.value.status == 413


def test_reading_stops_at_the_limit() -> None:
    with pytest.raises(Refusal) as refused:  # the second piece says that more follows; it is not waited for
        read(piece(b"a" * 10, True), piece(b"b", True))
    assert refused.value.status == 413


def test_a_slow_body_and_one_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal) as refused:
        read(piece(b"a", True), {"type": "http.disconnect"})
    assert refused.value.status == 400
    monkeypatch.setattr(body, "SECONDS", 0.05)
    with pytest.raises(Refusal, match=r"did not arrive in 0\.05 seconds") as refused:
        read(piece(b"a", True))
    assert refused.value.status == 408
