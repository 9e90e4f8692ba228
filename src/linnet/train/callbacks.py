"""Callbacks: code of one's own that follows a run or a sweep as it goes on, and may stop it.

A callback of your own is three lines:

    class GoodEnough(linnet.Callback):
        def epoch_end(self, state):
            if state.history.last["test_accuracy"] > 0.83: state.stop("good enough")

and a plain function of the state does as well: it is called when an epoch has ended.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from torch import Tensor, nn

from linnet.core.bank import Bank
from linnet.core.metrics import Tally
from linnet.data.dataset import Dataset
from linnet.errors import INTERRUPTED, on_ctrl_c
from linnet.model.history import History
from linnet.train.checkpoint import Checkpoint
from linnet.train.plan import Outcome, Trial


@dataclass(frozen=True)
class Reading:
    """How an epoch over a stream goes.

    Args:
        rows: that were trained on.
        seconds: since it began.
        waited: of these, the seconds in which the step had no rows.
    """

    rows: int
    seconds: float
    waited: float

    def __str__(self) -> str:
        speed, share = self.rows / max(self.seconds, 1e-9), self.waited / max(self.seconds, 1e-9)
        return f"{speed:,.0f} rows/s, {min(share, 1):.0%} of the time waiting for rows"


@dataclass
class State:
    """Where a run, or a sweep of many models, stands. Callbacks read it, and may call `stop`.

    Args:
        dataset: what is trained on.
        epochs: how many epochs were asked for.
        batches: minibatches an epoch.
        model: the bank or module as it is now; changed in place by the training. A bank that is averaged, or
            whose inputs are pooled or standardised, and that of a sweep are brought up to date when an epoch
            ends.
        epoch: the epoch under way, from 1; the one just ended in `epoch_end`.
        batch: minibatches done in it.
        history: the records of the epochs that have ended; of a sweep, those of each epoch's best model.
        reason: why the run is to stop; empty while it is not.
        options: of the training or the sweep, as plain values.
        running: of the epoch's minibatches so far, as they were trained on.
        latest: gives the model as it would be used now; `current` asks it.
        trials: the models of a sweep; empty for a run.
        figures: of all models of a sweep in the epoch just ended, by name, each (M,); NaN for those that are
            out.
        outcome: gives what the models of a sweep have come to so far; None for a run.
        checkpoint: gives where training stands, to be written to a file; None before the engine has begun.
        reading: of a stream, how fast the epoch under way is and what it waits for; None of rows in memory.
        is_whole: whether a checkpoint can be had; not within an epoch of which each process trains models of
            its own.
    """

    dataset: Dataset
    epochs: int
    batches: int
    model: Bank | nn.Module
    epoch: int = 0
    batch: int = 0
    history: History = field(default_factory=History)
    reason: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    running: Tally | None = None
    latest: Callable[[], Bank | nn.Module] | None = None
    trials: Sequence[Trial] = ()
    figures: dict[str, Tensor] = field(default_factory=dict)
    outcome: Callable[[], Outcome] | None = None
    checkpoint: Callable[[], Checkpoint] | None = None
    reading: Reading | None = None
    is_whole: bool = True

    @property
    def current(self) -> Bank | nn.Module:
        """The model as it would be used now, also in the middle of an epoch, where `model` may be behind."""
        return self.model if self.latest is None else self.latest()

    @property
    def status(self) -> str:
        """How the run ended, when it has: "completed", "interrupted", or "stopped: …"."""
        if self.reason in ("", INTERRUPTED):
            return self.reason or "completed"
        return f"stopped: {self.reason}"

    def stop(self, reason: str = "a callback asked") -> None:
        """End the run after the current minibatch, keeping what was learned."""
        self.reason = reason


class Callback:
    """Base of all callbacks: override what you need."""

    def start(self, state: State) -> None:
        """Before the first epoch."""

    def block_end(self, state: State) -> None:
        """After every few minibatches, some milliseconds apart."""

    def epoch_end(self, state: State) -> None:
        """After an epoch, its record being `state.history.last`."""

    def end(self, state: State) -> None:
        """After the run, however it ended short of an exception."""

    def failed(self, state: State, error: BaseException) -> None:
        """In place of `end`, when an exception ends the run; it goes on afterwards.

        It may come before `start`, when that of an earlier callback failed.
        """


class Each(Callback):
    """A plain function as a callback, called with the state when an epoch has ended."""

    def __init__(self, function: Callable[[State], object]) -> None:
        self.function = function

    def epoch_end(self, state: State) -> None:
        """Call the function."""
        self.function(state)


class Checkpoints(Callback):
    """Keeps a checkpoint in a file, so that a kill costs an epoch or some minutes.

    The first is written when training begins, where there is none: what cannot be written shows then.

    Args:
        path: the file.
        epochs: between two checkpoints; None goes by time alone.
        minutes: likewise, also within an epoch; whichever pass first.
    """

    def __init__(self, path: Path, epochs: int | None = None, minutes: float = 1.0) -> None:
        self.path, self.epochs, self.seconds = path, epochs, 60 * minutes
        self._written = time.monotonic()

    def start(self, state: State) -> None:
        """Write the first."""
        if not self.path.exists():
            self._write(state)

    def block_end(self, state: State) -> None:
        """Write one if so many minutes have passed, and the epoch is not just about to end."""
        if state.is_whole and state.batch < state.batches and self._is_time():
            self._write(state)

    def epoch_end(self, state: State) -> None:
        """Write one if so many epochs or minutes have passed."""
        if self._is_time() or (self.epochs is not None and state.epoch % self.epochs == 0):
            self._write(state)

    def end(self, state: State) -> None:
        """Write the last, however training ended."""
        self._write(state)

    def _is_time(self) -> bool:
        return time.monotonic() - self._written >= self.seconds

    def _write(self, state: State) -> None:
        assert state.checkpoint is not None, "the engine has begun"
        state.checkpoint().write(self.path)
        self._written = time.monotonic()


class Callbacks(Callback):
    """Several callbacks as one, called in order."""

    def __init__(self, members: Sequence[Callback | Callable[[State], object]]) -> None:
        self.members = [member if isinstance(member, Callback) else Each(member) for member in members]

    def start(self, state: State) -> None:
        """Pass on to each."""
        for member in self.members:
            member.start(state)

    def block_end(self, state: State) -> None:
        """Pass on to each."""
        for member in self.members:
            member.block_end(state)

    def epoch_end(self, state: State) -> None:
        """Pass on to each."""
        for member in self.members:
            member.epoch_end(state)

    def end(self, state: State) -> None:
        """Pass on to each."""
        for member in self.members:
            member.end(state)

    def failed(self, state: State, error: BaseException) -> None:
        """Pass on to each."""
        for member in self.members:
            member.failed(state, error)


def interruptible(state: State) -> contextlib.AbstractContextManager[None]:
    """Let the first Ctrl-C end the run after the current minibatch; the second interrupts at once."""

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if state.reason == INTERRUPTED:
            raise KeyboardInterrupt
        state.stop(INTERRUPTED)

    return on_ctrl_c(on_interrupt)
