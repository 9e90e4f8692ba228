"""`make_app`: the lab as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import plotly
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from linnet._version import __version__
from linnet.errors import DataNotFoundError, LinnetError
from linnet.lab import line, numbers, sweeping, training, trying, uploads
from linnet.lab.guard import Guard
from linnet.lab.state import LabState, MissingError, Settings
from linnet.web.connection import Crowd
from linnet.web.refusal import Refusal

STATIC = Path(__file__).parent / "static"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

THREADS = 16
"""Requests that compute at once; more wait."""


PROBLEMS: dict[int | str, str] = {
    400: "The request is no HTTP of this lab, or its body was cut off.",
    401: "The token is missing or wrong.",
    403: "A page of another site asks, or the Host is another.",
    404: "There is no such data set, model or row, or no longer.",
    408: "The body did not arrive in time.",
    409: "The data set has to be downloaded first.",
    413: "The body is too large.",
    422: "The body is not what is asked for, or cannot be trained on.",
    503: "Too many wait for their turn.",
}
"""What may be wrong with any request."""


PROBLEM: dict[str, Any] = {
    "application/json": {
        "schema": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    }
}
"""Why a request is not answered; JSON whatever the answer would have been."""

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def make_app(settings: Settings | None = None, lab: LabState | None = None) -> ASGIApp:
    """The lab.

    Args:
        settings: where it listens, and its limits; those of `Settings` when None.
        lab: what requests share; one of its own when None.
    """
    settings = settings or Settings()
    lab = lab or LabState(settings)
    app = FastAPI(
        title="linnet lab", version=__version__, docs_url=None, redoc_url=None, lifespan=_living(lab),
        responses={status: {"description": why, "content": PROBLEM} for status, why in PROBLEMS.items()},
    )  # fmt: skip
    for tab in (uploads, training, sweeping, trying, numbers, line):
        app.include_router(tab.router(lab))
    _answer_errors(app)

    @app.get("/plotly.js", include_in_schema=False)
    async def charts() -> FileResponse:
        """Of the installed package; a new version has another address, so that it can be kept for long."""
        return FileResponse(PLOTLY, media_type="text/javascript", headers={"cache-control": "max-age=86400"})

    @app.api_route("/api/{rest:path}", methods=METHODS, include_in_schema=False)
    async def no_such(request: Request, rest: str) -> JSONResponse:
        """What no route above takes: another method, or another address; not a file's either."""
        methods = sorted(method.upper() for method in app.openapi()["paths"].get(request.url.path, ()))
        if not methods:
            return JSONResponse({"detail": f"there is nothing at /api/{rest[:80]}"}, 404)
        told = {"detail": f"this address takes {' or '.join(methods)}"}
        return JSONResponse(told, 405, {"allow": ", ".join(methods)})

    app.mount("/", Files(directory=STATIC, html=True))
    return Crowd(Guard(app, settings))


class Files(StaticFiles):
    """The page's files, which a browser asks for anew each time: an upgrade is then seen at once."""

    async def get_response(self, path: str, scope: Scope):
        """As the base does it."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def _living(lab: LabState):
    """The lifespan: bounded threads, and no work left over."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        lab.jobs.stop_all()

    return lifespan


def _answer_errors(app: FastAPI) -> None:
    """Each mistake of a request is told in one form: {"detail": "..."}."""

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_told, error.errors()))}, 422)

    @app.exception_handler(LinnetError)
    async def mistaken(_: Request, error: LinnetError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404 if isinstance(error, DataNotFoundError) else 422)

    @app.exception_handler(MissingError)
    async def missing(_: Request, error: MissingError) -> JSONResponse:
        return JSONResponse({"detail": f"there is no {str(error)[:80]} here, or no longer"}, 404)

    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, error.status)


def _told(error: dict) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "body")
    return f"{place}: {error['msg']}" if place else str(error["msg"])
