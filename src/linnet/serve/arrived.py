"""`Body`: a body that has arrived, and the rows that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from linnet.model.predictor import Predictor
from linnet.serve import parse
from linnet.serve.form import opened
from linnet.serve.media import Media, Options
from linnet.serve.npy import MAGIC, from_npy
from linnet.web.gzip import gunzip
from linnet.web.refusal import Refusal

PLAIN = b"identity"
"""How a body is encoded: not at all."""

GZIP = frozenset({b"gzip", b"x-gzip"})


@dataclass(frozen=True)
class Limits:
    """How much one request may bring.

    Args:
        rows: at most.
        bytes: of the body, at most.
    """

    rows: int = 4096
    bytes: int = 16 << 20


STARTS = {b"image/png": b"\x89PNG", b"image/jpeg": b"\xff\xd8", b"image/jpg": b"\xff\xd8"}
"""How files of these types begin."""


class Body(NamedTuple):
    """A body that has arrived.

    Args:
        media: what it is.
        content: its bytes.
        options: of the query.
        kind: its content type, as it came.
        is_packed: whether it is gzip'd.
    """

    media: Media
    content: bytes
    options: Options
    kind: bytes = b""
    is_packed: bool = False

    def rows(self, model: Predictor, limits: Limits) -> parse.Rows:
        """The rows that it holds, (B, D).

        Raises:
            Refusal: it holds none.
        """
        media, content, options, card = self.media, self.content, self.options, model.card
        if self.is_packed:
            content = gunzip(content, limits.bytes)
        if media == "form":
            media, content, options = opened(content, self.kind, options)
        if media == "json":
            return parse.from_json(content, model.features, limits.rows, card.image_shape)
        if media == "npy" or (media == "raw" and content.startswith(MAGIC)):
            return from_npy(content, model.features, limits.rows, card.image_shape)
        if media == "raw":
            return parse.from_raw(content, options.dtype, model.features, limits.rows)
        if self.media == "picture":
            _check_kind(self.kind, content)
        return parse.from_picture(content, options.invert, card)


def _check_kind(kind: bytes, content: bytes) -> None:
    """Refuse a picture that is said to be a PNG or JPEG and is neither."""
    said = kind.partition(b";")[0].strip().lower()
    if said in STARTS and not content.startswith(tuple(STARTS.values())):
        raise Refusal(422, f"the picture is no PNG or JPEG, though its content type is {said.decode()}")


def is_packed(headers: dict[bytes, bytes]) -> bool:
    """Whether a body is gzip'd.

    Raises:
        Refusal: 415, it is packed in another way.
    """
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise Refusal(415, "a body is packed by content-encoding: gzip, not by transfer-encoding")
    encoding = headers.get(b"content-encoding", PLAIN).strip().lower()
    if encoding in (PLAIN, b""):
        return False
    if encoding not in GZIP:
        got = encoding[:30].decode("latin-1")
        raise Refusal(415, f"a body is sent as it is or with content-encoding: gzip, not as {got}")
    return True
