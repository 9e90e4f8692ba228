"""What all trackers have in common."""

from __future__ import annotations

import importlib
import json
from abc import abstractmethod
from pathlib import Path
from types import ModuleType
from typing import Any

from linnet import files
from linnet.errors import MissingExtraError
from linnet.model.history import Record
from linnet.train.callbacks import Callback, State


class Tracker(Callback):
    """A callback that opens a run of a tracker, logs a line of figures an epoch, and closes it.

    The step of a figure is its epoch. A run that goes on from a checkpoint logs what the tracker has not
    seen yet, so figures come once, whether it was stopped before the checkpoint or after it.
    """

    def __init__(self) -> None:
        self._seen = 0

    @abstractmethod
    def open(self, state: State) -> int:
        """Begin, or take up what was begun; the last epoch that the tracker has, 0 for none."""

    @abstractmethod
    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""

    @abstractmethod
    def close(self, status: str) -> None:
        """End, with the run's status or "failed: …"; nothing where nothing was opened."""

    def start(self, state: State) -> None:
        """Open, and log the epochs that were done elsewhere."""
        self._seen = self.open(state)
        for record in state.history.records:
            self._log(record)

    def epoch_end(self, state: State) -> None:
        """Log the epoch's figures."""
        self._log(state.history.last)

    def end(self, state: State) -> None:
        """Close with the run's status."""
        self.close(state.status)

    def failed(self, state: State, error: BaseException) -> None:
        """Close and say why."""
        self.close(f"failed: {error or type(error).__name__}")

    def _log(self, record: Record) -> None:
        epoch = int(record["epoch"])
        if epoch > self._seen:
            self.log({name: value for name, value in record.items() if name != "epoch"}, epoch)
            self._seen = epoch


def package(name: str, feature: str) -> ModuleType:
    """A tracker's package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(feature, "track") from error


def plain(asked: dict[str, Any]) -> dict[str, bool | int | float | str]:
    """A recipe's values as trackers take them: what is no number or text is written as JSON."""
    return {
        name: value if isinstance(value, bool | int | float | str) else json.dumps(value, default=str)
        for name, value in asked.items()
    }


def recall(file: Path | None) -> str | None:
    """The number of the tracker's run that a file keeps; None where there is no file."""
    return file.read_text("utf-8").strip() if file is not None and file.is_file() else None


def remember(file: Path | None, number: str) -> None:
    """Keep the number of the tracker's run."""
    if file is not None:
        files.write(file, number + "\n")
