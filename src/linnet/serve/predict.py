"""POST /predict: a body in, an answer out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from urllib.parse import parse_qsl

import anyio.to_thread
import numpy as np
import orjson
from anyio import CapacityLimiter
from starlette.types import Receive, Scope, Send

from linnet.serve import parse
from linnet.serve.metrics import Metrics
from linnet.serve.shelf import Shelf
from linnet.train.predictor import Predictor
from linnet.web import body
from linnet.web.refusal import Refusal

LARGE = 256 << 10
"""Bytes of a body from which on another thread takes it, so that short requests need not wait."""

MEDIA = {"application/json": "json", "application/octet-stream": "raw", "image/png": "picture",
         "image/jpeg": "picture", "image/webp": "picture", "image/tiff": "picture", "image/bmp": "picture",
         "image/gif": "picture"}  # fmt: skip
"""What a body may be."""

PLAIN = b"identity"
"""How a body is encoded: not at all."""

OPTIONS = {"raw": "dtype", "picture": "invert"}
"""The query parameter of each."""


@dataclass(frozen=True)
class Limits:
    """How much one request may bring.

    Args:
        rows: at most.
        bytes: of the body, at most.
    """

    rows: int = 4096
    bytes: int = 16 << 20


@dataclass(frozen=True, eq=False)
class Predict:
    """POST /predict as an application of its own.

    It stands beside FastAPI and works on plain messages: FastAPI's way to a handler costs more than a
    prediction, and models of pydantic would be made of each row. What it takes and gives stands in `schema`.

    Args:
        shelf: the model.
        limits: of a request.
        metrics: where rows are counted.
        heavy: how many large bodies and pictures are worked on at once.
    """

    shelf: Shelf
    limits: Limits
    metrics: Metrics
    heavy: CapacityLimiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a refusal is an answer too."""
        try:
            content = await self._answer(scope, receive)
        except Refusal as refusal:
            return await refusal.response()(scope, receive, send)
        length = str(len(content)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise Refusal(405, "/predict takes POST")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        media = _media(headers.get(b"content-type", b""))
        if (encoding := headers.get(b"content-encoding", PLAIN).lower()) != PLAIN:
            raise Refusal(415, f"a body is sent as it is, not as {encoding[:30].decode('latin-1')}")
        content = await body.read(receive, headers.get(b"content-length"), self.limits.bytes)
        model, option = self.shelf.model, _option(scope["query_string"], OPTIONS.get(media))
        if media != "picture" and len(content) < LARGE:
            rows, answer = self._work(model, media, content, option)
        else:
            rows, answer = await anyio.to_thread.run_sync(
                self._work, model, media, content, option, limiter=self.heavy
            )
        self.metrics.add_rows(rows)
        return answer

    def _work(self, model: Predictor, media: str, content: bytes, option: str | None) -> tuple[int, bytes]:
        """How many rows there are, and the answer to them; runs in any thread."""
        if media == "json":
            X = parse.from_json(content, model.features, self.limits.rows)
        elif media == "raw":
            X = parse.from_raw(content, option, model.features, self.limits.rows)
        else:
            X = parse.from_picture(content, option, model.card)
        return len(X), answer(model, X)


@lru_cache(maxsize=64)
def _media(said: bytes) -> str:
    media = MEDIA.get(said.partition(b";")[0].strip().lower().decode("latin-1"))
    if media is None:
        got = said[:60].decode("latin-1")
        raise Refusal(415, f"expected a content type of {', '.join(MEDIA)}, got {got!r}")
    return media


@lru_cache(maxsize=64)
def _option(query: bytes, name: str | None) -> str | None:
    """The last value of a query's parameter; a service is asked the same few queries again and again.

    Raises:
        Refusal: 422, a parameter has a value that it cannot have, whatever the body is.
    """
    options = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    parse.check_options(options)
    return options.get(name) if name else None


def answer(model: Predictor, X: parse.Rows) -> bytes:
    """The JSON that answers rows (B, D).

    Raises:
        Refusal: 422 where a feature is not finite, or so large that the scores are not.
    """
    with np.errstate(all="ignore"):
        result = model.answers(X)  # (B, K)
        is_sound = isfinite(np.add.reduce(result, axis=None)) or bool(np.isfinite(result).all())
    if not is_sound:
        raise Refusal(422, _unfit(model, X, result))
    said: dict[str, object] = {"model": model.checksum}
    if model.card.classes:
        said["classes"] = [model.card.classes[k] for k in result.argmax(1).tolist()]
        said["probabilities"] = result
    else:
        said["predictions"] = result
    return orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY)


def _unfit(model: Predictor, X: parse.Rows, result: np.ndarray) -> str:
    """Which feature cannot be."""
    with np.errstate(all="ignore"):
        bad = np.argwhere(~np.isfinite(X.astype(model.W.dtype)))
    if len(bad):
        i, j = bad[0].tolist()
        return f"row {i}, feature {j} is {X[i, j]:g}, which is not finite in {model.W.dtype}"
    row = int(np.argwhere(~np.isfinite(result))[0, 0])
    return f"row {row} is so large that its scores are not finite"
