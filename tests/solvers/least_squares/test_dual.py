from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from linnet.core.losses import SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.least_squares.dual import solve_dual
from linnet.solvers.least_squares.least_squares import least_squares
from linnet.solvers.problem.objective import Objective
from tests.support.requested import optimum_of
from tests.support.solutions import solve_least_squares

Arrays = tuple[np.ndarray, np.ndarray]


def wide(seed: int = 0, rows: int = 30, features: int = 200, outputs: int = 2, far: float = 0.0) -> Arrays:
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(rows, features)) + far
    return X, X[:, :outputs] + drawn.normal(size=(rows, outputs)) - 1


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("far", [0.0, 100.0])
def test_it_is_ridge_regression(intercept: bool, is_weighted: bool, far: float) -> None:
    X, Y = wide(far=far)
    weights = np.random.default_rng(1).exponential(size=len(X)) if is_weighted else None
    total = len(X) if weights is None else weights.sum()
    found = solve_dual(X, Y, weights, l2=0.1, intercept=intercept)
    if not intercept and far:  # rows are all but one direction
        assert found is None
        return
    assert found is not None
    peer = Ridge(0.1 * total, fit_intercept=intercept, solver="svd").fit(X, Y, weights)
    np.testing.assert_allclose(found.theta[:, :-1], peer.coef_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found.theta[:, -1], peer.intercept_, rtol=1e-9, atol=1e-9)


def test_without_a_penalty_it_fits_and_is_the_shortest_of_all_that_do() -> None:
    X, Y = wide()
    found = solve_dual(X, Y, intercept=False)
    assert found is not None
    np.testing.assert_allclose(found.theta[:, :-1].T, np.linalg.lstsq(X, Y, rcond=None)[0], atol=1e-12)
    centred = solve_dual(X, Y)
    assert centred is not None
    W, b = centred.theta[:, :-1], centred.theta[:, -1]
    np.testing.assert_allclose(X @ W.T + b, Y, atol=1e-11)
    shortest = np.linalg.lstsq(X - X.mean(0), Y - Y.mean(0), rcond=None)[0]
    np.testing.assert_allclose(W.T, shortest, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(-4, 2), st.booleans(), st.booleans())
def test_it_agrees_with_the_singular_value_decomposition(
    seed: int, exponent: float, intercept: bool, is_weighted: bool
) -> None:
    X, Y = wide(seed, 12, 40)
    weights = np.random.default_rng(seed).integers(0, 3, len(X)).astype(float) if is_weighted else None
    if weights is not None and not weights.any():
        return
    found = solve_dual(X, Y, weights, l2=10**exponent, intercept=intercept)
    assert found is not None
    counts = None if weights is None else torch.from_numpy(weights)
    right = least_squares(
        torch.from_numpy(X), torch.from_numpy(Y), counts, 10**exponent, intercept, is_svd=True
    )
    np.testing.assert_allclose(found.theta, right.theta.numpy(), rtol=1e-9, atol=1e-11)


def test_rows_that_are_combinations_of_others_are_left_to_the_svd() -> None:
    X, Y = wide()
    X[3], Y[3] = X[4], Y[4]
    assert solve_dual(X, Y) is None
    assert solve_dual(X, Y, l2=1e-9) is None
    assert solve_dual(X, Y, l2=1e-2) is not None
    assert solve_dual(X * 1e200, Y) is None


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("unit", [2.0**-500, 2.0**-300, 2.0**300])
def test_units_of_columns_and_of_targets_change_no_digit(l2: float, unit: float) -> None:
    X, Y = wide()
    plain = solve_dual(X, Y, l2=l2)
    small, high = solve_dual(X * unit, Y, l2=l2 * unit**2), solve_dual(X, Y * unit, l2=l2)
    assert plain is not None
    assert small is not None
    assert high is not None
    np.testing.assert_array_equal(small.theta[:, :-1] * unit, plain.theta[:, :-1])
    np.testing.assert_array_equal(high.theta, plain.theta * unit)


@pytest.mark.parametrize("l2", [0.0, 0.05])
def test_solve_takes_it_for_wide_rows_and_proves_it(l2: float) -> None:
    X, Y = wide()
    data = Dataset(torch.from_numpy(X), torch.from_numpy(Y), "wide")
    optimum = optimum_of(solve_least_squares(data, Penalty(l2)).value)
    assert optimum.solver == "dual"
    right = least_squares(data.X, data.y, None, l2, is_svd=True)
    error = X @ right.theta[:, :-1].numpy().T + right.theta[:, -1].numpy() - Y
    W = right.theta[:, :-1].numpy()
    lowest = float((error**2).sum()) / (2 * len(X)) + l2 / 2 * float((W**2).sum())
    assert optimum.certificate["objective"] == pytest.approx(lowest, rel=1e-12, abs=1e-25)
    assert optimum.certificate["objective"] - lowest <= optimum.certificate["gap"]
    assert optimum.certificate["gap"] <= 1e-13 * max(1.0, lowest)


def test_pixels_are_scaled_and_classes_are_one_hot() -> None:
    drawn = torch.Generator().manual_seed(0)
    X = torch.randint(0, 256, (40, 120), generator=drawn, dtype=torch.uint8)
    y = torch.randint(0, 3, (40,), generator=drawn)
    data = Dataset(X, y, "pixels", ("a", "b", "c"), scale=1 / 255)
    theta = Direct().minimise(Objective.of(data, SquaredError(), Penalty(0.1))).theta
    peer = Ridge(0.1 * 40, solver="svd").fit(X.double().numpy() / 255, np.eye(3)[y.numpy()])
    np.testing.assert_allclose(theta[:, :-1].numpy(), peer.coef_, rtol=1e-9, atol=1e-10)
