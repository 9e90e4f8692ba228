"""`Checkpoints`: a callback that keeps where a run stands, so that a kill costs an epoch or a minute."""

from __future__ import annotations

import time
from pathlib import Path

from linnet.core.bank import Bank
from linnet.core.metrics import empty
from linnet.data.dataset import Dataset
from linnet.train.callbacks import Callback, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.loop import Position


class Checkpoints(Callback):
    """Writes a checkpoint when the run begins, and then every few epochs or minutes.

    Args:
        path: the file.
        train: all rows of the job, those kept for validation too.
        asked: the resolved recipe, as plain values.
        epochs: between two checkpoints; None goes by time alone.
        minutes: likewise; whichever pass first.
    """

    def __init__(
        self, path: Path, train: Dataset, asked: dict[str, object], epochs: int | None, minutes: float
    ) -> None:
        self.path, self.train, self.asked = path, train, asked
        self.epochs, self.seconds = epochs, 60 * minutes
        self._written = time.monotonic()

    def start(self, state: State) -> None:
        """Write the first, where there is none: a kill then leaves something to go on from."""
        if not self.path.exists():
            self._write(state, 0)

    def epoch_end(self, state: State) -> None:
        """Write one if it is time."""
        is_due = self.epochs is not None and state.epoch % self.epochs == 0
        if is_due or time.monotonic() - self._written >= self.seconds:
            self._write(state, state.epoch)

    def _write(self, state: State, epoch: int) -> None:
        bank = state.model if state.update is None else state.update.bank
        assert isinstance(bank, Bank), "a job trains a bank"
        position = Position(epoch, 0, empty(bank.models, bank.theta.device), state.update, state.best)
        Checkpoint.of(bank, position, state.history, self.train, self.asked).write(self.path)
        self._written = time.monotonic()
