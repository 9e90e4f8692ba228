from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from linnet.config import Recipe
from linnet.core.bank import Bank
from linnet.core.step import fused_sgd_
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.dist.processes import Processes
from linnet.errors import INTERRUPTED, DivergedError, UsageError
from linnet.model.run import Run
from linnet.train.callbacks import Callback, State
from linnet.train.checkpoint import Checkpoint
from linnet.train.fit import fit
from tests.support.blobs import make_blobs

SETTINGS = [
    {"optimizer": "momentum", "l2": 1e-3},
    {"optimizer": "adam", "lr": 0.01, "schedule": "cosine"},
    {"optimizer": "nesterov", "clip": 0.5, "warmup": 0.25, "schedule": "linear"},
    {"l1": 1e-3, "weight_decay": 1e-2},
]


def test_ctrl_c_stops_after_the_minibatch_and_keeps_what_was_learned(blobs: Dataset) -> None:
    class Press(Callback):
        def block_end(self, state: State) -> None:
            if state.epoch == 3:
                os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    run, engine = fit(blobs, Recipe(epochs=50, batch_size=10), callbacks=[Press()])
    assert run.status == "interrupted"
    assert len(run.history) == engine.epoch
    assert engine.epoch < 50
    assert run.bank.W.abs().max() > 0.05
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_processes_ask_each_other_stops_none_of_them_alone(blobs: Dataset) -> None:
    asked = list[bool]()

    class Two(Processes):
        size = 2

        def any(self, mine: bool) -> bool:
            asked.append(mine)
            if len(asked) == 2:  # the other has gone on by then
                engine.state.reason = INTERRUPTED
            return mine

    _, engine = fit(blobs, Recipe(epochs=1, batch_size=10))
    engine.processes, engine.epoch, engine.state.epochs = Two(), 0, 3
    engine.run()
    assert asked == [False, False, True, True]
    assert engine.state.status == INTERRUPTED


def test_processes_that_were_given_other_options_are_refused(blobs: Dataset) -> None:
    class Two(Processes):
        size = 2

        def gather(self, value: Any) -> list[Any]:
            return [value, {**value, "lr": 9.0}]

    _, engine = fit(blobs, Recipe(epochs=1, batch_size=10))
    engine.processes, engine.epoch = Two(), 0
    with pytest.raises(UsageError, match="process 1 has another lr than process 0"):
        engine.run()


def test_fit_works_outside_the_main_thread(blobs: Dataset) -> None:
    results: list[Run] = []
    thread = threading.Thread(target=lambda: results.append(fit(blobs, Recipe(epochs=1))[0]))
    thread.start()
    thread.join()
    assert results[0].status == "completed"


@pytest.mark.parametrize("stop_at", [0, 1, 7, 29, 30, 45])
def test_a_resumed_run_equals_the_uninterrupted_one(blobs: Dataset, tmp_path: Path, stop_at: int) -> None:
    recipe = Recipe(epochs=3, batch_size=10)

    class StopAt(Callback):
        def __init__(self) -> None:
            self.seen = 0

        def start(self, state: State) -> None:
            if stop_at == 0:
                state.stop()

    states: list[State] = []
    taken: list[None] = []

    class Catch(Callback):
        def start(self, state: State) -> None:
            states.append(state)

    def step_(*given: Any, **named: Any) -> None:
        """Asks for the stop from inside a minibatch, as Ctrl-C would."""
        taken.append(None)
        if len(taken) == stop_at:
            states[0].stop("here")
        fused_sgd_(*given, **named)

    whole, _ = fit(blobs, recipe)
    _, engine = fit(blobs, recipe, callbacks=[Catch(), StopAt()], step=step_)
    assert engine.epoch * 30 + engine.batch == stop_at
    engine.checkpoint().write(tmp_path / "c.safetensors")
    resumed, _ = fit(blobs, recipe, resume=Checkpoint.read(tmp_path / "c.safetensors"))
    assert torch.equal(resumed.bank.W, whole.bank.W)
    assert torch.equal(resumed.bank.b, whole.bank.b)
    for ours, theirs in zip(resumed.history.records, whole.history.records, strict=True):
        assert {**ours, "seconds": 0} == {**theirs, "seconds": 0}


