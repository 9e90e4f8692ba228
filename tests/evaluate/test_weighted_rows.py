"""Runs that were trained with weights of rows: which of their scores count by them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import linnet
from tests.support.commands import call


@pytest.fixture
def survey(tmp_path: Path) -> pd.DataFrame:
    """A table with weights in a column, in the working folder as a file."""
    source = np.random.default_rng(0)
    frame = pd.DataFrame({
        "a": source.normal(size=120), "b": source.normal(size=120), "w": source.integers(1, 6, 120),
    })  # fmt: skip
    frame["price"] = frame["a"] - 2 * frame["b"] + source.normal(size=120)
    frame.to_csv("survey.csv", index=False)
    return frame


def score(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert call("evaluate", "run", "--json", *arguments) == 0
    return json.loads(capsys.readouterr().out)


def test_a_column_of_weights_weighs_the_rows_to_test_on(
    survey: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    call("train", "--data", "survey.csv", "--target", "price", "--sample-weight", "w", "--out", "run", "-q")
    capsys.readouterr()
    found = score(capsys)
    assert found["weights"] == "rows count by their weights, w"
    evaluation = linnet.Evaluation.named(linnet.Run.load("run"))
    y, said, w = evaluation.targets[:, 0], evaluation.scores[:, 0], evaluation.weights
    assert found["r2"] == pytest.approx([metrics.r2_score(y, said, sample_weight=w)])
    survey.drop(columns="w").to_csv("other.csv", index=False)
    assert "which are not of these rows" in str(score(capsys, "--data", "other.csv")["weights"])


def test_a_file_of_weights_weighs_the_training_rows_and_it_is_said_of_others(
    survey: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savetxt("w.txt", np.arange(96) % 5 + 1)
    how = ("--data", "survey.csv", "--target", "price", "--ignore", "w", "--sample-weight", "w.txt", "-q")
    assert call("train", *how, "--validation", 0.25, "--out", "run") == 0
    capsys.readouterr()
    assert "w.txt, which are not of these rows: each counts once" in str(score(capsys)["weights"])
    found = score(capsys, "--part", "train")
    assert found["weights"] == "rows count by their weights, w.txt"
    assert found["holds_training_rows"]
    run = linnet.Run.load("run")
    kept = linnet.Evaluation.named(run, part="validation")
    assert kept.weights is not None
    assert linnet.score(run, kept.rows).loss == pytest.approx(run.history.last["validation_loss"])
    Path("w.txt").unlink()
    assert "which are not of these rows" in str(score(capsys, "--part", "train")["weights"])


def test_tune_and_find_lr_take_weights(survey: pd.DataFrame) -> None:
    how = ("--data", "survey.csv", "--target", "price", "--sample-weight", "w", "--quiet")
    search = ("--lr", "0.01,0.1", "--trials", 2, "--batch", 2, "--epochs", 1)
    assert call("tune", *how, *search, "--out", "tuned", "--no-report") == 0
    assert json.loads(Path("tuned/tune.json").read_text("utf-8"))["origin"]["table"]["sample_weight"] == "w"
    assert linnet.replay("tuned/best").is_same
    assert call("find-lr", *how, "--count", 5, "--steps", 20, "--out", "rates") == 0
    assert call("find-lr", *how[:4], "--sample-weight", "none", "-q", "--out", "no") == 1
