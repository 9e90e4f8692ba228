"""`serve`: uvicorn, which answers what it took before it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.config
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from linnet.model.predictor import Predictor
from linnet.serve.app import make_app
from linnet.serve.metrics import Metrics, RequestCounter
from linnet.serve.parse import Limits
from linnet.web.server import listen, make_config, url_of

log = logging.getLogger("linnet.serve")

LINGER = 1.0
"""Seconds that connections without a request have at the end, for one that is on its way."""

KEEP_ALIVE = 75
"""Seconds that a connection may rest between two requests: more than proxies let them, as a rule 60. Were it
less, a proxy would now and then send a request on a connection that has just been ended."""

CONNECTIONS = 1000
"""Of one process at once. A newcomer takes the place of one at rest, or gets 503 where all are busy."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What ends the service."""


@dataclass(frozen=True)
class Service:
    """What is served, and where.

    Args:
        folder: of the run.
        limits: of a request.
        api_key: what a request must bring; None where all may ask.
        origins: of the web pages that may ask.
        host: the address to listen on.
        port: 0 for any that is free.
        grace: seconds that requests begun before the end have to end in.
    """

    folder: Path
    limits: Limits = field(default_factory=Limits)
    api_key: str | None = None
    origins: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    grace: int = 30

    def app(self, metrics: Metrics | None = None, spare: Predictor | None = None) -> RequestCounter:
        """See `make_app`."""
        return make_app(
            self.folder, limits=self.limits, api_key=self.api_key, origins=self.origins, metrics=metrics,
            spare=spare,
        )  # fmt: skip


def serve(service: Service) -> None:
    """Serve with this process until SIGTERM or Ctrl-C.

    Raises:
        LinnetError: there is no such model, or the settings cannot be.
        UsageError: the address cannot be had.
    """
    app = service.app()  # says what is wrong before anything listens
    (listener,) = listen(service.host, service.port)
    logging.config.dictConfig(LOGGING)
    run(app, listener, service.grace, lambda _: log.info("running on %s", url_of(listener.getsockname())))


def run(app: RequestCounter, listener: socket.socket, grace: int, ready: Callable[[Server], object]) -> None:
    """Answer what comes to a socket, until SIGTERM or Ctrl-C.

    Args:
        app: what answers.
        listener: the socket.
        grace: see `Service`.
        ready: called in the event loop once requests are taken.
    """
    config = make_config(
        app, CONNECTIONS, timeout_graceful_shutdown=grace, timeout_keep_alive=KEEP_ALIVE, log_config=LOGGING
    )
    server = Server(config, app, ready)
    # Uvicorn has its own handlers, but later; at its end it puts back those from before, and raises its
    # signals again for them.
    before = {number: signal.signal(number, server.handle_exit) for number in SIGNALS}
    if os.name == "posix":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        server.run([listener])
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
        self, config: uvicorn.Config, app: RequestCounter, ready: Callable[[Server], object]
    ) -> None:
        super().__init__(config)
        self.app, self.ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self.started:
            self.ready(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, linger for the open ones, then end as uvicorn does."""
        self.app.is_last = True
        loop = asyncio.get_running_loop()
        waiting = [line for one in sockets or [] for line in _accept_waiting(one)]
        for server in self.servers:  # right after: what comes in between would be reset
            server.close()
        for line in waiting:
            await loop.connect_accepted_socket(self._protocol, line)
        end = loop.time() + LINGER
        while self.server_state.connections and loop.time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        """What speaks HTTP on a connection, as uvicorn makes it."""
        kind: Any = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _accept_waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that nobody has taken yet; where the socket is closed with them, they are reset."""
    listener.setblocking(False)
    with contextlib.suppress(OSError):  # BlockingIOError where there is none
        while True:
            yield listener.accept()[0]


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
