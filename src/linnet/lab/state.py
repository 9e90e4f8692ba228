"""`LabState`: data sets and finished models that the pages share, each bounded."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread

from linnet.data import registry
from linnet.data.dataset import Splits
from linnet.errors import LinnetError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.lab.jobs import JobQueue
from linnet.lab.settings import Settings
from linnet.lab.tables import Source, Upload
from linnet.model.run import Run
from linnet.schema.overview import ColumnView
from linnet.web.refusal import Refusal

BUILT_IN = tuple(name for name, source in registry.sources().items() if source.has_classes)
"""The named data sets that the lab offers: those of classes."""

THREADS = 16
"""Requests that compute at once; more wait."""

EVALUATED = 8
"""Models of which it is kept what they say of their rows."""


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
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._replaced = set[str]()
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
        """A data set that is in memory; does not wait.

        Raises:
            UsageError: it is a table about which something has to be said first.
        """
        with self._lock:
            if name in self._uploads:
                self._uploads.move_to_end(name)
                return self._uploads[name].data()
            return self._built_in.get(name)

    def upload(self, name: str) -> Upload:
        """Data that were uploaded, whether they can be trained on or not.

        Raises:
            MissingError: there are none of this name, or no longer.
        """
        with self._lock:
            if name not in self._uploads:
                raise MissingError(name)
            return self._uploads[name]

    def views(self, name: str) -> tuple[ColumnView, ...]:
        """What is known of the columns of a table that was uploaded; nothing of other data."""
        with self._lock:
            upload = self._uploads.get(name)
        return () if upload is None or upload.glance is None else upload.glance.columns

    def source(self, name: str) -> Source:
        """What lines of code load a data set by: its name, or the uploaded file and what was said of it."""
        with self._lock:
            upload = self._uploads.get(name)
        return Source(name) if upload is None else upload.source

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

    def uploads(self) -> list[tuple[str, Upload]]:
        """The data sets that were uploaded by name, as read last; the one used longest ago first."""
        with self._lock:
            return [(name, upload) for name, upload in self._uploads.items() if name not in self._replaced]

    def put(self, upload: Upload, instead_of: str = "") -> str:
        """Keep an uploaded data set; those used longest ago make room for it.

        Args:
            upload: of data.
            instead_of: the name of the same table as it was read before, which stays for the models of it.

        Returns:
            Its name, under which `splits` gives it.

        Raises:
            UsageError: it alone is larger than all may be.
        """
        if (size := upload.nbytes) > self.limits.uploads:
            raise UsageError(f"this data takes {size >> 20} MiB, more than {self.limits.uploads >> 20}")
        name = f"upload-{secrets.token_hex(8)}"
        with self._lock:
            self._uploads[name] = upload
            self._replaced.add(instead_of)
            while sum(one.nbytes for one in self._uploads.values()) > self.limits.uploads:
                self._replaced.discard(self._uploads.popitem(last=False)[0])
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
