"""The same rows and penalty give the same model at every entrance, and scikit-learn's where C fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from torch import Tensor

import linnet
from linnet.config import Hyperparameters
from linnet.data.dataset import Dataset
from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier, SoftmaxClassifierCV
from linnet.solvers.path import regularization_path

N, D = 40, 3
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, D))
WEIGHTS = RNG.uniform(0.2, 3.0, N)
L1S = [0.0, 0.04]


def labels(classes: int) -> np.ndarray:
    noisy = X[:, 0] + 0.5 * X[:, 1] + RNG.normal(size=N)
    return np.digitize(noisy, np.quantile(noisy, np.arange(1, classes) / classes))


def data(y: np.ndarray, weights: np.ndarray | None) -> Dataset:
    own = None if weights is None else torch.from_numpy(weights)
    if y.dtype.kind == "i":
        names = tuple(str(k) for k in range(y.max() + 1))
        return Dataset(torch.from_numpy(X), torch.from_numpy(y), classes=names, weights=own)
    return Dataset(torch.from_numpy(X), torch.from_numpy(y.reshape(N, -1)), weights=own)


STEPS: dict[str, Any] = {"epochs": 150, "batch_size": N, "dtype": "float64", "show": False}
PENALTIES = [(0.1, 0.0), (0.3, 0.04)]


def hyperparameters(l2: float, l1: float) -> Hyperparameters:
    return Hyperparameters(l2=l2, l1=l1, optimizer="nesterov", momentum=0.8, lr=0.4)


def same(theta: Tensor, other: Tensor, is_softmax: bool) -> None:
    if is_softmax:  # which does not feel what its biases have in common
        theta, other = (t - t[:, -1:].mean() * torch.eye(D + 1, dtype=t.dtype)[-1] for t in (theta, other))
    torch.testing.assert_close(theta, other, rtol=1e-4, atol=1e-5)


CASES = [
    pytest.param(classes, loss, id=f"{classes}-{loss}")
    for classes in (2, 3)
    for loss in ("softmax", "logistic")
] + [pytest.param(0, "squared", id="one-target"), pytest.param(-2, "squared", id="two-targets")]


def target(kind: int) -> np.ndarray:
    if kind > 0:
        return labels(kind)
    return X[:, : 1 - kind] @ np.ones((1 - kind, max(1, -kind))) + RNG.normal(size=(N, max(1, -kind)))


@pytest.mark.parametrize(("kind", "loss"), CASES)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_training_and_a_path_come_to_the_model_of_solve(
    kind: int, loss: str, weights: np.ndarray | None
) -> None:
    rows = data(target(kind), weights)
    for l2, l1 in PENALTIES:
        theta = linnet.solve(rows, loss, l2=l2, l1=l1, tol=1e-12).value.bank.theta
        of = {"l2": l2, "l1": l1, "optimizer": "nesterov", "momentum": 0.8, "lr": 0.4}
        same(linnet.fit(rows, loss=loss, **of, **STEPS).bank.theta, theta, loss == "softmax")
        same(regularization_path(rows, loss, l2s=[l2], l1=l1, tol=1e-12).bank.theta, theta, loss == "softmax")


@pytest.mark.parametrize(("kind", "loss"), CASES)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_a_sweep_comes_to_the_models_of_solve(kind: int, loss: str, weights: np.ndarray | None) -> None:
    rows = data(target(kind), weights)
    found = linnet.sweep(
        rows, settings=[hyperparameters(*one) for one in PENALTIES], loss=loss, folds=2, **STEPS
    )
    for place, (l2, l1) in enumerate(PENALTIES):
        for fold, view in enumerate(found.folds):
            assert view.weights is not None
            used = rows.rows(view.weights > 0)
            theta = linnet.solve(used, loss, l2=l2, l1=l1, tol=1e-12).value.bank.theta
            same(found.outcome.bank.pick(2 * place + fold).theta, theta, loss == "softmax")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize(("l2", "l1"), [(0.05, 0.0), (0.3, 0.04), (0.0, 0.03)])
def test_a_classifier_has_the_probabilities_of_solve(
    classes: int, weights: np.ndarray | None, l2: float, l1: float
) -> None:
    y = labels(classes)
    run = linnet.solve(data(y, weights), l2=l2, l1=l1, tol=1e-12).value
    expected = run.probabilities(torch.from_numpy(X)).numpy()
    for model in (
        SoftmaxClassifier(l2=l2, l1=l1, tol=1e-12),
        SoftmaxClassifierCV(l2s=[l2], l1=l1, tol=1e-12, cv=3),
    ):
        assert_allclose(model.fit(X, y, weights).predict_proba(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [0, -2])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("l1", L1S)
def test_a_regressor_has_the_weights_of_solve(kind: int, weights: np.ndarray | None, l1: float) -> None:
    y = target(kind)
    theta = linnet.solve(data(y, weights), l2=0.1, l1=l1, tol=1e-12).value.bank.theta
    models: list[Any] = [LinearRegressor(l2=0.1, l1=l1, tol=1e-12)]
    models += [] if l1 else [LinearRegressorCV(l2s=[0.1], cv=3)]
    for model in models:
        assert_allclose(model.fit(X, y, weights).coef_, theta[:, :-1], rtol=1e-6, atol=1e-8)
        assert_allclose(model.intercept_, theta[:, -1], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_cs_equivalent_is_one_over_the_weights_times_l2_and_twice_that_for_two_classes(
    classes: int, weights: np.ndarray | None
) -> None:
    y, total, l2 = labels(classes), N if weights is None else weights.sum(), 0.05
    C = (2 if classes == 2 else 1) / (l2 * total)
    theirs: Any = LogisticRegression(C=C, tol=1e-10, max_iter=1000).fit(X, y, weights)
    solved = linnet.solve(data(y, weights), l2=l2).value
    expected = theirs.predict_proba(X)
    assert_allclose(solved.probabilities(torch.from_numpy(X)), expected, rtol=1e-4, atol=1e-6)
    assert_allclose(
        SoftmaxClassifier(l2=l2).fit(X, y, weights).predict_proba(X), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_one_class_against_the_rest_has_the_l2_of_one_binary_regression_each(
    weights: np.ndarray | None,
) -> None:
    y, total, l2 = labels(3), N if weights is None else weights.sum(), 0.05
    theta = linnet.solve(data(y, weights), "logistic", l2=l2).value.bank.theta
    for k in range(3):
        theirs: Any = LogisticRegression(C=1 / (l2 * total), tol=1e-10, max_iter=1000)
        assert_allclose(theirs.fit(X, y == k, weights).coef_[0], theta[k, :-1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [0, -2])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_alphas_equivalents(kind: int, weights: np.ndarray | None) -> None:
    y, total = target(kind), N if weights is None else weights.sum()
    ridge: Any = Ridge(alpha=0.1 * total, solver="svd").fit(X, y, weights)
    assert_allclose(
        linnet.solve(data(y, weights), l2=0.1).value.bank.W, np.atleast_2d(ridge.coef_), rtol=1e-6
    )
    net: Any = ElasticNet(alpha=0.14, l1_ratio=0.04 / 0.14, tol=1e-12, max_iter=100_000)
    columns = [net.fit(X, column, weights).coef_.copy() for column in y.T]
    solved = linnet.solve(data(y, weights), l2=0.1, l1=0.04, tol=1e-12).value.bank.W
    assert_allclose(solved, columns, rtol=1e-5, atol=1e-7)


def test_standardised_training_is_the_solve_of_standardised_rows() -> None:
    y = labels(2)
    rows = data(y, WEIGHTS)
    mean = np.average(X, axis=0, weights=WEIGHTS)
    deviation = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=WEIGHTS))
    theirs: Any = LogisticRegression(C=2 / (0.1 * WEIGHTS.sum()), tol=1e-10)
    expected = theirs.fit((X - mean) / deviation, y, WEIGHTS).predict_proba((X - mean) / deviation)
    run = linnet.fit(
        rows, l2=0.1, standardize=True, optimizer="nesterov", momentum=0.8, lr=0.4, **STEPS
    )  # fmt: skip
    assert_allclose(run.probabilities(rows.X), expected, rtol=1e-4)
