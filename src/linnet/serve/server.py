"""uvicorn, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from linnet.serve.metrics import Counted

LINGER = 1.0
"""Seconds that connections without a request have at the end, for one that is on its way."""


def serve(app: Counted, host: str, port: int, grace: int) -> None:
    """Serve until SIGTERM or Ctrl-C, then take no more and finish what was begun.

    Args:
        app: of `make_app`.
        host: the address to listen on.
        port: 0 for any that is free.
        grace: seconds that requests begun before have to end in.

    Raises:
        SystemExit: the address cannot be had; uvicorn has said so.
    """
    config = uvicorn.Config(
        app, host=host, port=port, timeout_graceful_shutdown=grace, access_log=False, server_header=False,
        log_config=LOGGING, lifespan="on", limit_concurrency=1000, ws="none", proxy_headers=False,
    )  # fmt: skip
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        Server(config, app).run()
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
    """

    def __init__(self, config: uvicorn.Config, app: Counted) -> None:
        super().__init__(config)
        self.app = app

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
