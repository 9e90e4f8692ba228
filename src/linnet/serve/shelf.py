"""`Shelf`: the model that answers now, and its exchange for a newer one."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path

import anyio
import anyio.to_thread

from linnet.errors import DataNotFoundError, LinnetError
from linnet.train.predictor import Predictor

log = logging.getLogger("linnet.serve")


class Shelf:
    """One model, which a newer file replaces between two requests.

    A request takes `model` once and keeps it to its end, so an answer never mixes two models.

    Args:
        folder: of a run.

    Raises:
        DataNotFoundError: there is no model in it.
        ChecksumError, FormatError: its model file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "model.safetensors"
        if not self.path.is_file():
            raise DataNotFoundError(f"no run in {folder}: expected a folder with model.safetensors")
        self._seen = self._mark()
        self.model = Predictor.read(self.path)
        self.loaded = _now()
        self.reloads = 0
        self.refused: str | None = None
        """Why the newest file was not taken; None when it was."""

    def look(self) -> bool:
        """Take the file if it has changed; whether it was exchanged."""
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        try:
            newer = Predictor.read(self.path)
        except (LinnetError, OSError) as error:
            self.refused = str(error)
            log.warning("the newer model is refused and the old one kept: %s", error)
            return False
        self.refused = None
        if newer.checksum == self.model.checksum:
            return False
        self.model, self.loaded, self.reloads = newer, _now(), self.reloads + 1
        log.info("now serving the model %s", newer.checksum[:12])
        return True

    async def watch(self, seconds: float) -> None:
        """Look at the file again and again, until cancelled."""
        while True:
            await anyio.sleep(seconds)
            try:
                await anyio.to_thread.run_sync(self.look)
            except Exception:  # a watch that dies unseen would leave an old model for good
                log.exception("looking for a newer model failed")

    def _mark(self) -> tuple[int, int, int] | None:
        """What changes when the file does; None where it is gone."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
