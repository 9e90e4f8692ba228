from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from linnet.solvers.least_squares.leave_one_out import leave_one_out

SOURCE = np.random.default_rng(0)
L2S = np.array([1e-9, 1e-3, 0.1, 3.0])


def make(rows: int, features: int) -> tuple[Any, Any]:
    X = SOURCE.normal(size=(rows, features)) * 10.0 ** SOURCE.integers(-1, 2, features) + 5
    return X, X @ SOURCE.normal(size=(features, 2)) + SOURCE.normal(size=(rows, 2))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("features", [4, 40])
def test_errors_are_those_of_ridge_cv(features: int, intercept: bool) -> None:
    X, Y = make(30, features)
    l2s = L2S if features < 30 else L2S[2:]
    peer = RidgeCV(l2s * 29, fit_intercept=intercept, store_cv_results=True).fit(X, Y)
    found = leave_one_out(X, Y, None, l2s, intercept=intercept)
    assert found is not None
    np.testing.assert_allclose(found, peer.cv_results_.sum(1).T / 2, rtol=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
def test_errors_of_weighted_rows_are_those_of_models_of_all_others(intercept: bool) -> None:
    X, Y = make(20, 3)
    weights = SOURCE.uniform(0.5, 3, 20)
    found = leave_one_out(X, Y, weights, L2S, intercept=intercept)
    assert found is not None
    for row in (0, 7, 19):
        others = np.arange(20) != row
        for place, l2 in enumerate(L2S):
            model = Ridge(l2 * weights[others].sum(), fit_intercept=intercept)
            model.fit(X[others], Y[others], weights[others])
            expected = np.square(model.predict(X[[row]]) - Y[row]).sum() / 2
            assert found[place, row] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("X", [np.eye(5), np.zeros((5, 0)), np.ones((1, 2))])
def test_a_row_that_alone_says_something_is_left(X: Any) -> None:
    assert leave_one_out(X, np.arange(float(len(X)))[:, None], None, np.zeros(1)) is None


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 7)])
def test_columns_that_say_nothing_leave_the_mean_of_the_others(weights: Any) -> None:
    y = np.array([1.0, 4, 9, 16, 25, 36])
    counts = np.ones(6) if weights is None else weights
    others = [np.average(np.delete(y, row), weights=np.delete(counts, row)) for row in range(6)]
    found = leave_one_out(np.full((6, 2), 7.0), y[:, None], weights, np.array([0.0, 1.0]))
    assert found is not None
    np.testing.assert_allclose(found, np.tile((y - others) ** 2 / 2, (2, 1)), rtol=1e-12)


def test_weighted_rows_take_no_memory_for_each_penalty() -> None:
    X, Y = make(2000, 50)
    tracemalloc.start()
    found = leave_one_out(X, Y, SOURCE.uniform(0.5, 3, 2000), np.logspace(-3, 2, 60))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None
    assert peak < 12 * X.nbytes  # 60 for one array of all penalties
