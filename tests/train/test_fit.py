from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import linnet
from linnet.config import Recipe
from linnet.core.losses import SoftmaxCrossEntropy
from linnet.core.step import reference_sgd_
from linnet.data.dataset import Dataset
from linnet.data.registry import load
from linnet.data.sources import synthetic
from linnet.data.split import Fold, split
from linnet.errors import ShapeError, UsageError
from linnet.model.run import Run
from linnet.train.callbacks import State
from linnet.train.checkpoint import Checkpoint
from linnet.train.fit import fit
from linnet.train.plan import Plan, Trial
from tests.support.blobs import make_blobs
from tests.support.requested import fitted_by
from tests.support.sweeps import train_together


def distance(one: Run, other: Run) -> float:
    """The largest difference of weights, relative to the largest weight."""
    return float((one.bank.W - other.bank.W).abs().max() / other.bank.W.abs().max())


SETTINGS = [
    {"optimizer": "momentum", "l2": 1e-3},
    {"optimizer": "adam", "lr": 0.01, "schedule": "cosine"},
    {"optimizer": "nesterov", "clip": 0.5, "warmup": 0.25, "schedule": "linear"},
    {"l1": 1e-3, "weight_decay": 1e-2},
]


def learned_by_heart() -> Dataset:
    """Rows that can only be learned by heart, so that validation soon gets worse."""
    data = make_blobs(200)
    y = torch.randint(0, 3, (200,), generator=torch.Generator().manual_seed(5))
    return replace(data, y=torch.where(torch.arange(200) % 4 == 0, data.y, y))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_fused_and_reference_agree_after_an_epoch(blobs: Dataset, dtype: str, tolerance: float) -> None:
    recipe = Recipe(epochs=1, batch_size=16, dtype=dtype)
    fused, _ = fit(blobs, recipe, test=blobs)
    reference, _ = fit(blobs, recipe, test=blobs, step=reference_sgd_)
    assert distance(fused, reference) <= tolerance
    for key in ("train_loss", "test_accuracy"):
        assert fused.history.last[key] == pytest.approx(reference.history.last[key], rel=1e-5)


@pytest.mark.fashion
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_trajectories_agree_on_fashion_mnist(fashion_folder: Path, dtype: str, tolerance: float) -> None:
    train = load("fashion_mnist", fashion_folder).train
    recipe = Recipe(epochs=1, dtype=dtype)
    assert distance(fit(train, recipe)[0], fit(train, recipe, step=reference_sgd_)[0]) <= tolerance


@pytest.mark.fashion
def test_the_books_recipe(fashion_folder: Path) -> None:
    train, test = load("fashion_mnist", fashion_folder)
    run, _ = fit(train, test=test)
    assert 0.82 <= run.history.last["test_accuracy"] <= 0.85
    assert 0.44 <= run.history.last["train_loss"] <= 0.455
    assert list(run.history.last) == [
        "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds",
    ]  # fmt: skip


def test_one_seed_gives_one_result(blobs: Dataset) -> None:
    first, second, other = (fit(blobs, Recipe(epochs=2, seed=s))[0] for s in (1, 1, 2))
    assert torch.equal(first.bank.W, second.bank.W)
    assert not torch.equal(first.bank.W, other.bank.W)


def test_the_books_linear_regression() -> None:
    data = synthetic.linear()
    run, _ = fit(data)
    losses = run.history["train_loss"]
    assert len(losses) == 3
    assert losses[0] > losses[1]
    assert losses[2] < 1e-4
    torch.testing.assert_close(run.bank.W[0], torch.tensor([2, -3.4]), atol=5e-3, rtol=0)
    whole = 0.5 * (run.scores(data.X) - data.y).square().mean()
    assert losses[2] == pytest.approx(float(whole), rel=1e-4)


def test_running_and_after(blobs: Dataset) -> None:
    after, _ = fit(blobs, Recipe(epochs=1, measure="after"))
    measured = after.loss.value(after.scores(blobs.X).T, blobs.y).mean()
    assert after.history.last["train_loss"] == pytest.approx(float(measured), rel=1e-5)
    running, _ = fit(blobs, Recipe(epochs=1))
    assert running.history.last["train_loss"] > after.history.last["train_loss"]


