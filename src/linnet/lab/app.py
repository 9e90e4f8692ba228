"""`make_app`: the lab as an ASGI application; `serve`: uvicorn and the browser."""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any

import orjson
import plotly
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from linnet import i18n
from linnet._version import __version__
from linnet.config import OPTIMIZERS, Augmentation
from linnet.config.augmentation import USUAL
from linnet.data import locate
from linnet.data.formats import frames, svmlight_lines
from linnet.data.formats.encoding import PACKED
from linnet.errors import DataNotFoundError, LinnetError, UsageError
from linnet.lab import line, numbers, sweeping, training, trying, uploads
from linnet.lab.guard import Guard
from linnet.lab.settings import Settings, is_loopback
from linnet.lab.state import LabState
from linnet.web.connection import Crowd
from linnet.web.refusal import Refusal
from linnet.web.server import listen, make_config

STATIC = Path(__file__).parent / "static"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

PORT = 8765
GRACE = 1
CONNECTIONS = 200
"""At once: as many requests, streams of trainings among them."""

SWITCH = 0.001
"""Seconds that a training may keep the interpreter from answering; Python's 5 ms add up over an answer."""


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

NAMES = {
    "optimizers": OPTIMIZERS,
    "augmentations": ["none", *(str(Augmentation.parse(name)) for name in USUAL)],
    "losses": line.LOSSES,
    "files": [*frames.SUFFIXES, *svmlight_lines.SUFFIXES, *locate.SUFFIXES, *PACKED],
}
"""What the page offers by name: read from where the library keeps it, so that nothing is named twice."""

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
        title="linnet lab", version=__version__, docs_url=None, redoc_url=None, lifespan=lab.serve,
        responses={status: {"description": why, "content": PROBLEM} for status, why in PROBLEMS.items()},
    )  # fmt: skip
    shared = (tab.router(lab) for tab in (uploads, training, sweeping, trying))
    for routes in (*shared, numbers.routes, line.routes):
        app.include_router(routes)
    _answer_errors(app)

    @app.get("/settings.js", include_in_schema=False)
    async def names() -> Response:
        """The library's names for the page, as a module of JavaScript."""
        return _script("settings", NAMES)

    @app.get("/texts.js", include_in_schema=False)
    async def texts() -> Response:
        """The page's texts in each language, likewise."""
        return _script("texts", {language: i18n.texts("lab", language) for language in i18n.LANGUAGES})

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


def _script(name: str, value: Any) -> Response:
    """A value as a module of JavaScript that exports it."""
    content = b"export const " + name.encode() + b" = " + orjson.dumps(value) + b";\n"
    return Response(content, media_type="text/javascript")


class Files(StaticFiles):
    """The page's files, which a browser asks for anew each time: an upgrade is then seen at once."""

    async def get_response(self, path: str, scope: Scope):
        """As the base does it."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def _answer_errors(app: FastAPI) -> None:
    """Each mistake of a request is told in one form: {"detail": "..."}."""

    @app.exception_handler(RequestValidationError)
    async def refuse_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_describe_error, error.errors()))}, 422)

    @app.exception_handler(LinnetError)
    async def refuse_mistake(_: Request, error: LinnetError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404 if isinstance(error, DataNotFoundError) else 422)

    @app.exception_handler(Refusal)
    async def refuse(_: Request, error: Refusal) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, error.status)


def _describe_error(error: dict) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "body")
    return f"{place}: {error['msg']}" if place else str(error["msg"])


def serve(
    host: str, port: int | None, data_dir: Path | None = None, *, token: str | None = None, opens: bool = True
) -> None:
    """Serve the lab until Ctrl-C.

    Args:
        host: the address to listen on; beyond this machine a token is asked for.
        port: 0 for any that is free; when None 8765, or any that is free where that is taken.
        data_dir: the folder with the data sets' files.
        token: of one's own; made when it is needed and None.
        opens: the browser.

    Raises:
        UsageError: the address cannot be had.
    """
    sys.setswitchinterval(SWITCH)
    with _listen(host, port) as listener:
        if not token:  # none, or an empty variable
            token = None if is_loopback(host) else secrets.token_urlsafe(24)
        settings = Settings(host, listener.getsockname()[1], token, data_dir)
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when all has ended
            Server(settings, opens).run([listener])


class Server(uvicorn.Server):
    """uvicorn that says where it is, and opens the browser once it answers."""

    def __init__(self, settings: Settings, opens: bool) -> None:
        self.settings, self.opens, self.lab = settings, opens, LabState(settings)
        config = make_config(
            make_app(settings, self.lab), CONNECTIONS, log_level="warning", timeout_graceful_shutdown=GRACE
        )
        # Not a daemon: Python's end would kill it inside torch, which aborts the process.
        self.warming = threading.Thread(target=self.lab.warm)
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        url = self.settings.url(_reachable(self.settings.host))
        print(f"linnet lab is at {url} (Ctrl-C ends it)", flush=True)
        self.warming.start()
        if self.opens:
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way first, for its pages hold on to the server."""
        self.lab.jobs.stop_all()
        await super().shutdown(sockets)
        self.warming.join()  # what it imports can no longer be set up once Python is ending


def _reachable(host: str) -> str:
    """A name that others can open, for an address that means all of this machine's."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket on the port, or when None on the usual one, or on any where that is taken."""
    if port is not None:
        return listen(host, port)[0]
    try:
        return listen(host, PORT)[0]
    except UsageError:
        return listen(host, 0)[0]
