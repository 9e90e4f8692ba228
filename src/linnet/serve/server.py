"""uvicorn, and how it ends."""

from __future__ import annotations

import signal
from types import FrameType

import uvicorn
from starlette.types import ASGIApp


def serve(app: ASGIApp, host: str, port: int, grace: int) -> None:
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
        log_config=LOGGING, lifespan="on", limit_concurrency=1000, ws="none",
    )  # fmt: skip
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        uvicorn.Server(config).run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
