"""`Settings` of the lab: where it listens, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from linnet.device import available_cores
from linnet.web.server import url_of


@dataclass(frozen=True)
class LabLimits:
    """What requests may cost.

    Args:
        body: bytes of an ordinary request.
        picture: bytes of a picture to classify.
        upload: bytes of an upload of data.
        uploads: bytes of all data sets that were uploaded; the one used longest ago makes room.
        models: finished models that are kept, likewise.
        waiting: requests that may wait for their turn.
        running: trainings at once, of several pages.
    """

    body: int = 1 << 20
    picture: int = 16 << 20
    upload: int = 64 << 20
    uploads: int = 512 << 20
    models: int = 64
    waiting: int = 32
    running: int = field(default_factory=available_cores)


@dataclass(frozen=True)
class Settings:
    """Where the lab listens, and its limits.

    Args:
        host: the address to listen on.
        port: that it listens on.
        token: what a browser must bring once; None where all who can reach the address may ask.
        data_dir: the folder with the data sets' files.
        limits: of requests.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    data_dir: Path | None = None
    limits: LabLimits = field(default_factory=LabLimits)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can ask."""
        return is_loopback(self.host)

    def url(self, host: str | None = None) -> str:
        """The page's address, with the token that opens it."""
        key = "" if self.token is None else f"?token={self.token}"
        return f"{url_of((host or self.host, self.port))}/{key}"


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    address = address_of(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, which nobody can point elsewhere; None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
