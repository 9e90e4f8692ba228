"""`Predict`: the ASGI application of POST /predict, from the body of a request to its answer."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import anyio.to_thread
import numpy as np
import orjson
from anyio import CapacityLimiter
from starlette.types import Receive, Scope, Send

from linnet.model.predictor import Predictor
from linnet.schema.columns import Seen
from linnet.serve import page, parse, table
from linnet.serve.media import Media, Options, is_packed, media_of, open_form, options_of, parameters_of
from linnet.serve.metrics import ROWS, Metrics
from linnet.serve.parse import Limits
from linnet.serve.records import check_marks
from linnet.serve.reloader import ModelReloader
from linnet.web import body
from linnet.web.refusal import Refusal

LARGE = 256 << 10
"""Bytes of a body from which on another thread takes it, so that short requests need not wait."""

QUICK = ("json", "raw", "npy")
"""What is read at once where it is short; forms may hold pictures."""

ENCODED = "a list has the numbers of the encoded columns, a row of the table is an object by column name"
"""What is said of lists of which a model of a table can make nothing."""

FORM = frozenset({400, 405, 415, 422})
"""Refusals of what a request is like, which are told with a line that would work."""

STARTS = {b"image/png": b"\x89PNG", b"image/jpeg": b"\xff\xd8", b"image/jpg": b"\xff\xd8"}
"""How files of these types begin."""


@dataclass(frozen=True, eq=False)
class Predict:
    """POST /predict as an application of its own.

    It stands beside FastAPI and works on plain messages: FastAPI's way to a handler costs more than a
    prediction, and models of pydantic would be made of each row. What it takes and gives stands in `schema`.

    Args:
        reloader: the model.
        limits: of a request.
        metrics: where rows are counted.
        heavy: how many large bodies and pictures are worked on at once.
    """

    reloader: ModelReloader
    limits: Limits
    metrics: Metrics
    heavy: CapacityLimiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a refusal is an answer too, with a line that would work."""
        try:
            content = await self._answer(scope, receive)
        except Refusal as refusal:
            example = page.example(self.reloader.model, scope) if refusal.status in FORM else None
            return await refusal.response(example)(scope, receive, send)
        length = str(len(content)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise Refusal(405, f"/predict takes POST, not {scope['method'][:20]}", "POST, OPTIONS")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        kind = headers.get(b"content-type", b"")
        media, packed = media_of(kind.partition(b";")[0]), is_packed(headers)
        options = options_of(scope["query_string"])
        told = headers.get(b"content-length")
        length = None if told is None else told.decode("latin-1")
        content = await body.read(receive, length, self.limits.bytes)
        model, arrived = self.reloader.model, Body(media, content, options, kind, packed)
        if media in QUICK and not packed and len(content) < LARGE:
            rows, answer = self._work(model, arrived)
        else:
            rows, answer = await anyio.to_thread.run_sync(self._work, model, arrived, limiter=self.heavy)
        self.metrics.add(ROWS, rows.X.shape[0])
        if rows.seen and (schema := model.card.schema) is not None:
            self.metrics.add_seen(schema.names, rows.seen)
        return answer

    def _work(self, model: Predictor, arrived: Body) -> tuple[Rows, bytes]:
        """The rows, and the answer to them; runs in any thread."""
        try:
            rows = arrived.rows(model, self.limits)
        except parse.NothingSeen as nothing:
            rows = Rows(np.empty((0, model.features)))
            return rows, answer(model, rows.X, nothing=str(nothing))
        return rows, answer(model, rows.X, rows.seen)


class Rows(NamedTuple):
    """Rows to answer.

    Args:
        X: (B, D), an array or a sparse matrix of scipy.
        seen: what was seen in the columns of rows that came by name; None of rows of features.
    """

    X: Any
    seen: dict[str, Seen] | None = None


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

    def rows(self, model: Predictor, limits: Limits) -> Rows:
        """The rows that it holds.

        Raises:
            Refusal: it holds none.
        """
        media, content, options, card = self.media, self.content, self.options, model.card
        if self.is_packed:
            content = body.gunzip(content, limits.bytes)
        if media == "form":
            media, content, options = open_form(content, self.kind, options)
        if media == "json":
            return _of_json(model, content, limits.rows)
        if media == "csv":
            return _of_csv(model, content, self.kind, limits.rows)
        if media == "npy" or (media == "raw" and content.startswith(parse.MAGIC)):
            return Rows(parse.from_npy(content, model.features, limits.rows, card.image_shape))
        if media == "raw":
            return Rows(parse.from_raw(content, options.dtype, model.features, limits.rows))
        if self.media == "picture":
            _check_kind(self.kind, content)
        return Rows(parse.from_picture(content, options.invert, card))


def _of_json(model: Predictor, content: bytes, most: int) -> Rows:
    """Rows by column name, where the model was trained on a table, or lists of its features."""
    schema, shape = model.card.schema, model.card.image_shape
    if schema is None:
        parse.check_marks(content, model.features, most, shape)
        return Rows(parse.from_lists(parse.load_json(content), content, model.features, most, shape))
    check_marks(content, max(len(schema.columns), model.features), most)
    said = parse.load_json(content)
    named = table.from_object(said, content, model, most)
    if named is not None:
        return Rows(*named)
    try:
        return Rows(parse.from_lists(said, content, model.features, most))
    except Refusal as refusal:
        raise Refusal(refusal.status, f"{refusal}; {ENCODED}") from None


def _of_csv(model: Predictor, content: bytes, kind: bytes, most: int) -> Rows:
    """Rows of a table in text."""
    if model.card.schema is None:
        raise Refusal(415, f"the model of {model.card.dataset} was not trained on a table: send its features")
    return Rows(*table.from_csv(content, parameters_of(kind), model.card.schema, most))


def _check_kind(kind: bytes, content: bytes) -> None:
    """Refuse a picture that is said to be a PNG or JPEG and is neither."""
    said = kind.partition(b";")[0].strip().lower()
    if said in STARTS and not content.startswith(tuple(STARTS.values())):
        raise Refusal(422, f"the picture is no PNG or JPEG, though its content type is {said.decode()}")


def answer(model: Predictor, X: Any, seen: dict[str, Seen] | None = None, nothing: str = "") -> bytes:
    """The JSON that answers rows (B, D), or says why there are none to answer.

    Raises:
        Refusal: 422 where a feature is not finite, or so large that the scores are not.
    """
    with np.errstate(all="ignore"):
        result = model.answers(X)  # (B, K)
        is_sound = isfinite(np.add.reduce(result, axis=None)) or bool(np.isfinite(result).all())
    if not is_sound:
        raise Refusal(422, _find_fault(model, X, result))
    said: dict[str, object] = {"model": model.checksum}
    if seen is not None:
        said |= table.name_answers(model, result, seen)
    elif model.card.classes:
        said["classes"] = [model.card.classes[k] for k in result.argmax(1).tolist()]
        said["probabilities"] = result
    else:
        said["predictions"] = result
    if nothing:
        said["nothing"] = nothing
    return orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY)


def _find_fault(model: Predictor, X: Any, result: np.ndarray) -> str:
    """Which feature cannot be."""
    row = int(np.argwhere(~np.isfinite(result))[0, 0])
    cells = np.asarray(X[[row]] if isinstance(X, np.ndarray) else X[[row]].toarray())[0]  # (D,)
    with np.errstate(all="ignore"):
        bad = np.argwhere(~np.isfinite(cells.astype(model.W.dtype)))
    if len(bad):
        j = int(bad[0, 0])
        name = "" if model.card.schema is None else f", {model.card.schema.features[j]!r}"
        return f"row {row}, feature {j}{name} is {cells[j]:g}, which is not finite in {model.W.dtype}"
    return f"row {row} is so large that its scores are not finite"
