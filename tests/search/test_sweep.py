from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import linnet
from linnet.config import Hyperparameters
from linnet.config.ranges import LogUniform
from linnet.data.dataset import Splits
from linnet.data.sources import synthetic
from linnet.data.split import split
from linnet.errors import DivergedError, UsageError
from linnet.model.run import Run
from linnet.tracking.trackers import Tracker
from linnet.train.callbacks import State
from tests.support.blobs import make_blobs
from tests.support.requested import fitted_by

SPLITS = Splits(*split(make_blobs(300, seed=1), 1 / 3))


def test_a_grid_ends_in_a_table_a_choice_and_models() -> None:
    result = linnet.sweep(
        SPLITS,
        {"lr": [1e-4, 0.1], "l2": [0.0, 1e-3], "seed": range(2)},
        folds=3,
        epochs=4,
        batch_size=32,
        show=False,
    )
    assert len(result.trials) == 24
    assert result.varied == ["lr", "l2"]
    assert result.table.shape[0] == 4
    assert result.table["validation_accuracy"].is_monotonic_decreasing
    assert result.table["models"].tolist() == [6] * 4
    assert result.best.lr == 0.1
    assert result.table.iloc[0]["lr"] == 0.1
    test = SPLITS.test
    assert test is not None
    run = result.refit(test)
    assert run.history.last["test_accuracy"] > 0.9
    assert len(run.history) == 4
    ensemble = result.ensemble()
    assert ensemble.bank.models == 6
    assert ensemble.accuracy(test) > 0.9
    probabilities = ensemble.probabilities(test.X)
    each = [
        torch.softmax(test.X.float() / 255 @ m.W.T + m.b, 1)
        for m in (ensemble.bank.pick(k) for k in range(6))
    ]
    torch.testing.assert_close(probabilities, torch.stack(each).mean(0))


def test_the_test_part_is_never_looked_at() -> None:
    broken = Splits(SPLITS.train, None)
    options = {"epochs": 2, "batch_size": 32, "show": False}
    first = linnet.sweep(SPLITS, {"lr": [0.01, 0.1]}, **options)
    second = linnet.sweep(broken, {"lr": [0.01, 0.1]}, **options)
    pd.testing.assert_frame_equal(first.table, second.table)


def test_the_same_seed_gives_the_same_table_and_bytes() -> None:
    values = {"lr": LogUniform(1e-3, 1.0), "optimizer": ["sgd", "adam"]}
    results = [linnet.sweep(SPLITS, values, random=6, epochs=2, batch_size=32, show=False) for _ in range(2)]
    assert torch.equal(results[0].outcome.bank.theta, results[1].outcome.bank.theta)
    assert len(results[0].table) == 6
    other = linnet.sweep(SPLITS, values, random=6, epochs=2, batch_size=32, seed=2, show=False)
    assert not torch.equal(results[0].outcome.bank.theta, other.outcome.bank.theta)


def test_patience_refits_for_as_many_epochs_as_were_best() -> None:
    result = linnet.sweep(SPLITS, {"lr": [0.1]}, epochs=5, batch_size=32, patience=2, show=False)
    curve = result.outcome.curves["validation_loss"][:, 0].nan_to_num(torch.inf)
    assert len(result.refit().history) == int(curve.argmin()) + 1


def test_what_is_left_in_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    result = linnet.sweep(SPLITS, {"lr": [0.01, 0.1]}, folds=2, epochs=2, batch_size=32, out="swept")
    lines = capsys.readouterr().err.splitlines()
    assert ["4 of 4 models" in line for line in lines] == [True, True]
    summary = json.loads(Path("swept/sweep.json").read_text(encoding="utf-8"))
    assert (summary["models"], summary["best"]["lr"]) == (4, result.best.lr)
    assert len(pd.read_csv("swept/table.csv")) == 2
    assert "<svg" in Path("swept/sweep.svg").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        linnet.sweep(SPLITS, {"lr": [0.1]}, out="swept", show=False)
    run = result.refit(SPLITS.test)
    run.save(Path("swept/best"))
    assert torch.equal(Run.load("swept/best").bank.theta, run.bank.theta)


