from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

import linnet
from linnet.config import Hyperparameters
from linnet.core.grids import expand_grid
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.data.split import split_folds
from linnet.errors import ChecksumError, FormatError, UsageError
from linnet.folders import CHECKPOINT
from linnet.train.callbacks import INTERRUPTED, Callback, Checkpoints, Each, State
from linnet.train.checkpoint import BANKS, Checkpoint
from linnet.train.engine import Engine
from linnet.train.plan import Plan, make_trials
from linnet.train.sweep import Sweep
from tests.support.blobs import make_blobs
from tests.support.gate import gate

DATA = make_blobs(200)
VIEWS = split_folds(DATA, 2, 0)
SETTINGS = expand_grid(
    {
        "optimizer": ["sgd", "adam"], "lr": [1e-4, 0.1, 1e30], "accumulate": [1, 3], "dropout": [0.0, 0.2],
        "pool": [1, 2],
    },
    Hyperparameters(average=0.5, l2=1e-3),
)  # fmt: skip
PLAN = Plan(epochs=5, batch_size=16, patience=2, rungs=(3,), width=21)


def new(plan: Plan = PLAN, settings: list[Hyperparameters] = SETTINGS) -> Sweep:
    return Sweep(DATA, make_trials(settings, 2), VIEWS, SoftmaxCrossEntropy(), plan, torch.float32)


def stopped_at(monkeypatch: pytest.MonkeyPatch, epoch: int, batch: int) -> Callback:
    """A callback that stops a sweep at a minibatch, as Ctrl-C would; epochs count from 0."""
    count = Engine._count
    states: list[State] = []

    def count_(engine: Engine) -> bool:
        is_stopped = count(engine)
        if (engine.epoch, engine.batch) >= (epoch, batch):
            states[0].stop(INTERRUPTED)
        return is_stopped or bool(states[0].reason)

    class Stopping(Callback):
        def start(self, state: State) -> None:
            states.append(state)

        def epoch_end(self, state: State) -> None:
            if (state.epoch, 0) >= (epoch, batch):
                state.stop(INTERRUPTED)

    monkeypatch.setattr(Engine, "_count", count_)
    return Stopping()


@pytest.mark.parametrize(
    "at", gate(map(pytest.param, [(0, 1), (1, 7), (2, 12), (3, 0), (3, 2), (4, 5)]), 1, 3)
)
def test_it_goes_on_to_the_same_bits_from_any_minibatch(
    at: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = new()
    whole.run()
    path = Path("s", CHECKPOINT)
    first = new()
    with monkeypatch.context() as stepping:
        first.run(stopped_at(stepping, *at))
    assert (first.epoch, first.batch) == at
    first.checkpoint().write(path)
    second = new()
    second.resume_(Checkpoint.read(path))
    second.run(Checkpoints(path, minutes=10.0))
    expected, got = whole.outcome(), second.outcome()
    assert got.status == expected.status
    assert torch.equal(got.bank.theta.nan_to_num(7), expected.bank.theta.nan_to_num(7))
    for name, values in expected.curves.items():
        assert torch.equal(got.curves[name].nan_to_num(7), values.nan_to_num(7))


def test_another_sweep_is_refused_by_name() -> None:
    kept = new().checkpoint()
    with pytest.raises(UsageError, match="other epochs"):
        new(dataclasses.replace(PLAN, epochs=6)).resume_(kept)
    with pytest.raises(UsageError, match="other settings"):
        new(settings=SETTINGS[1:]).resume_(kept)
    rows = make_blobs(200, seed=3)
    other = Sweep(rows, make_trials(SETTINGS, 2), VIEWS, SoftmaxCrossEntropy(), PLAN, torch.float32)
    with pytest.raises(UsageError, match="other data"):
        other.resume_(kept)


def test_models_in_other_banks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether as many banks hold others of the models, fewer hold them, or it is not known."""
    kept = new().checkpoint()
    identity = {name: value for name, value in kept.identity.items() if name != BANKS}
    earlier = dataclasses.replace(kept, identity={**identity, "width": 21})
    with pytest.raises(UsageError, match=r"other banks than here.* or start anew"):
        new().resume_(earlier)
    with pytest.raises(UsageError, match="other banks than here"):
        new(dataclasses.replace(PLAN, width=42)).resume_(kept)
    monkeypatch.setattr(
        "linnet.train.sweep_learner.order_by_rule", lambda members: list(range(len(members)))[::-1]
    )
    with pytest.raises(UsageError, match="other banks than here"):
        new().resume_(kept)


def test_a_width_that_parts_the_models_alike_goes_on() -> None:
    whole, part, rest = new(), new(), new(dataclasses.replace(PLAN, width=23))
    assert [chunk.places.tolist() for chunk in rest.models.chunks] == [
        chunk.places.tolist() for chunk in whole.models.chunks
    ]
    whole.run()
    part.run(Each(lambda state: state.stop(INTERRUPTED)))
    rest.resume_(part.checkpoint())
    rest.run()
    assert torch.equal(rest.outcome().bank.theta.nan_to_num(7), whole.outcome().bank.theta.nan_to_num(7))


def test_a_damaged_or_foreign_file_is_an_error() -> None:
    linnet.fit(DATA, epochs=1, batch_size=50, show=False, out="run")
    with pytest.raises(FormatError, match="not a sweep"):
        new().resume_(Checkpoint.read(Path("run", CHECKPOINT)))
    with pytest.raises(FormatError, match="not a checkpoint"):
        Checkpoint.read(Path("run", "model.safetensors"))
    path = Path("s", CHECKPOINT)
    new().checkpoint().write(path)
    held = bytearray(path.read_bytes())
    held[-5] ^= 1
    path.write_bytes(held)
    with pytest.raises(ChecksumError):
        Checkpoint.read(path)


OPTIONS = {"epochs": 4, "batch_size": 32, "folds": 2, "show": False}


def stop_after_two(state: State) -> None:
    if state.epoch == 2:
        state.stop(INTERRUPTED)


def test_an_interrupted_sweep_has_a_result_and_goes_on() -> None:
    values = {"lr": [0.01, 0.1]}
    whole = linnet.sweep(DATA, values, **OPTIONS)
    part = linnet.sweep(DATA, values, **OPTIONS, out="s", callbacks=[stop_after_two])
    assert part.is_interrupted
    assert part.epochs_done == 2
    assert set(part.table["status"]) == {INTERRUPTED}
    with pytest.raises(UsageError, match="not empty"):
        linnet.sweep(DATA, values, **OPTIONS, out="s")
    rest = linnet.sweep(DATA, values, **OPTIONS, resume="s")
    assert not rest.is_interrupted
    assert torch.equal(rest.outcome.bank.theta, whole.outcome.bank.theta)
    again = linnet.sweep(DATA, values, **OPTIONS, resume="s")  # there is nothing left to do
    assert torch.equal(again.outcome.bank.theta, whole.outcome.bank.theta)


def test_interrupted_before_any_epoch_there_is_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        linnet.sweep(DATA, {"lr": [0.1]}, **OPTIONS, callbacks=[stopped_at(monkeypatch, 0, 2)])
    with pytest.raises(UsageError, match="leave out out="):
        linnet.sweep(DATA, {"lr": [0.1]}, **OPTIONS, out="s", resume="s")
