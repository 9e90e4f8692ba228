"""`make_app`: the routes of the service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import anyio
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from linnet._version import __version__
from linnet.errors import UsageError
from linnet.model.card import Card
from linnet.model.predictor import Predictor
from linnet.schema.profile import ColumnProfile, profile
from linnet.serve import page, schema
from linnet.serve.access import OPEN, protect
from linnet.serve.metrics import PATHS, Metrics, RequestCounter
from linnet.serve.parse import Limits
from linnet.serve.predict import Predict
from linnet.serve.reloader import ModelReloader
from linnet.web.connection import Crowd
from linnet.web.refusal import Refusal

_POLICY = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}

HEAVY = 4
"""Large bodies and pictures that are worked on at once: each may take some hundred MB."""


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """That there is a model, and why the newest file was not taken, when it was not."""

    status: Literal["ready"] = "ready"
    model: str
    refused: str | None


class ModelInfo(BaseModel):
    """The model that answers now; of a table with what each column takes, and a row."""

    checksum: str
    features: int
    outputs: int
    dtype: str
    kind: Literal["softmax", "logistic", "regression"]
    card: dict[str, Any]
    columns: list[ColumnProfile] | None
    example: dict[str, Any] | None
    loaded: str
    reloads: int


def _describe(card: Card) -> dict[str, Any]:
    """A card as plain values, its schema and its rules as a model file keeps them."""
    kept = {"schema": card.schema and card.schema.to_json(), "rules": card.rules and card.rules.to_json()}
    return {**vars(card), **kept}


def make_app(
    folder: Path | str,
    *,
    limits: Limits | None = None,
    api_key: str | None = None,
    origins: Sequence[str] = (),
    metrics: Metrics | None = None,
    spare: Predictor | None = None,
) -> RequestCounter:
    """The service of a run's model.

    Args:
        folder: of the run.
        limits: of a request.
        api_key: what a request must bring; None where all may ask.
        origins: of the web pages that may ask, such as https://shop.example; "*" for any.
        metrics: what counts; None where this process is alone.
        spare: the model to answer with while the run's is damaged or gone.

    Raises:
        DataNotFoundError: there is no model in the folder, nor a spare one.
        ChecksumError, FormatError: it is damaged, and there is no spare one.
        UsageError: a limit is not positive, the key is empty or cannot be a header, or an origin is none.
    """
    limits = limits or Limits()
    if limits.rows < 1 or limits.bytes < 1:
        raise UsageError(f"limits must be positive, not {limits}")
    metrics = metrics or Metrics()
    reloader = ModelReloader(Path(folder), metrics, spare)
    app = FastAPI(title="linnet", version=__version__, docs_url=None, redoc_url=None, lifespan=reloader.serve)
    _add_pages(app, reloader, limits, metrics)
    _add_refusals(app, reloader)
    predict = Predict(reloader, limits, metrics, anyio.CapacityLimiter(HEAVY))
    front = protect(Front(predict, app, frozenset(PATHS) - {"other"}), api_key, origins)
    return RequestCounter(Crowd(front, OPEN), metrics)


class Front:
    """Sends /predict to its own application, and all else to FastAPI.

    Args:
        predict: of /predict.
        pages: FastAPI.
        paths: of the pages.
    """

    def __init__(self, predict: ASGIApp, pages: ASGIApp, paths: frozenset[str]) -> None:
        self.predict, self.pages, self.paths = predict, pages, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a page's head is asked for as the page is: uvicorn leaves out the body."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS" and scope["path"] in self.paths:
            allowed = "POST, OPTIONS" if scope["path"] == "/predict" else "GET, HEAD, OPTIONS"
            return await Response(status_code=204, headers={"allow": allowed})(scope, receive, send)
        if scope["type"] == "http" and scope["path"] == "/predict":
            return await self.predict(scope, receive, send)
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.pages(scope, receive, send)


def _add_pages(app: FastAPI, reloader: ModelReloader, limits: Limits, metrics: Metrics) -> None:
    """All but /predict, whose description is added to OpenAPI here."""

    @app.get("/healthz", summary="Whether the process answers")
    async def healthz() -> Health:
        return Health()

    @app.get("/readyz", summary="Whether there is a model to answer with")
    async def readyz() -> Readiness:
        return Readiness(model=reloader.model.checksum, refused=reloader.refused)

    @app.get("/metrics", summary="Counters in Prometheus' text format", response_class=PlainTextResponse)
    async def read_metrics() -> PlainTextResponse:
        table = reloader.model.card.schema
        columns = () if table is None else table.names
        text = metrics.text(reloader.model.checksum, columns)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    @app.get("/model", summary="The model that answers now")
    async def model() -> ModelInfo:
        now = reloader.model
        table = now.card.schema
        return ModelInfo(
            columns=None if table is None else [profile(column) for column in table.columns],
            example=None if table is None else schema.example_row(table),
            checksum=now.checksum, features=now.features, outputs=now.outputs, dtype=str(now.W.dtype),
            kind=now.card.kind, card=_describe(now.card), loaded=reloader.loaded, reloads=metrics.reloads,
        )  # fmt: skip

    def describe() -> dict[str, Any]:
        """OpenAPI's description, made anew: a newer model may have other features."""
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        return made | {"paths": {"/predict": schema.predict_path(reloader.model, limits), **made["paths"]}}

    app.openapi = describe  # as FastAPI's manual says to extend it

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> Response:
        return Response(status_code=204)  # browsers ask for one, and complain where there is none

    @app.get("/", include_in_schema=False)
    async def index(request: Request, lang: str | None = None) -> Response:
        """The page for a browser, and for programs where everything is."""
        if "text/html" in request.headers.get("accept", ""):
            return await docs(request, lang)
        line = page.example(reloader.model, request.scope)
        return JSONResponse({"predict": line, "docs": "docs", "openapi": "openapi.json"})

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request, lang: str | None = None) -> HTMLResponse:
        reader = page.Reader.of(request.scope, lang)
        return HTMLResponse(page.page(reloader.model, describe(), reader), headers=_POLICY)


def _add_refusals(app: FastAPI, reloader: ModelReloader) -> None:
    """Tell of pages that there are not, or not by that method, with a line that would work."""

    @app.exception_handler(404)
    async def refuse_path(request: Request, _: Exception) -> Response:
        what = f"there is nothing at {request.url.path[:80]!r}"
        refusal = Refusal(404, f"{what}: POST /predict answers, GET /docs says how")
        return refusal.response(page.example(reloader.model, request.scope))

    @app.exception_handler(405)
    async def refuse_method(request: Request, _: Exception) -> Response:
        what = f"{request.url.path[:80]} takes GET, not {request.method[:20]}"
        refusal = Refusal(405, f"{what}: POST /predict answers", "GET, HEAD, OPTIONS")
        return refusal.response(page.example(reloader.model, request.scope))