def test_a_regression() -> None:
    result = linnet.sweep(synthetic.linear(seed=1), {"lr": [0.03, 0.003]}, show=False)
    assert result.metric == "validation_loss"
    assert result.best.lr == 0.03
    with pytest.raises(UsageError, match="accuracy for classes only"):
        linnet.sweep(synthetic.linear(seed=1), {"lr": [0.03]}, metric="accuracy", show=False)
    with pytest.raises(UsageError, match="no accuracy"):
        result.ensemble().accuracy(synthetic.linear(seed=1))


def test_settings_of_ones_own() -> None:
    settings = [Hyperparameters(lr=0.1), Hyperparameters(lr=0.2, optimizer="adam", schedule="cosine")]
    result = linnet.sweep(SPLITS, settings=settings, epochs=2, batch_size=32, show=False)
    assert set(result.varied) == {"lr", "optimizer", "schedule"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": {"rate": [1]}}, "unknown hyperparameter"),
        ({"grid": {"lr": LogUniform(1e-3, 1)}}, "random="),
        ({"grid": {"lr": [0.1]}, "settings": [Hyperparameters()]}, "not both"),
        ({"grid": {"lr": [0.1]}, "random": 0}, "random must be"),
        ({"grid": {"lr": [0.1]}, "folds": 1}, "folds must lie"),
        ({"grid": {"lr": [0.1]}, "metric": "f1"}, "metric must be"),
        ({"grid": {"lr": [0.1]}, "validation": 1.5}, "fraction"),
        ({"grid": {"lr": [0.1]}, "folds": 0}, "folds must lie"),
        ({"grid": {"lr": [0.1]}, "patience": 0}, "patience must be"),
        ({"grid": {"lr": [0.1]}, "halving": [10]}, "halving takes"),
    ],
)
def test_what_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        linnet.sweep(SPLITS, show=False, **options)  # type: ignore[arg-type]


def test_all_diverged_is_an_error() -> None:
    with pytest.raises(DivergedError, match="every model"):
        linnet.sweep(SPLITS, {"lr": [1e38, 2e38]}, epochs=2, batch_size=32, show=False)


def test_a_diverged_model_is_in_no_figure_of_its_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    """Scores that are NaN name a class, too, and one row in three is of it."""
    lines: list[float] = []
    result = linnet.sweep(
        SPLITS, {"lr": [1e38, 0.1]}, epochs=1, batch_size=32,
        callbacks=[lambda state: lines.append(state.history.last["validation_accuracy"])],
    )  # fmt: skip
    diverged = [said.startswith("diverged") for said in result.outcome.status]
    assert diverged == [True, False]
    for curve in result.outcome.curves.values():
        assert curve[0].isfinite().tolist() == [False, True]
    assert "1 of 2 models" in capsys.readouterr().err
    assert lines == [float(result.outcome.curves["validation_accuracy"][0, 1])]


def test_nothing_varied_has_no_plot() -> None:
    result = linnet.sweep(SPLITS, {"lr": [0.1]}, epochs=1, batch_size=32, show=False)
    with pytest.raises(UsageError, match="nothing to plot"):
        result.plot()
    result.save("one")
    assert not Path("one/sweep.svg").exists()


@pytest.mark.parametrize(
    "grid",
    [
        {"lr": [0.01, 0.1]},
        {"optimizer": ["sgd", "adam"]},
        {"l2": [0.0, 1e-4, 1e-2]},
        {"lr": [0.01, 0.1], "l2": [0.0, 1e-3]},
        {"lr": [0.01, 0.1], "schedule": ["constant", "cosine"], "momentum": [0.5, 0.9]},
        {"clip": [None, 0.5]},
    ],
)
@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_plots(grid: dict[str, list[object]], metric: str) -> None:
    result = linnet.sweep(SPLITS, grid, epochs=1, batch_size=32, folds=2, metric=metric, show=False)
    figure = result.plot()
    axes = figure.axes[0]
    assert axes.get_xlabel() in grid
    if len(grid) == 1:
        assert len(axes.lines) + len(axes.collections) > 0
    else:
        assert axes.get_ylabel() in grid
        assert len(axes.images) == 1


