from __future__ import annotations

import socket
import sys

import pytest

from linnet.errors import UsageError
from linnet.web.server import listen, url_of


def close(made: list[socket.socket]) -> None:
    """Close all."""
    for one in made:
        one.close()


@pytest.mark.parametrize("port", [-1, 65536, 80000])
def test_a_port_that_there_is_not(port: int) -> None:
    with pytest.raises(UsageError, match=f"no port {port}: expected 1 to 65535"):
        listen("127.0.0.1", port)


def test_an_empty_host_is_not_every_address() -> None:
    with pytest.raises(UsageError, match="host is empty"):
        listen("", 0)


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "203.0.113.1"])
def test_an_address_that_cannot_be_had(host: str) -> None:
    with pytest.raises(UsageError, match=f"cannot listen on {host}, port 0"):
        listen(host, 0)


def test_a_port_that_is_taken_is_told_to_one_process_too() -> None:
    made = listen("127.0.0.1", 0)
    port = made[0].getsockname()[1]
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1, port {port}"):
        listen("127.0.0.1", port)
    close(made)


@pytest.mark.skipif(sys.platform != "linux", reason="several sockets share a port on Linux alone")
def test_several_share_a_port_that_was_free() -> None:
    made = listen("127.0.0.1", 0, 3)
    assert len({one.getsockname() for one in made}) == 1
    assert made[0].getsockname()[1] > 0
    close(made)


def test_where_a_socket_listens() -> None:
    made = listen("localhost", 0)
    assert url_of(made[0].getsockname()) == f"http://127.0.0.1:{made[0].getsockname()[1]}"
    close(made)


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_an_address_of_ipv6() -> None:
    try:
        made = listen("::1", 0)
    except UsageError:
        pytest.skip("there is no IPv6 here")
    assert url_of(made[0].getsockname()) == f"http://[::1]:{made[0].getsockname()[1]}"
    close(made)
