"""`LabState`: data sets and finished models that the pages share, each bounded; `Settings` of the lab."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import anyio.to_thread

from linnet.data import registry
from linnet.data.dataset import Splits
from linnet.device import available_cores
from linnet.errors import LinnetError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.lab.jobs import JobQueue
from linnet.model.run import Run
from linnet.web.refusal import Refusal
from linnet.web.server import url_of

BUILT_IN = tuple(name for name, source in registry.sources().items() if source.has_classes)
"""The named data sets that the lab offers: those of classes."""

THREADS = 16
"""Requests that compute at once; more wait."""

EVALUATED = 8
"""Models of which it is kept what they say of their rows."""


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


class MissingError(Refusal):
    """There is no data set or model of a name, or no longer.

    Args:
        name: of it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(404, f"there is no {name[:80]!r} here, or no longer")


class LabState:
    """Data sets and finished models, by name; the queue of jobs.

    Its methods may be called from any thread.

    Args:
        settings: with the limits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, settings.limits
        self.jobs = JobQueue(self.limits.running, self.limits.waiting)
        self._lock = threading.Lock()
        self._loading = {name: threading.Lock() for name in BUILT_IN}  # a download holds up its own alone
        self._built_in: dict[str, Splits] = {}
        self._uploads: OrderedDict[str, Splits] = OrderedDict()
        self._models: OrderedDict[str, tuple[Run, str]] = OrderedDict()
        self._evaluations: OrderedDict[str, Evaluation] = OrderedDict()

    @contextlib.asynccontextmanager
    async def serve(self, _: object) -> AsyncIterator[None]:
        """The lifespan of the application: bounded threads, and no work left over."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        self.jobs.stop_all()

    def is_there(self, name: str) -> bool:
        """Whether a data set can be had without a download."""
        with self._lock:
            if name in self._built_in or name in self._uploads:
                return True
        return name in BUILT_IN and registry.sources()[name].is_there(self.settings.data_dir)

    def loaded(self, name: str) -> Splits | None:
        """A data set that is in memory; does not wait."""
        with self._lock:
            if name in self._uploads:
                self._uploads.move_to_end(name)
                return self._uploads[name]
            return self._built_in.get(name)

    def splits(self, name: str, progress: registry.Progress | None = None) -> Splits:
        """A data set's two parts, read at the first call; may take a while.

        Args:
            name: one of `BUILT_IN`, or that of an upload.
            progress: of a download.

        Raises:
            MissingError: there is none of this name.
            DataError: its files cannot be had.
        """
        if (loaded := self.loaded(name)) is not None:
            return loaded
        if name not in BUILT_IN:
            raise MissingError(name)
        with self._loading[name]:
            if name not in self._built_in:
                read = registry.load(name, self.settings.data_dir, progress=progress)
                with self._lock:
                    self._built_in[name] = read
        return self._built_in[name]

    async def ready(self, name: str) -> Splits:
        """A data set that is there, read in a thread where it is not in memory.

        Raises:
            MissingError: there is none of this name.
            Refusal: it has to be downloaded first.
        """
        if (loaded := self.loaded(name)) is not None:
            return loaded
        if name in BUILT_IN and not self.is_there(name):
            raise Refusal(409, f"{name} has to be downloaded first: POST /api/data/fetch")
        return await anyio.to_thread.run_sync(self.splits, name)

    def warm(self) -> None:
        """Read the data set that a page begins with, so that its first training need not wait.

        Where it cannot be read that training says why.
        """
        with contextlib.suppress(LinnetError):
            self.splits(self.first())

    def first(self) -> str:
        """The data set that a page begins with: the first one that is there."""
        return next(name for name in BUILT_IN if self.is_there(name))

    def uploads(self) -> list[tuple[str, Splits]]:
        """The data sets that were uploaded by name, the one used longest ago first."""
        with self._lock:
            return list(self._uploads.items())

    def put(self, upload: Splits) -> str:
        """Keep an uploaded data set; those used longest ago make room for it.

        Returns:
            Its name, under which `splits` gives it.

        Raises:
            UsageError: it alone is larger than all may be.
        """
        if (size := _size(upload)) > self.limits.uploads:
            raise UsageError(f"this data takes {size >> 20} MiB, more than {self.limits.uploads >> 20}")
        name = f"upload-{secrets.token_hex(8)}"
        with self._lock:
            self._uploads[name] = upload
            while sum(map(_size, self._uploads.values())) > self.limits.uploads:
                self._uploads.popitem(last=False)
        return name

    def add(self, run: Run, dataset: str) -> str:
        """Keep a finished model; the one used longest ago makes room for it.

        Args:
            run: of a linear model.
            dataset: the name of the data set that it was trained on, as `splits` takes it.

        Returns:
            An id, which `model` takes.
        """
        number = secrets.token_hex(8)
        with self._lock:
            _put(self._models, number, (run, dataset), self.limits.models)
        return number

    def has(self, number: str) -> bool:
        """Whether a finished model and its data are still kept; does not wait."""
        with self._lock:
            _, name = self._models.get(number, (None, ""))
            return name in BUILT_IN or name in self._uploads

    def dataset_of(self, number: str) -> str:
        """The name of the data set that a model was trained on, as `splits` takes it.

        Raises:
            MissingError: there is no model of this id, or no longer.
        """
        with self._lock:
            if number not in self._models:
                raise MissingError(number)
            return self._models[number][1]

    def model(self, number: str) -> Evaluation:
        """A finished model, to be judged by rows that it was not trained on where there are any.

        Raises:
            MissingError: there is none of this id, or no longer.
        """
        with self._lock:
            if number not in self._models:
                raise MissingError(number)
            run, name = self._models[number]
            self._models.move_to_end(number)
        train, test = self.splits(name)
        with self._lock:
            known = self._evaluations.get(number)
            evaluation = known or Evaluation(run, train if test is None else test, train)
            _put(self._evaluations, number, evaluation, EVALUATED)
        return evaluation


def _put(kept: OrderedDict[str, Any], name: str, value: Any, most: int) -> None:
    """Keep a value as the one used last; the one used longest ago makes room for it."""
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def _size(upload: Splits) -> int:
    parts = [part for part in (*upload, upload.train.validation) if part is not None]
    return sum(tensor.nbytes for part in parts for tensor in (part.X, part.y))
