"""`choose_interface`: the network interface by which gloo reaches processes on other machines."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import sys

from linnet.dist.environment import Launch

INTERFACE = "GLOO_SOCKET_IFNAME"
"""The variable by which gloo is told an interface."""

SIOCGIFADDR = 0x8915
"""Linux's request for the IPv4 address of an interface, see netdevice(7)."""


def choose_interface(launch: Launch) -> None:
    """Name gloo the interface that leads to the first process, where it would take the loopback one.

    gloo listens at the address to which the machine's own name resolves. On Debian and its kin that is
    127.0.1.1 by /etc/hosts: processes on one machine meet there, those of several never do.
    """
    if launch.local_size == launch.size or INTERFACE in os.environ or not _is_loopback(socket.gethostname()):
        return
    if (name := interface_towards(os.environ["MASTER_ADDR"])) is not None:
        os.environ[INTERFACE] = name


def interface_towards(host: str) -> str | None:
    """The interface whose IPv4 address this machine has towards another; None for itself, or if unknown."""
    if sys.platform != "linux":
        return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.connect((host, 9))  # which sends nothing, and chooses a way
            own = sending.getsockname()[0]
    except OSError:
        return None
    if ipaddress.ip_address(own).is_loopback:
        return None
    return next((name for _, name in socket.if_nameindex() if _address(name) == own), None)


def _address(name: str) -> str | None:
    """The IPv4 address of an interface, if it has one."""
    import fcntl

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    return None


def _is_loopback(host: str) -> bool:
    """Whether a name resolves to this machine itself, or to nothing, whereupon gloo takes it, too."""
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except OSError:
        return True
