"""Sparse rows go through every verb, without a dense copy, to what dense rows come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import linnet
from linnet.errors import UsageError

Dataset: Any = linnet.Dataset
SOURCE = np.random.default_rng(0)
MATRIX: Any = sp.random(500, 10_000, density=0.002, rng=1, format="csr")
SCORES = MATRIX @ SOURCE.normal(size=(10_000, 3))
CLASSES = np.array(["a", "b", "c"])[SCORES.argmax(1)]
OPTIONS = {"epochs": 2, "lr": 1.0, "show": False}


def pair(targets: np.ndarray) -> tuple[linnet.Dataset, linnet.Dataset]:
    """Sparse rows and dense ones."""
    return Dataset(MATRIX, targets), Dataset(MATRIX.toarray(), targets)


@pytest.mark.parametrize(
    "hyperparameters", [{}, {"optimizer": "adam", "lr": 0.01, "l1": 1e-3}, {"standardize": True}]
)
def test_fit(hyperparameters: dict[str, Any]) -> None:
    sparse, dense = pair(CLASSES)
    ours, theirs = (linnet.fit(data, **{**OPTIONS, **hyperparameters}) for data in (sparse, dense))
    torch.testing.assert_close(ours.bank.theta, theirs.bank.theta)
    assert ours.history.last["train_loss"] == pytest.approx(theirs.history.last["train_loss"])


@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-3}])
@pytest.mark.parametrize("targets", [CLASSES, SCORES[:, 0]], ids=["classes", "numbers"])
def test_solve(targets: np.ndarray, penalty: dict[str, Any]) -> None:
    sparse, dense = pair(targets)
    ours, theirs = (linnet.solve(data, **penalty) for data in (sparse, dense))
    assert ours.stats.objective == pytest.approx(theirs.stats.objective, rel=1e-8)
    assert ours.stats.gap <= 1e-8 * ours.stats.objective
    assert ours.stats.objective - ours.stats.gap <= theirs.stats.objective * (1 + 1e-12)


def test_sweep_score_and_folders() -> None:
    sparse, _ = pair(CLASSES)
    train, test = linnet.split(sparse, 0.2, 0)
    run = linnet.fit(train, test=test, out="run", **OPTIONS)
    again = linnet.Dataset(test.X[:], test.y, classes=test.classes)
    assert linnet.score(run, test).accuracy == linnet.score(run, again).accuracy
    torch.testing.assert_close(run.scores(test.X), run.scores(test.X[:]))
    assert Path("run", "report.html").is_file()
    swept = linnet.sweep(train, {"lr": [0.1, 1.0]}, folds=2, epochs=1, show=False)
    assert bool(swept.table["validation_loss"].notna().all())


def test_errors_of_estimates_need_dense_rows() -> None:
    sparse, _ = pair(SCORES[:, 0])
    solved = linnet.solve(sparse, l2=1e-2)
    with pytest.raises(UsageError, match="infer from some of the columns"):
        linnet.infer(solved, sparse)


def test_rows_set_aside_to_validate_on_stay_sparse() -> None:
    train, kept = linnet.split(pair(CLASSES)[0], 0.2, 0)
    data = Dataset(train.X, train.y, classes=train.classes, validation=kept)
    swept = linnet.sweep(data, {"lr": [0.1, 1.0]}, epochs=1, show=False)
    assert bool(swept.table["validation_loss"].notna().all())
