"""uvicorn, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import uvicorn

from linnet.serve.app import make_app
from linnet.serve.metrics import Counted
from linnet.serve.predict import Limits

LINGER = 1.0
"""Seconds that connections without a request have at the end, for one that is on its way."""


@dataclass(frozen=True)
class Service:
    """What is served, and where.

    Args:
        folder: of the run.
        limits: of a request.
        api_key: what a request must bring; None where all may ask.
        host: the address to listen on.
        port: 0 for any that is free.
        grace: seconds that requests begun before the end have to end in.
    """

    folder: Path
    limits: Limits = field(default_factory=Limits)
    api_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    grace: int = 30

    def app(self, counts: Path | None = None) -> Counted:
        """See `make_app`."""
        return make_app(self.folder, limits=self.limits, api_key=self.api_key, counts=counts)


def serve(
    service: Service,
    *,
    sockets: list[socket.socket] | None = None,
    counts: Path | None = None,
    ready: Callable[[], object] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then take no more and finish what was begun.

    Args:
        service: what, and where.
        sockets: to listen on, instead of the service's address.
        counts: see `make_app`.
        ready: called once requests are taken.

    Raises:
        LinnetError: see `make_app`.
        SystemExit: the address cannot be had; uvicorn has said so.
    """
    app = service.app(counts)
    config = uvicorn.Config(
        app, host=service.host, port=service.port, timeout_graceful_shutdown=service.grace, access_log=False,
        server_header=False, log_config=LOGGING, lifespan="on", limit_concurrency=1000, ws="none",
        proxy_headers=False,
    )  # fmt: skip
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        Server(config, app, ready).run(sockets)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Server(uvicorn.Server):
    """uvicorn that loses no request at its end.

    uvicorn alone closes connections that have no request under way, and with them a request that has reached
    the machine and not yet the process. Here each open connection gets one more answer, which ends it.

    Args:
        config: uvicorn's.
        app: whose answers end their connections then.
        ready: called once requests are taken.
    """

    def __init__(
        self, config: uvicorn.Config, app: Counted, ready: Callable[[], object] | None = None
    ) -> None:
        super().__init__(config)
        self.app, self.ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self.ready is not None and self.started:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, linger for the open ones, then end as uvicorn does."""
        for server in self.servers:
            server.close()
        self.app.is_last = True
        loop = asyncio.get_running_loop()
        end = loop.time() + LINGER
        while self.server_state.connections and loop.time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Uvicorn raises its signal again once all is finished; then there is nothing left to end."""


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "linnet": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""One line an event on stderr; requests are counted by /metrics, not logged."""
