"""Weights of rows and classes and standardised columns, beside scikit-learn; penalties chosen by folds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

import linnet
from linnet.config.requests import SolveRequest
from linnet.data import coerce
from linnet.data.dataset import Splits
from linnet.data.split import split_folds
from linnet.errors import UsageError
from linnet.runs.solve import solve_request
from linnet.solvers.prepare import Preparation
from tests.support.commands import call

N = 160
SOURCE = np.random.default_rng(0)
X: Any = SOURCE.normal(size=(N, 3)) * [1, 30, 0.1] + [0, 500, 1]
SIGNAL: Any = X[:, 0] + X[:, 1] / 30 - 500 / 30 + SOURCE.normal(size=N)
W: Any = SOURCE.uniform(0.5, 3, N)
KIND: Any = np.digitize(SIGNAL, [0.0, 1.5])
L2 = 0.01


def theirs(rows: np.ndarray, y: np.ndarray, weights: np.ndarray, **how: Any) -> np.ndarray:
    """scikit-learn's weights, whose C is of the sum of weighted losses."""
    model = LogisticRegression(C=1 / (L2 * weights.sum()), tol=1e-10, max_iter=5000, **how)
    return model.fit(rows, y, sample_weight=weights).coef_


def test_standardised_sparse_rows_stay_sparse_and_have_the_model_of_dense_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows: Any = np.where(SOURCE.random((N, 3)) < 0.5, 0.0, X)
    dense = linnet.solve(
        linnet.Dataset(rows, KIND, classes=("a", "b", "c")), l2=L2, standardize=True, tol=1e-12
    )
    monkeypatch.setattr(coerce, "SMALL", 0)  # as if they were many
    few: Any = csr_array(rows)
    data = linnet.Dataset(few, KIND, classes=("a", "b", "c"))
    assert data.is_sparse
    assert Preparation.of(data, "none", True, intercept=True).apply(data).is_sparse
    sparse = linnet.solve(data, l2=L2, standardize=True, tol=1e-12)
    assert torch.allclose(sparse.value.bank.theta, dense.value.bank.theta, rtol=1e-4, atol=1e-6)


def test_weights_of_rows_are_scikit_learns() -> None:
    data = linnet.Dataset(X[:, [0, 2]], KIND, classes=("a", "b", "c"), weights=W)
    W_ours = linnet.solve(data, l2=L2).value.bank.W.numpy()
    np.testing.assert_allclose(W_ours, theirs(X[:, [0, 2]], KIND, W), atol=1e-6)
    ridge = Ridge(alpha=L2 * W.sum(), tol=1e-12).fit(X, SIGNAL, sample_weight=W)
    ours = linnet.solve(linnet.Dataset(X, SIGNAL, weights=W), l2=L2).value.bank.W.numpy()
    np.testing.assert_allclose(ours[0], ridge.coef_, rtol=1e-9)


def test_classes_count_as_they_do_in_training_and_scikit_learn() -> None:
    data = linnet.Dataset(X[:, [0, 2]], KIND, classes=("a", "b", "c"))
    solution = linnet.solve(data, l2=L2, class_weight="balanced")
    factors = (N / (3 * np.bincount(KIND)))[KIND]
    np.testing.assert_allclose(solution.value.bank.W.numpy(), theirs(X[:, [0, 2]], KIND, factors), atol=1e-6)
    how = {"lr": 0.5, "batch_size": N, "epochs": 2500, "dtype": "float64", "show": False}
    trained = linnet.fit(data, l2=L2, class_weight="balanced", **how)
    np.testing.assert_allclose(trained.bank.W.numpy(), solution.value.bank.W.numpy(), atol=1e-3)
    assert solution.value.dataset_checksum == data.checksum
    with pytest.raises(UsageError, match="class_weight is for classes"):
        linnet.solve(linnet.Dataset(X, SIGNAL), class_weight="balanced")
    with pytest.raises(UsageError, match="2 weights for 3 classes"):
        linnet.solve(data, class_weight="1:2")


