"""Callbacks: code of one's own that follows a run or a sweep as it goes on, and may stop it.

A callback of your own is three lines:

    class GoodEnough(linnet.Callback):
        def epoch_end(self, state):
            if state.history.last["test_accuracy"] > 0.83: state.stop("good enough")

and a plain function of the state does as well: it is called when an epoch has ended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from linnet.core.bank import Bank
from linnet.core.metrics import Tally
from linnet.core.update import Update
from linnet.data.dataset import Dataset
from linnet.model.history import History
from linnet.train.interrupt import INTERRUPTED
from linnet.train.plan import Outcome
from linnet.train.trials import Trial


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
        update: the optimizer's state, where it has one.
        best: the best weights so far, where they are looked for.
        asked: the resolved recipe, as plain values.
        running: of the epoch's minibatches so far, as they were trained on.
        latest: gives the model as it would be used now; `current` asks it.
        trials: the models of a sweep; empty for a run.
        figures: of all models of a sweep in the epoch just ended, by name, each (M,); NaN for those that are
            out.
        outcome: gives what the models of a sweep have come to so far; None for a run.
    """

    dataset: Dataset
    epochs: int
    batches: int
    model: Bank | nn.Module
    epoch: int = 0
    batch: int = 0
    history: History = field(default_factory=History)
    reason: str = ""
    update: Update | None = None
    best: Bank | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    running: Tally | None = None
    latest: Callable[[], Bank | nn.Module] | None = None
    trials: Sequence[Trial] = ()
    figures: dict[str, Tensor] = field(default_factory=dict)
    outcome: Callable[[], Outcome] | None = None

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


class EarlyStopping(Callback):
    """Ends a run when the validation loss has not become better for some epochs; keeps the best weights.

    What it knows it reads from the history, so a resumed run stops where the whole one would have.

    Args:
        patience: epochs without a better loss.
        best: the best weights so far, of a run that goes on.
    """

    def __init__(self, patience: int, best: Bank | None = None) -> None:
        self.patience, self.best = patience, best

    def start(self, state: State) -> None:
        """Take up where the history ends."""
        state.best = self.best
        self._judge(state)

    def epoch_end(self, state: State) -> None:
        """Keep the weights if they are the best, and stop if they have not been for long."""
        losses = state.history["validation_loss"]
        if losses[-1] < min(losses[:-1], default=float("inf")):
            assert isinstance(state.model, Bank), "only banks are stopped early"
            state.best = state.model.clone()
        self._judge(state)

    def _judge(self, state: State) -> None:
        losses = [record["validation_loss"] for record in state.history.records]
        waited = len(losses) - 1 - losses.index(min(losses)) if losses else 0
        if waited >= self.patience:
            state.stop(f"no better validation loss for {waited} epochs")


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


@contextlib.contextmanager
def reporting_failure(callback: Callback, state: State) -> Iterator[None]:
    """Tell the callbacks of an exception, which goes on."""
    try:
        yield
    except BaseException as error:
        callback.failed(state, error)
        raise
