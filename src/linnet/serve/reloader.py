"""`ModelReloader`: the model that answers now, and its exchange for a newer one."""

from __future__ import annotations

import datetime
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from linnet.errors import DataNotFoundError, LinnetError
from linnet.folders import RUN
from linnet.model.predictor import MODEL, Predictor
from linnet.serve.metrics import REFUSED, RELOADS, Metrics

log = logging.getLogger("linnet.serve")

OFTEN = 1.0
"""Seconds between two looks for a newer model file."""

KEPT = "the newer model is refused and the old one kept: %s"


class ModelReloader:
    """One model, which a newer file replaces between two requests.

    A request takes `model` once and keeps it to its end, so an answer never mixes two models.

    Args:
        folder: of a run.
        metrics: where exchanges are counted.
        spare: the model to answer with while the file is damaged or gone.

    Raises:
        DataNotFoundError: there is no model in the folder, nor a spare one.
        ChecksumError, FormatError: its model file is damaged, and there is no spare one.
    """

    def __init__(self, folder: Path, metrics: Metrics | None = None, spare: Predictor | None = None) -> None:
        self.folder = folder
        self.metrics = metrics or Metrics()
        self.refused: str | None = None
        """Why the newest file was not taken; None when it was."""
        self._seen = self._mark()
        self._is_serving = False
        self.model = self._first(spare)
        self.loaded = _now()

    def look(self) -> bool:
        """Take the file if it has changed; whether it was exchanged."""
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        try:
            newer = Predictor.open(self.folder)
            if self._is_serving:
                _prepare(newer)
        except Exception as error:  # whatever a file may do, the old model goes on to answer
            self._refuse(error)
            return False
        self._refuse(None)
        if newer.checksum == self.model.checksum:
            return False
        self.model, self.loaded = newer, _now()
        self.metrics.add(RELOADS)
        return True

    async def watch(self) -> None:
        """Look at the file again and again, until cancelled."""
        while True:
            before = self.refused
            if await anyio.to_thread.run_sync(self.look):
                log.info("now serving the model %s", _describe(self.model))
            elif self.refused and self.refused != before:
                log.warning(KEPT, self.refused)
            await anyio.sleep(OFTEN)

    @asynccontextmanager
    async def serve(self, _: object) -> AsyncIterator[None]:
        """The lifespan of the application: looks for a newer model meanwhile."""
        self._is_serving = True
        await anyio.to_thread.run_sync(_prepare, self.model)
        async with anyio.create_task_group() as group:
            group.start_soon(self.watch)
            yield
            group.cancel_scope.cancel()

    def _first(self, spare: Predictor | None) -> Predictor:
        try:
            if not (self.folder / MODEL).is_file():
                raise DataNotFoundError(_absent(self.folder))
            return Predictor.open(self.folder)
        except (LinnetError, OSError) as error:
            if spare is None:
                raise
            self._refuse(error)
            log.warning(KEPT, self.refused)
            return spare

    def _refuse(self, error: Exception | None) -> None:
        """Keep why a file was not taken, or that it was."""
        self.refused = None if error is None else str(error) or repr(error)
        self.metrics.cells[REFUSED] = error is not None

    def _mark(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What changes when the model or its run does."""
        return tuple(_mark(self.folder / name) for name in (MODEL, RUN))


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _absent(folder: Path) -> str:
    best = folder / "best"
    if (best / MODEL).is_file():
        return f"{folder} is a sweep, which has many models: serve its best, {best}"
    if folder.name == MODEL:
        return f"expected a run's folder, not its model file: serve {folder.parent}"
    return f"no run in {folder}: expected a folder with {MODEL}"


def _prepare(model: Predictor) -> None:
    """Make what encodes raw rows before the first asks for it: pandas takes half a second to load."""
    if model.card.schema is not None:
        _ = model.encoder


def _describe(model: Predictor) -> str:
    return f"{model.checksum[:12]}, {model.features:,} features, {model.outputs:,} outputs"


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