def test_what_does_not_fit(blobs: Dataset) -> None:
    with pytest.raises(UsageError, match="needs class labels"):
        fit(synthetic.linear(), Recipe(loss="softmax"))
    with pytest.raises(ShapeError, match="16 features"):
        fit(blobs, test=make_blobs(20, features=8))
    with pytest.raises(UsageError, match="no rows"):
        fit(blobs.rows(slice(0, 0)))
    spoiled = synthetic.linear()
    spoiled.X[3, 1] = torch.nan
    with pytest.raises(UsageError, match="NaN"):
        fit(spoiled)


@pytest.mark.parametrize("hyperparameters", SETTINGS, ids=lambda hyperparameters: "-".join(hyperparameters))
def test_a_fit_with_knobs_is_the_same_model_of_a_sweep(
    blobs: Dataset, hyperparameters: dict[str, Any]
) -> None:
    recipe = Recipe(epochs=3, batch_size=32, dtype="float64", **hyperparameters)
    run, _ = fit(blobs, recipe)
    views = [Fold(torch.ones(len(blobs)), torch.arange(10))]
    asked = recipe.resolved(True)
    plan = Plan(epochs=3, batch_size=32, seed=asked.seed)
    swept = train_together(
        blobs, [Trial(0, asked.hyperparameters, 0)], views, SoftmaxCrossEntropy(), plan, torch.float64
    )
    torch.testing.assert_close(run.bank.theta, swept.bank.theta, rtol=1e-12, atol=1e-15)
    assert run.history["train_loss"] == pytest.approx(swept.curves["train_loss"][:, 0].tolist(), rel=1e-9)


def test_knobs_are_for_linear_models(blobs: Dataset) -> None:
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3))
    for options in ({"optimizer": "adam"}, {"l2": 0.1}):
        with pytest.raises(UsageError, match="torch optimizer"):
            linnet.fit(blobs, model=net, show=False, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="by name"):
        linnet.fit(blobs, optimizer=torch.optim.SGD(net.parameters()), show=False)
    assert fitted_by(linnet.fit(blobs, optimizer="adam", lr=0.01, epochs=1, show=False)).optimizer == "adam"


def test_patience_keeps_the_best_weights() -> None:
    data = learned_by_heart()
    recipe = Recipe(epochs=60, batch_size=32, lr=1.0, patience=3, validation=0.25, dtype="float64")
    run, engine = fit(data, recipe)
    losses = run.history["validation_loss"]
    assert run.status == "stopped: no better validation loss for 3 epochs"
    assert losses.index(min(losses)) == len(losses) - 4
    _, kept = split(data, 0.25, recipe.seed)
    scores = kept.X.double() / 255 @ run.bank.W.T + run.bank.b
    assert float(nn.functional.cross_entropy(scores, kept.y)) == pytest.approx(min(losses), rel=1e-9)
    assert not torch.equal(engine.checkpoint().snapshot.tensors["theta"], run.bank.theta)


@pytest.mark.parametrize("stop_at", [1, 3, 6])
def test_an_early_stop_is_the_same_after_a_break(tmp_path: Path, stop_at: int) -> None:
    data = learned_by_heart()
    recipe = Recipe(epochs=60, batch_size=32, lr=1.0, patience=3, optimizer="momentum", momentum=0.5)
    whole, _ = fit(data, recipe)

    def pause(state: State) -> None:
        if state.epoch == stop_at:
            state.stop("a break")

    _, engine = fit(data, recipe, callbacks=[pause])
    engine.checkpoint().write(tmp_path / "c.safetensors")
    resumed, _ = fit(data, recipe, resume=Checkpoint.read(tmp_path / "c.safetensors"))
    assert torch.equal(resumed.bank.theta, whole.bank.theta)
    assert resumed.history["validation_loss"] == whole.history["validation_loss"]
    assert resumed.status == whole.status


def test_a_share_is_measured_without_patience_too(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=2, validation=0.2), test=blobs)
    assert {"validation_loss", "validation_accuracy", "test_accuracy"} <= set(run.history.last)
    for options in ({"patience": 0}, {"validation": 1.0}):
        with pytest.raises(UsageError, match=next(iter(options))):
            Recipe(**options)  # type: ignore[arg-type]
