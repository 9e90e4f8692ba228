"""POST /predict: a body in, an answer out."""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread
import numpy as np
import orjson
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response

from linnet.serve import body, parse
from linnet.serve.metrics import Metrics
from linnet.serve.refusal import Refusal
from linnet.serve.shelf import Shelf
from linnet.train.predictor import Predictor

LARGE = 256 << 10
"""Bytes of a body from which on another thread takes it, so that short requests need not wait."""

MEDIA = {"application/json": "json", "application/octet-stream": "raw", "image/png": "picture",
         "image/jpeg": "picture"}  # fmt: skip
"""What a body may be."""

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
    """The handler of POST /predict.

    It is a plain handler without models of pydantic: one is made of each row otherwise. What it takes and
    gives stands in `schema`.

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

    async def respond(self, request: Request) -> Response:
        """Answer a request; a refusal is an answer too."""
        try:
            return await self._answer(request)
        except Refusal as refusal:
            return refusal.response()

    async def _answer(self, request: Request) -> Response:
        said = request.headers.get("content-type", "")
        media = MEDIA.get(said.partition(";")[0].strip().lower())
        if media is None:
            raise Refusal(415, f"expected a content type of {', '.join(MEDIA)}, got {said[:60]!r}")
        content = await body.read(request, self.limits.bytes)
        model = self.shelf.model
        option = request.query_params.get(OPTIONS[media]) if media in OPTIONS else None
        if media != "picture" and len(content) < LARGE:
            rows, answer = self._work(model, media, content, option)
        else:
            rows, answer = await anyio.to_thread.run_sync(
                self._work, model, media, content, option, limiter=self.heavy
            )
        self.metrics.rows += rows
        return Response(answer, media_type="application/json")

    def _work(self, model: Predictor, media: str, content: bytes, option: str | None) -> tuple[int, bytes]:
        """How many rows there are, and the answer to them; runs in any thread."""
        if media == "json":
            X = parse.from_json(content, model.features, self.limits.rows)
        elif media == "raw":
            X = parse.from_raw(content, option, model.features, self.limits.rows)
        else:
            X = parse.from_picture(content, option, model.card)
        return len(X), answer(model, X)


def answer(model: Predictor, X: parse.Rows) -> bytes:
    """The JSON that answers rows (B, D).

    Raises:
        Refusal: 422 where a feature is not finite, or so large that the scores are not.
    """
    with np.errstate(all="ignore"):
        result = model.answers(X)  # (B, K)
    if not np.isfinite(result).all():
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
