"""The engine: one loop over epochs and minibatches, whatever is trained.

A `Learner` is a strategy of the engine: a bank of one by the fused step or by any hyperparameters
(`learners`), a module by autograd (`module_learner`), or the models of a sweep (`sweep`). The engine draws
the rows, calls the callbacks, stops between two minibatches, and knows where it stands; the learner steps,
measures and keeps.
"""

from __future__ import annotations

import contextlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from linnet.core.bank import Bank
from linnet.core.metrics import Tally
from linnet.data.batches import Batches, Block
from linnet.device import limit_threads, pick_threads
from linnet.dist.processes import ALONE, Processes
from linnet.errors import DivergedError, UsageError
from linnet.model.history import Record
from linnet.train.callbacks import Callback, Reading, State, interruptible
from linnet.train.checkpoint import Checkpoint, Snapshot


class Learner(ABC):
    """What the engine trains."""

    kind = "run"
    """What checkpoints call it."""

    needs_grad = False
    """Whether gradients are recorded."""

    is_timed = True
    """Whether a record says how long its epoch took; without it a checkpoint has the same bytes each time."""

    figures: dict[str, Tensor]
    """Of each model of a sweep in the epoch that ended last, by name, (M,)."""

    @property
    @abstractmethod
    def model(self) -> Bank | nn.Module:
        """What has been learned so far, as it is to be used."""

    @property
    def running(self) -> Tally | None:
        """Of the epoch's minibatches so far, as they were trained on, where it is one model's."""
        return None

    @property
    @abstractmethod
    def width(self) -> int:
        """Scores a row, by which the number of threads is chosen."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        return False

    @property
    def reason(self) -> str:
        """Why training should end before its last epoch; empty where it should not."""
        return ""

    def at_work(self) -> contextlib.AbstractContextManager[None]:
        """Entered around a run, with torch computing with the run's threads: for workers of its own."""
        return contextlib.nullcontext()

    @abstractmethod
    def train_(self, block: Block, stopped: Callable[[], bool]) -> None:
        """Train on a block's minibatches, asking `stopped()` after each whether it was the last."""

    @abstractmethod
    def close_(self) -> Record:
        """End an epoch: measure, keep the best, drop who is out; return the epoch's figures."""

    @property
    def is_divided(self) -> bool:
        """Whether each process trains models of its own, and knows those of the others between epochs."""
        return False

    def meet_(self) -> None:  # noqa: B027 - nothing is to be done where each process knows all
        """Let every process know what all of them have trained, in the middle of an epoch."""

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """All that is needed to go on."""

    @abstractmethod
    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a learner that was made alike."""


class Engine:
    """Training under way.

    Args:
        learner: trained in place.
        batches: the training rows.
        state: what callbacks see, kept up to date; its history gets a record an epoch.
        threads: "auto" or a number.
        processes: that train together: they stop together, too, between two blocks.
        identity: gives what a checkpoint must have in common with training that goes on from it.
    """

    def __init__(
        self,
        learner: Learner,
        batches: Batches,
        state: State,
        *,
        threads: int | str = "auto",
        processes: Processes = ALONE,
        identity: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.learner, self.batches, self.state, self.threads = learner, batches, state, threads
        self.processes = processes
        self.epoch, self.batch = 0, 0
        self._identity = identity
        state.checkpoint = self.checkpoint

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What a checkpoint must have in common, as a file gives it back; made when first asked for."""
        return json.loads(json.dumps(self._identity()))

    @property
    def is_over(self) -> bool:
        """Whether every epoch is done, or nothing is left to train."""
        return self.epoch >= self.state.epochs or self.learner.is_over

    def run(self, callback: Callback | None = None) -> None:
        """Train until all epochs are done or `state.stop` is called.

        Args:
            callback: called as training goes on.

        Raises:
            DivergedError: the loss of a single model is no longer finite.
            UsageError: processes that train together were given different things.
        """
        self._check_alike()
        callback, state = callback or Callback(), self.state
        threads = pick_threads(
            self.threads, self.learner.width, self.batches.batch_size * self.batches.dataset.features
        )
        grad = contextlib.nullcontext() if self.learner.needs_grad else torch.no_grad()
        with limit_threads(threads), grad, self.learner.at_work(), interruptible(state):
            try:
                self._heed_learner()
                callback.start(state)
                is_stopped = self._is_stopped()
                while not (self.is_over or is_stopped) and self._train_epoch(callback):
                    callback.epoch_end(state)
                    is_stopped = self._is_stopped()
                if self.batch:
                    self.learner.meet_()
                state.model = self.learner.model
                callback.end(state)
            except BaseException as error:
                callback.failed(state, error)
                raise
        self._is_stopped()  # whose Ctrl-C came too late for the others ends as they do

    def _train_epoch(self, callback: Callback) -> bool:
        """Train to the end of the epoch under way and close it; whether it was reached."""
        state, learner, started = self.state, self.learner, time.perf_counter()
        state.epoch, first, waited = self.epoch + 1, self.batch, self.batches.waited
        for block in self.batches.blocks(self.epoch, self.batch):
            learner.train_(block, self._count)
            state.batch, state.running = self.batch, learner.running
            if self.batches.dataset.is_streamed:
                rows = min(self.batch * self.batches.batch_size, self.batches.rows)
                state.reading = Reading(
                    rows - first * self.batches.batch_size,
                    time.perf_counter() - started,
                    self.batches.waited - waited,
                )
            self._check_finite()
            state.is_whole = not learner.is_divided
            callback.block_end(state)
            if self._is_stopped():
                break
        if self.batch < len(self.batches):
            return False
        record, state.is_whole = {"epoch": state.epoch, **learner.close_()}, True
        if learner.is_timed:
            record["seconds"] = round(time.perf_counter() - started, 6)
        state.history.records.append(record)
        self.epoch, self.batch = self.epoch + 1, 0
        state.model, state.figures = learner.model, learner.figures
        self._heed_learner()
        return True

    def _count(self) -> bool:
        """Count a minibatch; whether training is to stop after it."""
        self.batch += 1
        return bool(self.state.reason) and self.processes.size == 1

    def _check_alike(self) -> None:
        """Refuse processes of which one has other options or rows, as `Processes.check_alike` does.

        Files of a stream are told by their times, and each host may have copies of its own: they may differ.
        """
        if self.processes.size > 1:
            free = {"threads", "device", *(["data"] if self.batches.dataset.is_streamed else [])}
            self.processes.check_alike({k: v for k, v in self.identity.items() if k not in free})

    def _is_stopped(self) -> bool:
        """Whether training is to stop: of several processes where any of them is to.

        What comes while they ask each other, as Ctrl-C may in one of them, is for the next time, or one would
        stop alone.
        """
        if self.processes.size == 1 or not self.processes.any(bool(self.state.reason)):
            return self.processes.size == 1 and bool(self.state.reason)
        self.state.reason = next(filter(None, self.processes.gather(self.state.reason)))
        return True

    def _heed_learner(self) -> None:
        if self.learner.reason:
            self.state.stop(self.learner.reason)

    def _check_finite(self) -> None:
        running, state = self.state.running, self.state
        if running is not None and not bool(torch.isfinite(running.loss).all()):
            raise DivergedError(
                f"the training loss became {float(running.loss.sum())} in epoch {state.epoch}, by minibatch "
                f"{state.batch} of {state.batches}: lower the learning rate, standardize the features if "
                "they are far apart in size, or check them for NaN, infinite or very large values"
            )

    def checkpoint(self) -> Checkpoint:
        """Where training stands."""
        return Checkpoint(
            self.learner.kind, self.epoch, self.batch, self.state.history, self.identity,
            self.learner.snapshot(),
        )  # fmt: skip

    def resume_(self, checkpoint: Checkpoint, free: Collection[str] = ()) -> None:
        """Go on from a checkpoint, bit for bit.

        Args:
            checkpoint: of training with the same rows and options.
            free: the options that may differ.

        Raises:
            FormatError, UsageError: it is of something else.
        """
        checkpoint.check(self.learner.kind, self.identity, free)
        if (checkpoint.epoch, checkpoint.batch) > (self.state.epochs, 0):
            begun = checkpoint.epoch + (checkpoint.batch > 0)
            raise UsageError(
                f"the checkpoint is in epoch {begun} already, and {self.state.epochs} are asked for: resume "
                f"with --epochs {begun} or more (epochs=)"
            )
        self.learner.restore_(checkpoint.snapshot)
        self.epoch, self.batch = checkpoint.epoch, checkpoint.batch
        self.state.epoch, self.state.batch = checkpoint.epoch, checkpoint.batch
        self.state.history.records[:] = checkpoint.history.records