def test_resuming_something_else_is_refused(blobs: Dataset) -> None:
    _, engine = fit(blobs, Recipe(epochs=1))
    checkpoint = engine.checkpoint()
    with pytest.raises(UsageError, match="other lr"):
        fit(blobs, Recipe(epochs=2, lr=0.5), resume=checkpoint)
    with pytest.raises(UsageError, match="other data"):
        fit(make_blobs(200), Recipe(epochs=2), resume=checkpoint)


def test_a_callback_of_three_lines(blobs: Dataset) -> None:
    class GoodEnough(Callback):
        def epoch_end(self, state: State) -> None:
            if state.history.last["train_accuracy"] > 0.5:
                state.stop("good enough")

    seen: list[float] = []
    run, _ = fit(
        blobs, Recipe(epochs=50), callbacks=[GoodEnough(), lambda s: seen.append(s.history.last["epoch"])]
    )
    assert run.status == "stopped: good enough"
    assert len(run.history) == len(seen) < 50


@pytest.mark.parametrize("hyperparameters", [{}, {"standardize": True}, {"average": 0.5}, {"l2": 0.1}])
def test_within_an_epoch_the_current_model_and_the_running_figures_are_known(
    hyperparameters: dict[str, float | bool],
) -> None:
    rows = make_blobs(3000, features=16_384)  # several blocks an epoch
    seen: list[tuple[int, float, float]] = []

    class Looking(Callback):
        def block_end(self, state: State) -> None:
            assert isinstance(state.current, Bank)
            assert state.running is not None
            scores = state.current.scores(rows.X[:500].float(), rows.scale)[0]
            share = float((scores.argmax(0) == rows.y[:500]).float().mean())
            seen.append((state.batch, float(state.running.rows), share))

    fit(rows, Recipe(epochs=1, lr=0.001, batch_size=100, **hyperparameters), callbacks=[Looking()])  # type: ignore[arg-type]
    assert len(seen) > 3
    assert all(rows == 100 * batches for batches, rows, _ in seen)
    assert seen[-2][2] > 0.9  # the model has learned, though the epoch has not ended


def test_divergence_is_an_error_that_says_what_to_try() -> None:
    with pytest.raises(DivergedError, match="lower the learning rate"):
        fit(synthetic.linear(), Recipe(lr=1e6))


@pytest.mark.parametrize("hyperparameters", SETTINGS, ids=lambda hyperparameters: "-".join(hyperparameters))
@pytest.mark.parametrize("stop_at", [2, 5, 11])
def test_a_run_with_knobs_goes_on_bit_for_bit(
    blobs: Dataset, tmp_path: Path, hyperparameters: dict[str, Any], stop_at: int
) -> None:
    recipe = Recipe(epochs=4, batch_size=32, **hyperparameters)
    whole, _ = fit(blobs, recipe)

    class Stop(Callback):
        steps = 0

        def block_end(self, state: State) -> None:
            self.steps += 1
            if self.steps * 10 >= stop_at * 10:
                state.stop("enough")

    _, engine = fit(blobs, recipe, callbacks=[Stop()])
    engine.checkpoint().write(tmp_path / "c.safetensors")
    resumed, _ = fit(blobs, recipe, resume=Checkpoint.read(tmp_path / "c.safetensors"))
    assert torch.equal(resumed.bank.theta, whole.bank.theta)
    assert resumed.history["train_loss"] == whole.history["train_loss"]


def test_a_schedule_is_resumed_with_its_own_epochs_only(blobs: Dataset) -> None:
    recipe = Recipe(epochs=2, batch_size=32, schedule="cosine")
    _, engine = fit(blobs, recipe)
    checkpoint = engine.checkpoint()
    with pytest.raises(UsageError, match="other epochs"):
        fit(blobs, replace(recipe, epochs=3), resume=checkpoint)
