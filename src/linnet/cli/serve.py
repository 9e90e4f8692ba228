"""`linnet serve`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from linnet.errors import needs_extra


def serve(
    run: Path,
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    api_key: Annotated[str | None, Parameter(env_var="LINNET_API_KEY")] = None,
    allow_origin: tuple[str, ...] = (),
    max_rows: PositiveInt = 4096,
    max_bytes: PositiveInt = 16 << 20,
    grace: PositiveInt = 30,
    workers: PositiveInt | None = None,
) -> None:
    """Answer predictions over HTTP: POST /predict takes JSON rows, plain numbers, or a picture.

    A newer model in the run's folder is taken up within a second, between two requests. SIGTERM and Ctrl-C
    end the service when it has answered what it took. GET /docs describes it.

    Examples

        linnet serve runs/first

        LINNET_API_KEY=secret linnet serve runs/first --host 0.0.0.0 --port 80

    Parameters
    ----------
    run
        The run's folder.
    host
        The address to listen on; only this machine can ask unless it is another.
    port
        The port; 0 for any that is free.
    api_key
        What requests must bring. Other users of this machine can read a command line: the
        variable LINNET_API_KEY is safer.
    allow_origin
        Origin of web pages that may ask from a browser, such as https://shop.example; * for any. May be
        given several times.
    max_rows
        Rows of a request.
    max_bytes
        Bytes of a request's body, and of what a gzip'd one holds.
    grace
        Seconds that requests have to end in when the service does.
    workers
        Processes that answer; on Linux one a core up to 4, elsewhere 1.
    """
    # Until it serves, Ctrl-C ends the process at once: there is nothing to finish, and pydantic, which is
    # building its schemas now, would make another error of a KeyboardInterrupt.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with needs_extra("linnet serve", "web"):
            from linnet.serve.parse import Limits
            from linnet.serve.server import Service
            from linnet.serve.workers import serve as serve_model

        limits = Limits(max_rows, max_bytes)
        serve_model(Service(run, limits, api_key, allow_origin, host, port, grace), workers)
    finally:
        signal.signal(signal.SIGINT, before)
