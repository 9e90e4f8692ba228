from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnet.solvers.least_squares.few import solve_squares
from linnet.solvers.least_squares.least_squares import least_squares
from tests.support.exact import solve_exactly

Values = NDArray[np.float64]


def make_problem(seed: int, rows: int = 24, features: int = 4) -> tuple[Values, Values, Values]:
    """Columns of many scales, far from 0 or not, two targets and weights."""
    source = np.random.default_rng(seed)
    scales, levels = 10.0 ** source.integers(-6, 6, features), source.choice([0.0, 1.0, 1e4], features)
    X = (source.normal(size=(rows, features)) + levels) * scales
    return X, source.normal(size=(rows, 2)) * 10.0 ** source.integers(-4, 4) + 100, source.random(rows)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@given(seed=st.integers(0, 2**32 - 1))
def test_weights_are_those_of_exact_arithmetic_to_the_last_places(
    seed: int, l2: float, intercept: bool
) -> None:
    X, Y, w = make_problem(seed)
    for weights in (None, w):
        found = solve_squares(X, Y, weights, l2, intercept=intercept)
        if found is None:  # of columns whose level is far above their spread, without an intercept
            continue
        for theta, y in zip(found.theta, Y.T, strict=True):
            exact = np.array(solve_exactly(X, y, weights, l2, intercept=intercept))
            away = np.abs(theta[: len(exact)] - exact)
            assert (away <= 2 * np.spacing(np.abs(exact)) + 2.0**-80 * np.abs(exact).max()).all()


def test_ordinary_problems_are_solved_here() -> None:
    solved = [solve_squares(*make_problem(seed)[:2], intercept=True) is not None for seed in range(50)]
    assert np.mean(solved) > 0.9


def test_longley_s_columns_of_condition_ten_to_the_ten_are_solved_as_by_the_slower_method() -> None:
    year = np.arange(1947.0, 1963.0)
    X = np.stack([year, year**2 / 1e3, np.sqrt(year)], 1)
    Y = (year[:, None] - 1955) ** 3
    found = solve_squares(X, Y)
    slower = least_squares(torch.from_numpy(X), torch.from_numpy(Y))
    if found is not None:
        np.testing.assert_allclose(found.theta, slower.theta.numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    "X",
    [
        np.stack([np.arange(9.0), 2 * np.arange(9.0)], 1),
        np.stack([np.arange(9.0), np.ones(9)], 1),
        np.stack([np.arange(9.0), np.zeros(9)], 1),
        np.arange(9.0)[:, None] * 1e200,
        np.eye(3),
        np.zeros((4, 0)),
    ],
    ids=["collinear", "constant", "zero", "huge", "as many columns as rows", "none"],
)
def test_what_needs_more_care_is_left(X: Values) -> None:
    assert solve_squares(X, np.arange(float(len(X)))[:, None]) is None


def test_rows_of_weight_zero_count_as_absent() -> None:
    X, Y, w = make_problem(3)
    w[::3] = 0
    found, without = solve_squares(X, Y, w), solve_squares(X[w > 0], Y[w > 0], w[w > 0])
    assert found is not None
    assert without is not None
    np.testing.assert_array_equal(found.theta, without.theta)


def test_an_estimator_has_the_same_model_by_it_and_by_the_slower_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from linnet.estimators import LinearRegressor, few

    X, Y, _ = make_problem(5)
    quick = LinearRegressor().fit(X, Y)
    monkeypatch.setattr(few, "solve_squares", lambda *given, **more: None)
    slow = LinearRegressor().fit(X, Y)
    np.testing.assert_allclose(quick.coef_, slow.coef_, rtol=1e-15)
    np.testing.assert_allclose(quick.intercept_, slow.intercept_, rtol=1e-15)
