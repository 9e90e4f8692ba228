from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from optuna.trial import TrialState

import linnet
from linnet.config.ranges import LogUniform, Uniform
from linnet.data.dataset import Splits
from linnet.data.split import split
from linnet.errors import DivergedError, UsageError
from linnet.search import tune
from tests.support.blobs import make_blobs

SPLITS = Splits(*split(make_blobs(240, seed=1), 1 / 3))


QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 32, "show": False}


SPACE = {"lr": LogUniform(1e-4, 1.0), "optimizer": ["sgd", "nesterov"], "momentum": Uniform(0.5, 0.95)}


def test_the_best_loss_is_told_to_four_digits_whatever_its_size(capsys: pytest.CaptureFixture[str]) -> None:
    study = optuna.create_study()
    study.add_trial(optuna.trial.create_trial(value=3.61749e-10))
    tune._say(study, 1, 2, "validation_loss")
    assert "best validation loss 3.617e-10 " in capsys.readouterr().err


def test_a_search_ends_as_a_sweep_does() -> None:
    result = linnet.tune(SPLITS, SPACE, trials=12, batch=5, folds=3, out="t", **QUICK)
    assert [trial.state for trial in result.study.trials] == [TrialState.COMPLETE] * 12
    assert result.varied == ["lr", "optimizer", "momentum"]
    assert len(result.table) == 12
    assert result.table["models"].tolist() == [3] * 12
    assert result.study.best_value == pytest.approx(result.table["validation_accuracy"].max())
    assert result.best.lr == result.study.best_params["lr"]
    assert result.table["momentum"].between(0.5, 0.95).all()
    assert SPLITS.test is not None
    assert result.refit(SPLITS.test).history.last["test_accuracy"] > 0.8
    assert result.ensemble().bank.models == 3
    assert len(result.plot().axes) == 3
    left = {"best", "report.html", "table.csv", "tune.json", "tune.svg"}
    assert {path.name for path in Path("t").iterdir()} == left
    summary = json.loads(Path("t/tune.json").read_text())
    assert (summary["trials"], summary["models"], summary["study"]) == (12, 36, "blobs")


def test_batches_together_are_what_one_sweep_of_their_settings_is() -> None:
    result = linnet.tune(SPLITS, SPACE, trials=7, batch=3, folds=2, **QUICK)
    settings = list(dict.fromkeys(trial.hyperparameters for trial in result.trials))
    whole = linnet.sweep(SPLITS, settings=settings, folds=2, **QUICK)
    assert [t.setting for t in result.trials] == [t.setting for t in whole.trials]
    torch.testing.assert_close(result.outcome.bank.theta, whole.outcome.bank.theta)
    for name, curve in whole.outcome.curves.items():
        torch.testing.assert_close(result.outcome.curves[name], curve)
    assert result.best == whole.best


def test_what_diverges_fails_and_what_halving_drops_is_pruned() -> None:
    space = {"lr": [0.01, 0.1, 1e30]}
    sampler = optuna.samplers.RandomSampler(seed=1)
    result = linnet.tune(SPLITS, space, trials=12, batch=2, loss="squared", sampler=sampler, **QUICK)
    states = {trial.params["lr"]: trial.state for trial in result.study.trials}
    assert states == {0.01: TrialState.COMPLETE, 0.1: TrialState.COMPLETE, 1e30: TrialState.FAIL}
    assert len(result.table) == 3
    halved = linnet.tune(SPLITS, SPACE, trials=8, batch=4, halving=[1], **QUICK)
    dropped = [trial for trial in halved.study.trials if trial.state == TrialState.PRUNED]
    assert len(dropped) == 4
    assert all(list(trial.intermediate_values) == [1] for trial in dropped)
    with pytest.raises(DivergedError, match="every model"):
        linnet.tune(SPLITS, {"lr": LogUniform(1e29, 1e30)}, trials=4, batch=2, loss="squared", **QUICK)


def test_seeds_are_one_setting_and_settings_are_trained_once() -> None:
    space = {"lr": [0.01, 0.1], "l2": 1e-3, "seed": range(3)}
    result = linnet.tune(SPLITS, space, trials=9, batch=3, **QUICK)
    assert len(result.study.trials) == 9
    assert len(result.trials) == 6
    assert {trial.hyperparameters.l2 for trial in result.trials} == {1e-3}
    for trial in result.study.trials:
        (row,) = [row for row in result.table.to_dict("records") if row["lr"] == trial.params["lr"]]
        assert trial.value == pytest.approx(row["validation_accuracy"])


@pytest.mark.parametrize(
    ("space", "options", "said"),
    [
        ({"rate": [1]}, {}, "unknown hyperparameter 'rate'"),
        ({"lr": []}, {}, "lr needs at least one value"),
        ({"momentum": Uniform(0.5, 1.0)}, {}, r"momentum must lie in \[0, 1\)"),
        ({"optimizer": ["sgd", "lbfgs"]}, {}, "optimizer must be one of"),
        (SPACE, {"trials": 0}, "trials and batch must be at least 1"),
        (SPACE, {"metric": "speed"}, "metric must be"),
        (SPACE, {"folds": 1}, "folds must lie in"),
    ],
)
def test_what_cannot_be_is_refused(space: dict[str, Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        linnet.tune(SPLITS, space, **options, **QUICK)