def test_the_same_settings_twice_are_one() -> None:
    result = linnet.sweep(
        SPLITS, settings=[Hyperparameters(), Hyperparameters()], epochs=1, batch_size=32, show=False
    )
    assert len(result.trials) == 1


def test_features_that_are_no_numbers_are_named() -> None:
    data = synthetic.linear(seed=1)
    data.X[3, 0] = torch.nan
    with pytest.raises(UsageError, match="NaN"):
        linnet.sweep(data, {"lr": [0.03]}, show=False)


OPTIONS = {"epochs": 3, "batch_size": 32, "show": False}


def test_bags_make_an_ensemble_that_is_judged_by_rows_out_of_each() -> None:
    result = linnet.sweep(SPLITS, {"lr": [0.01, 0.1]}, bags=4, **OPTIONS)
    assert result.table["models"].tolist() == [4, 4]
    assert result.ensemble().bank.models == 4
    test = SPLITS.test
    assert test is not None
    assert result.ensemble().accuracy(test) > 0.8
    with pytest.raises(UsageError, match="folds or bags"):
        linnet.sweep(SPLITS, {"lr": [0.1]}, bags=2, folds=2, **OPTIONS)


def test_batch_sizes_are_a_knob() -> None:
    rest = {"epochs": 3, "show": False}
    result = linnet.sweep(SPLITS, {"batch_size": [60, 20], "lr": [0.1]}, **rest)
    assert result.varied == ["batch_size"]
    assert sorted(result.table["batch_size"]) == [20, 60]
    alone = linnet.sweep(SPLITS, {"lr": [0.1], "accumulate": 3}, batch_size=20, **rest)
    (place,) = (m for m, trial in enumerate(result.trials) if trial.hyperparameters.accumulate == 3)
    assert torch.allclose(
        result.outcome.bank.pick(place).theta, alone.outcome.bank.theta, rtol=1e-5, atol=1e-7
    )
    run = result.refit()
    assert fitted_by(run).batch_size == 20
    for grid, match in (
        ({"batch_size": [20, 30]}, "multiples of the least"),
        ({"batch_size": [0]}, "whole number"),
        ({"batch_size": [20], "accumulate": 2}, "leave out the other"),
    ):
        with pytest.raises(UsageError, match=match):
            linnet.sweep(SPLITS, grid, **rest)


