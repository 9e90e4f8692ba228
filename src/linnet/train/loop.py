"""The loop over epochs that every kind of training goes through."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

import torch

from linnet.core.bank import Bank
from linnet.core.metrics import Tally, empty
from linnet.core.update import Update
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.errors import DivergedError
from linnet.model.history import Record
from linnet.train.callbacks import Callback, State, reporting_failure
from linnet.train.interrupt import interruptible
from linnet.train.learner import Learner


@dataclass
class Position:
    """Where in a run the loop is, for a checkpoint.

    Args:
        epoch: epochs completed.
        batch: minibatches done in the epoch after them.
        tally: of those minibatches.
        update: the optimizer's state, where it has one.
        best: the best weights so far, where they are looked for.
        last: the weights to go on from, where the run's model is another.
    """

    epoch: int = 0
    batch: int = 0
    tally: Tally = field(default_factory=lambda: empty(1))
    update: Update | None = None
    best: Bank | None = None
    last: Bank | None = None


def train_epochs(
    learner: Learner,
    batches: Batches,
    state: State,
    callback: Callback,
    *,
    test: Dataset | None,
    measure_after: bool,
    position: Position,
    validation: Dataset | None = None,
) -> Position:
    """Train until `state.epochs` have been done or `state.stop` was called.

    Args:
        learner: trained in place.
        batches: the training rows.
        state: kept up to date; its history gets a record an epoch.
        callback: called as the run goes on.
        test: measured after every epoch.
        measure_after: take the training figures over all rows after the epoch instead of running.
        position: where to start; its tally holds what the started epoch has so far.
        validation: rows kept from training, measured after every epoch.

    Returns:
        Where it ended.

    Raises:
        DivergedError: the loss is no longer finite.
    """
    grad = contextlib.nullcontext() if _needs_grad(state) else torch.no_grad()
    with grad, interruptible(state), reporting_failure(callback, state):
        callback.start(state)
        while position.epoch < state.epochs and not state.reason:
            started = time.perf_counter()
            position = _train_epoch(learner, batches, state, callback, position)
            if position.batch < len(batches):
                break
            seconds = time.perf_counter() - started
            state.model = learner.model
            running = learner.measure(batches.dataset) if measure_after else position.tally
            judged = {"validation": validation, "test": test}
            state.history.records.append(_record(learner, state, running, judged, seconds))
            position = Position(position.epoch + 1, 0, empty(1))
            callback.epoch_end(state)
        state.model = learner.model
        callback.end(state)
    return position


def _train_epoch(
    learner: Learner, batches: Batches, state: State, callback: Callback, position: Position
) -> Position:
    """Train from `position` to the end of its epoch, or to where the run is stopped."""
    state.epoch, batch, running = position.epoch + 1, position.batch, position.tally
    for block in batches.blocks(position.epoch, batch):
        done, running = learner.train_(block, running, lambda: bool(state.reason))
        batch += done
        state.batch, state.running = batch, running
        _check_finite(running, state)
        callback.block_end(state)
        if state.reason:
            break
    return Position(position.epoch, batch, running)


def _record(
    learner: Learner, state: State, running: Tally, judged: dict[str, Dataset | None], seconds: float
) -> Record:
    is_classification = state.dataset.is_classification
    record: Record = {"epoch": state.epoch, "train_loss": float(running.mean_loss[0])}
    if is_classification:
        record["train_accuracy"] = float(running.accuracy[0])
    started = time.perf_counter()
    for name, rows in judged.items():
        if rows is None:
            continue
        measured = learner.measure(rows)
        record[f"{name}_loss"] = float(measured.mean_loss[0])
        if is_classification:
            record[f"{name}_accuracy"] = float(measured.accuracy[0])
    seconds += time.perf_counter() - started
    record["seconds"] = round(seconds, 6)
    return record


def _check_finite(running: Tally, state: State) -> None:
    if not bool(torch.isfinite(running.loss).all()):
        raise DivergedError(
            f"the training loss became {float(running.loss.sum())} in epoch {state.epoch}, by minibatch "
            f"{state.batch} of {state.batches}: lower the learning rate, standardize the features if "
            "they are far apart in size, or check them for NaN, infinite or very large values"
        )


def _needs_grad(state: State) -> bool:
    return isinstance(state.model, torch.nn.Module)