def test_columns_are_standardised_alike_in_training_whatever_classes_count() -> None:
    rare = np.array(KIND == 2, np.int64)
    data = linnet.Dataset(X[:, [0, 2]] * (1 + rare[:, None]), torch.from_numpy(rare), classes=("a", "b"))
    both: Any = {"l2": 0.1, "class_weight": "balanced", "standardize": True}
    how = {"lr": 0.3, "batch_size": N, "epochs": 1500, "dtype": "float64", "show": False}
    ours = linnet.solve(data, **both).value.bank.W.numpy()
    np.testing.assert_allclose(linnet.fit(data, **both, **how).bank.W.numpy(), ours, atol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_a_penalty_on_standardised_columns_is_that_of_a_scaled_ridge(scale: float) -> None:
    data = linnet.Dataset(X, SIGNAL, weights=W, scale=scale)
    run = linnet.solve(data, l2=L2, standardize=True).value
    scaler = StandardScaler().fit(X, sample_weight=W)
    ridge = Ridge(alpha=L2 * W.sum(), tol=1e-12).fit(scaler.transform(X), SIGNAL, sample_weight=W)
    np.testing.assert_allclose(run.bank.W.numpy()[0] * scale, ridge.coef_ / scaler.scale_, rtol=1e-8)
    np.testing.assert_allclose(run.scores(data.X)[:, 0], ridge.predict(scaler.transform(X)), rtol=1e-8)
    plain = linnet.solve(data, standardize=True).value.bank.theta
    assert torch.allclose(plain, linnet.solve(data).value.bank.theta, rtol=1e-7)
    without = linnet.solve(data, l2=L2, standardize=True, intercept=False).value.bank
    assert float(without.b.abs().max()) == 0


def test_folds_choose_as_a_loop_over_scikit_learns_ridge_does() -> None:
    data = linnet.Dataset(X, SIGNAL)
    path = linnet.regularization_path(data, l2s=[1.0, 0.1, 0.01], folds=4, standardize=True)
    assert path.edge == ""  # the best is the smallest, and none at all would gain nothing to speak of
    losses = np.empty((4, 3))
    for place, fold in enumerate(split_folds(data, 4, 1)):
        at, kept = fold.weights.numpy() > 0, fold.validation.numpy()
        scaler = StandardScaler().fit(X[at])
        for column, l2 in enumerate([1.0, 0.1, 0.01]):
            model = Ridge(alpha=l2 * at.sum(), tol=1e-12).fit(scaler.transform(X[at]), SIGNAL[at])
            wrong = model.predict(scaler.transform(X[kept])) - SIGNAL[kept]
            losses[place, column] = (wrong**2).mean() / 2
    np.testing.assert_allclose(path.table["validation_loss"], losses.mean(0), rtol=1e-8)
    np.testing.assert_allclose(path.table["validation_se"], losses.std(0, ddof=1) / 2, rtol=1e-7)
    assert path.best == losses.mean(0).argmin()


def test_the_simplest_is_the_largest_penalty_within_a_standard_error() -> None:
    data = linnet.Dataset(X, KIND, classes=("a", "b", "c"))
    path = linnet.regularization_path(data, l1s=8, folds=5, standardize=True)
    losses, errors = (path.table[name].to_numpy() for name in ("validation_loss", "validation_se"))
    assert path.simplest < path.best
    limit = losses[path.best] + errors[path.best]
    assert losses[path.simplest] <= limit
    assert (losses[: path.simplest] > limit).all()
    with pytest.raises(UsageError, match="give one"):
        linnet.regularization_path(data, l1s=4, folds=3, validation=data)
    with pytest.raises(UsageError, match="give the path folds"):
        print(linnet.regularization_path(data, l1s=3).simplest)


@pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")
def test_a_path_is_measured_on_the_rows_that_the_data_set_aside() -> None:
    data = linnet.Dataset(X, SIGNAL)
    parts = dataclasses.replace(data.rows(torch.arange(100)), validation=data.rows(torch.arange(100, N)))
    request = SolveRequest(loss="squared", path=5, standardize=True)
    path = solve_request(Splits(parts), request).path
    assert path is not None
    own = linnet.regularization_path(parts, l1s=5, validation=parts.validation, standardize=True)
    assert path.table["validation_loss"].tolist() == own.table["validation_loss"].tolist()


def test_a_path_is_judged_by_rows_that_count_alike_whatever_classes_count_in_training() -> None:
    data = linnet.Dataset(X[:, [0, 2]], KIND, classes=("a", "b", "c"))
    train, kept = linnet.split(data, 0.25)
    path = linnet.regularization_path(train, l2s=[0.1], validation=kept, class_weight="balanced")
    (found,) = path.table["validation_loss"].tolist()
    assert found == pytest.approx(linnet.score(path.run(0), kept).loss)


def test_the_command_chooses_by_folds_of_whole_groups_and_does_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = enumerate(zip(X[:, 0], X[:, 1], SIGNAL, strict=True))
    rows = [f"{a:.6f},{b:.6f},p{k % 20},{'yes' if s > 0 else 'no'}" for k, (a, b, s) in cells]
    Path("sick.csv").write_text("\n".join(["a,b,patient,sick", *rows]) + "\n", "utf-8")
    how = ("--data", "sick.csv", "--groups", "patient", "--path", 6, "--folds", 4, "--standardize")
    assert (
        call("solve", *how, "--path-penalty", "l2", "--class-weight", "balanced", "--out", "run", "--json")
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["path"].startswith(f"l2 {found['request']['l2']:.4g} was chosen: the largest whose loss")
    assert found["request"]["folds"] == 4
    assert "validation_se" in Path("run/table.csv").read_text("utf-8")
    assert linnet.replay("run").is_same
    page = Path("run/report.html").read_text("utf-8")
    assert "--path-penalty l2" in page
    assert "--folds 4" in page
    assert 'id="path"' in page
    assert call("solve", *how[:4], "--folds", 4, "--out", "no") == 2
    assert call("solve", *how[:4], "--summary", "--class-weight", "balanced", "--no-report") == 2
