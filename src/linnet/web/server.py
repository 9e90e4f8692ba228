"""Sockets that listen, and uvicorn's settings: alike in the service and the lab."""

from __future__ import annotations

import os
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from linnet.errors import UsageError
from linnet.web.connection import protocol
from linnet.web.places import Places, reserve_connections

BACKLOG = 2048
"""Connections that wait to be taken."""

LAST_PORT = 65535


def make_config(app: ASGIApp, connections: int, **options: Any) -> uvicorn.Config:
    """Uvicorn's settings, with bounded connections and neither WebSockets nor a log line a request.

    Args:
        app: what answers.
        connections: open at once, as far as the process may have so many files.
        **options: further ones of uvicorn's.
    """
    return uvicorn.Config(
        app, access_log=False, server_header=False, lifespan="on", ws="none", proxy_headers=False,
        http=protocol(Places(reserve_connections(connections))), **options,
    )  # fmt: skip


def listen(host: str, port: int, count: int = 1) -> list[socket.socket]:
    """Sockets that listen on one address together, which nothing else listened on.

    Args:
        host: a name or an address; of a name's addresses the first of IPv4, or else of IPv6.
        port: 0 for any that is free.
        count: how many; more than one share the port, as Linux can.

    Raises:
        UsageError: there is no such address, or it cannot be had.
    """
    if not host:
        raise UsageError(
            "the host is empty: expected an address, such as 127.0.0.1, or 0.0.0.0 for all of them"
        )
    if not 0 <= port <= LAST_PORT:
        raise UsageError(f"there is no port {port}: expected 1 to {LAST_PORT}, or 0 for any that is free")
    made: list[socket.socket] = []
    try:
        family, address = _address(host, port)
        with socket.socket(family) as probe:  # without sharing, so that another service's port is found taken
            address = _bind(probe, address)
        for _ in range(count):
            made.append(socket.socket(family))
            if count > 1:
                made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            _bind(made[-1], address)
    except (OSError, UnicodeError) as error:
        for one in made:
            one.close()
        raise UsageError(f"cannot listen on {host}, port {port}: {error}") from error
    return made


def url_of(address: tuple[Any, ...]) -> str:
    """The start of the web addresses of what listens at a socket's address, (host, port, …)."""
    host, port = address[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _address(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """The family and address that a name stands for."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address


def _bind(one: socket.socket, address: Any) -> Any:
    """Listen there, and say where: a port of 0 is now a real one."""
    if os.name == "posix":  # elsewhere it lets two services have one port
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(address)
    one.listen(BACKLOG)
    return one.getsockname()
