"""Weights in gradient descent and in streams, against plain arithmetic; descent that stops short says so."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from linnet.estimators import LinearRegressor, SoftmaxClassifier, SoftmaxClassifierCV
from linnet.solvers.frame import Stream
from linnet.solvers.problem.rows import DenseRows
from tests.support.problems import table

EMPTY, HALF = np.zeros((20, 1)), np.arange(20) % 2
LIGHT = np.where(HALF == 1, 0.05, 1.0)
"""Half of the rows are of class 1 and weigh 0.05: the log odds are log 0.05, the mean target 0.5/10.5."""


@pytest.mark.parametrize("size", [1, 2, 10, 20])
def test_descent_ends_at_the_weighted_optimum_whatever_the_minibatch(size: int) -> None:
    settings: dict[str, Any] = {
        "solver": "sgd", "batch_size": size, "max_iter": 20 + 10 * size, "random_state": 0
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        by_row = SoftmaxClassifier(l2=0.01, **settings).fit(EMPTY, HALF, LIGHT)
        by_class = SoftmaxClassifier(l2=0.01, class_weight={1: 0.05}, **settings).fit(EMPTY, HALF)
    assert_allclose(by_row.intercept_, np.log(0.05), atol=0.15)
    assert_allclose(by_class.intercept_, by_row.intercept_, rtol=1e-9)
    settings["lr"] = 0.05
    line = LinearRegressor(**settings).fit(EMPTY, HALF, LIGHT)
    assert_allclose(line.intercept_, 0.5 / 10.5, atol=0.02)


def stream() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of two groups, of which 1 in 2 and 4 in 5 are of class 1 and weigh 0.05."""
    rng = np.random.default_rng(0)
    x = np.repeat([0.0, 1.0], 20)
    y = np.where(x == 0, np.arange(40) % 2, np.arange(40) % 5 > 0).astype(int)
    order = np.concatenate([rng.permutation(40) for _ in range(6)])
    return x[order, None], y[order], np.where(y[order] == 1, 0.05, 1.0)


@pytest.mark.parametrize("by_class", [False, True])
def test_a_stream_of_single_rows_learns_weights_and_probabilities(by_class: bool) -> None:
    X, y, weights = stream()
    model = SoftmaxClassifier(l2=0.0, class_weight={1: 0.05} if by_class else None, random_state=0)
    for k in range(len(y)):
        model.partial_fit(X[k : k + 1], y[k : k + 1], [0, 1], None if by_class else weights[k : k + 1])
    # of each group the weighted share of class 1: 0.05/1.05 and 0.04/0.24
    assert_allclose(model.predict_proba([[0.0], [1.0]])[:, 1], [0.05 / 1.05, 1 / 6], atol=0.08)
    assert model.coef_[0, 0] > 0.5


def test_a_stream_of_single_rows_is_a_regression_of_all_of_them() -> None:
    X, y, weights = stream()
    model = LinearRegressor(solver="sgd", lr=0.05, random_state=0)
    for k in range(len(y)):
        model.partial_fit(X[k : k + 1], y[k : k + 1], weights[k : k + 1])
    assert_allclose(model.predict([[0.0], [1.0]]), [0.05 / 1.05, 1 / 6], atol=0.08)


def test_a_stream_in_parts_is_the_stream_at_once() -> None:
    data = table(30, 4, weighted=True)
    whole = Stream.empty(4).with_rows(DenseRows(data, torch.float64))
    parts = Stream.empty(4)
    for index in torch.arange(30).split(7):
        parts = parts.with_rows(DenseRows(data.rows(index), torch.float64))
    assert parts.rows == whole.rows
    for name in ("weight", "mean", "spread"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-12)
    torch.testing.assert_close(parts.centre, whole.centre)


def test_descent_that_stops_short_says_how_much_is_left() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 3
    X[:, 0] += y
    with pytest.warns(ConvergenceWarning, match="leaves .* of its objective to gain, or more: allow more"):
        SoftmaxClassifier(l2=1e-3, solver="sgd", max_iter=2).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="try another lr"):
        LinearRegressor(l1=0.01, solver="sgd", max_iter=2, lr=1e-3).fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SoftmaxClassifierCV(l2s=[1e-3, 1e-2], cv=4, solver="sgd", max_iter=1).fit(X, y)
    of_folds, of_all = caught
    assert "8 of the 8 models of folds" in str(of_folds.message)
    assert of_all.category is ConvergenceWarning
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("estimator", [SoftmaxClassifier, LinearRegressor])
def test_descent_that_has_come_near_says_nothing(estimator: Any) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    estimator(l2=0.3, solver="sgd", max_iter=300, batch_size=60).fit(X, y)
