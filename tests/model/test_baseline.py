from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import log_loss, mean_absolute_error, mean_poisson_deviance, root_mean_squared_error

import linnet
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset
from linnet.model.baseline import Baseline, baseline_lines, describe_baseline, judge_baseline
from linnet.model.run import Run

RNG = np.random.default_rng(4)
X = RNG.normal(size=(60, 2))
WEIGHTS = RNG.integers(1, 4, 60).astype(float)
DATA: Any = Dataset


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_the_answers_of_classes_are_scikit_learns_prior(weights: Any) -> None:
    y = RNG.choice(["a", "b", "c"], 60, p=[0.2, 0.5, 0.3])
    rows = DATA(X, y, weights=weights)
    prior: Any = DummyClassifier(strategy="prior").fit(X, y, weights)
    found = Baseline.of(rows).figures(rows, by_name("softmax"))
    assert found["accuracy"] == pytest.approx(prior.score(X, y, weights))
    assert found["loss"] == pytest.approx(log_loss(y, prior.predict_proba(X), sample_weight=weights))


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_the_answers_of_numbers_are_scikit_learns_mean_and_median(weights: Any) -> None:
    y = 1e9 + RNG.normal(size=60)
    rows = DATA(X, y, weights=None if weights is None else torch.from_numpy(weights))
    found = Baseline.of(rows).figures(rows, by_name("squared"))
    mean: Any = DummyRegressor(strategy="mean").fit(X, y, weights)
    rmse = root_mean_squared_error(y, mean.predict(X), sample_weight=weights)
    assert found["rmse"] == pytest.approx(rmse)
    assert found["loss"] == pytest.approx(rmse**2 / 2, rel=1e-6)
    median = np.median(np.repeat(y, 1 if weights is None else weights.astype(int)))
    mae = mean_absolute_error(y, np.full(60, median), sample_weight=weights)
    assert found["mae"] == pytest.approx(mae)
    assert Baseline.of(rows).figures(rows, by_name("absolute"))["loss"] == pytest.approx(mae)


def test_the_answer_of_counts_is_their_mean() -> None:
    y = RNG.poisson(3, 60).astype(float)
    found = Baseline.of(DATA(X, y)).figures(DATA(X, y), by_name("poisson"))
    assert found["loss"] == pytest.approx(mean_poisson_deviance(y, np.full(60, y.mean())) / 2)


def test_a_model_that_is_worse_is_told_what_to_do(tmp_path: Path) -> None:
    y = np.where(X[:, 0] + 0.1 * RNG.normal(size=60) > 0, "a", "b")
    rows = DATA(X, y)
    good = linnet.fit(rows, lr=0.5, show=False, out=tmp_path / "good", report=False)
    again = Run.load(tmp_path / "good").baseline
    assert again == good.baseline
    assert again["part"] == "train"
    assert judge_baseline(again, good.history.last["train_loss"], good.history.last["train_accuracy"]) == ""
    assert "linnet solve" in judge_baseline(again, 99.0, 0.9)
    assert "--lr" in judge_baseline(again, 0.1, 0.01)
    assert "always the likeliest class: accuracy" in describe_baseline(again)
    assert "median: MAE 1" in describe_baseline({"rmse": 2.0, "loss": 3.0, "mae": 1.0})


def test_the_lines_that_end_a_command_are_of_the_rows_that_judge() -> None:
    baseline = {"part": "test", "accuracy": 0.5, "loss": 0.7}
    assert baseline_lines({}, {"test_loss": 9.0}) == []
    (said,) = baseline_lines(baseline, {"train_loss": 9.0})
    assert said == "always the likeliest class: accuracy 0.5000, loss 0.7 (baseline, test rows)"
    assert baseline_lines(baseline, {"test_loss": 0.6, "test_accuracy": 0.9}) == [said]
    assert "linnet solve" in baseline_lines(baseline, {"test_loss": 9.0})[1]
    assert "--path 30" in baseline_lines(baseline, {"test_loss": 9.0}, is_solved=True)[1]


def test_both_sentences_are_chinese_where_that_is_the_language() -> None:
    found = {"accuracy": 0.5, "loss": 0.7}
    assert describe_baseline(found, "zh") == "始终回答最常见的类别：准确率 0.5000，损失 0.7"
    assert "还不如" in judge_baseline(found, 9.0, 0.9, "zh")
    assert "还不如" in judge_baseline(found, 9.0, 0.9, "zh", is_solved=True)


def test_a_solve_and_the_best_of_a_sweep_keep_the_baseline_of_the_test_rows(tmp_path: Path) -> None:
    y = np.where(X[:, 0] > 0, "a", "b")
    splits = linnet.Splits(DATA(X[:40], y[:40]), DATA(X[40:], y[40:]))
    prior: Any = DummyClassifier(strategy="prior").fit(X[:40], y[:40])
    linnet.solve(splits, l2=0.1, out=tmp_path / "solved", report=False)
    linnet.sweep(splits, {"lr": [0.1]}, epochs=1, show=False, out=tmp_path / "swept", report=False)
    for folder in ("solved", "swept/best"):
        found = Run.load(tmp_path / folder).baseline
        assert found["part"] == "test"
        assert found["accuracy"] == prior.score(X[40:], y[40:])
        assert found["loss"] == pytest.approx(log_loss(y[40:], prior.predict_proba(X[40:])))
