"""uvicorn for the lab, and the browser."""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path

import uvicorn

from linnet.errors import UsageError
from linnet.lab.app import make_app
from linnet.lab.state import LabState, Settings, is_loopback
from linnet.web.server import listen, make_config

PORT = 8765
GRACE = 1
CONNECTIONS = 200
"""At once: as many requests, streams of trainings among them."""

SWITCH = 0.001
"""Seconds that a training may keep the interpreter from answering; Python's 5 ms add up over an answer."""


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