def test_rows_may_have_weights_and_those_of_nothing_are_not_there() -> None:
    train = SPLITS.train
    weights = torch.ones(len(train))
    weights[: len(train) // 2] = 0
    first = linnet.sweep(train, {"lr": [0.1]}, folds=2, sample_weight=weights, dtype="float64", **OPTIONS)
    noise = train.X.clone()
    noise[: len(train) // 2] = 255 - noise[: len(train) // 2]
    changed = linnet.Dataset(noise, train.y, train.name, train.classes, train.image_shape, train.scale)
    second = linnet.sweep(changed, {"lr": [0.1]}, folds=2, sample_weight=weights, dtype="float64", **OPTIONS)
    torch.testing.assert_close(first.outcome.bank.theta, second.outcome.bank.theta)
    for name, values in first.outcome.curves.items():
        torch.testing.assert_close(second.outcome.curves[name], values)
    with pytest.raises(UsageError, match="every weight is 0"):
        linnet.sweep(train, {"lr": [0.1]}, sample_weight=torch.zeros(len(train)), **OPTIONS)


def test_knobs_of_the_inputs_are_swept_and_refitted() -> None:
    grid = {
        "augment": ["none", "shift:1"],
        "dropout": [0.0, 0.2],
        "pool": [1, 2],
        "standardize": [False, True],
    }
    result = linnet.sweep(SPLITS, grid, folds=2, **OPTIONS)
    assert len(result.table) == 16
    assert result.outcome.bank.features == SPLITS.train.features
    run = result.refit(SPLITS.test)
    assert run.bank.features == SPLITS.train.features
    assert run.history.last["test_accuracy"] > 0.5
    with pytest.raises(UsageError, match="3 classes"):
        linnet.sweep(SPLITS, {"class_weight": ["none", "1:2"]}, **OPTIONS)


def test_each_figure_says_what_it_shows() -> None:
    result = linnet.sweep(SPLITS, {"lr": [1e-3, 0.1, 1e38], "optimizer": ["sgd", "adam"]}, folds=2, **OPTIONS)
    (axes,) = result.plot("epochs").axes
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text() == "lr 0.1, optimizer " + result.best.optimizer
    best = result.configurations[0]
    (line,) = (line for line in axes.lines if line.get_label() == legend.get_texts()[0].get_text())
    expected = result.outcome.curves[result.metric][:, list(best.members)].mean(1)
    assert torch.as_tensor(line.get_ydata()).tolist() == expected.tolist()
    (axes,) = result.plot("generalisation").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("train loss", "validation loss")
    (axes,) = result.plot("generalisation", "zh").axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("训练损失", "验证损失")
    with pytest.raises(UsageError, match="kind must be"):
        result.plot("pie")


def test_numbers_of_numpy_are_numbers() -> None:
    grid = {"lr": np.array([0.01, 0.1]), "pool": np.array([1, 2]), "seed": np.arange(2)}
    result = linnet.sweep(SPLITS, grid, out="s", **OPTIONS)
    assert json.loads(Path("s/sweep.json").read_text(encoding="utf-8"))["models"] == 8
    assert type(result.best.pool) is int


def test_a_callback_may_stop_a_sweep_and_say_why() -> None:
    enough = [lambda state: state.stop("enough")]
    result = linnet.sweep(SPLITS, {"lr": [0.1]}, callbacks=enough, **OPTIONS)
    assert result.outcome.status == ["stopped: enough"]
    assert not result.is_interrupted

    class AtOnce(linnet.Callback):
        def start(self, state: State) -> None:
            state.stop("never mind")

    with pytest.raises(UsageError, match="never mind"):
        linnet.sweep(SPLITS, {"lr": [0.1]}, callbacks=[AtOnce()], **OPTIONS)


def test_a_setting_that_halving_dropped_is_no_match() -> None:
    result = linnet.sweep(SPLITS, {"lr": [1e-5, 0.1]}, folds=3, halving=[1], **OPTIONS)
    assert "no other" in str(result.margin)


def test_all_diverged_still_has_figures_when_asked_not_to_raise() -> None:
    result = linnet.sweep(SPLITS, {"lr": [1e38, 2e38], "l2": [1.0]}, strict=False, **OPTIONS)
    assert result.plot("generalisation").axes[0].texts[0].get_text() == "every model diverged"


def test_a_tracker_logs_the_best_model_of_each_epoch_of_a_sweep() -> None:
    logged: list[tuple[int, dict[str, float]]] = []
    closed: list[str] = []

    class Kept(Tracker):
        def open(self, state: State) -> int:
            return 0

        def log(self, figures: dict[str, float], epoch: int) -> None:
            logged.append((epoch, figures))

        def close(self, status: str) -> None:
            closed.append(status)

    result = linnet.sweep(SPLITS, {"lr": [1e-4, 0.1]}, callbacks=[Kept()], **OPTIONS)
    best = result.outcome.curves["validation_accuracy"].max(1).values
    assert [epoch for epoch, _ in logged] == list(range(1, len(best) + 1))
    assert [figures["validation_accuracy"] for _, figures in logged] == best.tolist()
    assert closed == ["completed"]
