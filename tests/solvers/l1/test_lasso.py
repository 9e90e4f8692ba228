from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from linnet.solvers.l1 import lasso
from linnet.solvers.l1.lasso import solve_lasso
from tests.support.gate import gate


def problem(seed: int, rows: int = 15, features: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source = np.random.default_rng(seed)
    X = source.integers(-8, 9, (rows, features)) / 4 + [0.0, 100.0, -3.0, 0.5][:features]
    Y = X[:, :1] - 2 * X[:, 2:3] + source.integers(-4, 5, (rows, 2)) / 8
    return X, Y, source.integers(1, 4, rows).astype(float)


def slopes(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, theta: np.ndarray, l2: float
) -> tuple[list[float], float]:
    """Of the smooth part, over W and b: exact but for its last rounding."""
    exact = [Fraction(float(v)) for v in theta]
    total, found = sum(map(Fraction, map(float, w))), [Fraction(0)] * len(exact)
    for row, target, weight in zip(X, y, w, strict=True):
        cells = [*map(Fraction, map(float, row)), Fraction(1)]
        error = sum((a * b for a, b in zip(cells, exact, strict=True)), -Fraction(float(target)))
        for j, cell in enumerate(cells):
            found[j] += Fraction(float(weight)) * error * cell / total
    weights = [float(v + Fraction(l2) * b) for v, b in zip(found[:-1], exact[:-1], strict=True)]
    return weights, float(found[-1])


@pytest.mark.parametrize("intercept", [True, False])
@given(st.integers(0, 10**6), st.sampled_from([0.001, 0.1, 1.0, 50.0]), st.sampled_from([0.0, 0.1]))
def test_the_slopes_are_within_l1_and_at_it_where_a_weight_is_not_0(
    intercept: bool, seed: int, l1: float, l2: float
) -> None:
    X, Y, w = problem(seed)
    found = solve_lasso(X, Y, w, l1=l1, l2=l2, tol=1e-9, intercept=intercept)
    assert found is not None
    size = float(np.abs(X).max() * np.abs(Y).max())
    for y, theta in zip(Y.T, found.theta, strict=True):
        pull, bias = slopes(X, y, w, theta, l2)
        assert abs(bias) <= 1e-11 * size if intercept else theta[-1] == 0
        for slope, weight in zip(pull, theta[:-1], strict=True):
            if weight:
                assert slope == pytest.approx(-np.sign(weight) * l1, abs=1e-10 * size)
            else:
                assert abs(slope) <= l1 + 1e-10 * size


def test_collinear_columns_are_solved_or_left_but_never_worse() -> None:
    X, Y, _ = problem(3)
    twice = np.column_stack([X, X[:, 0], 2 * X[:, 1]])
    found = solve_lasso(twice, Y[:, :1], l1=0.1, l2=0.0, tol=1e-9)
    alone = solve_lasso(X * [1, 2, 1, 1], Y[:, :1], l1=0.1, l2=0.0, tol=1e-9)
    assert found is not None
    assert alone is not None

    def value(rows: np.ndarray, theta: np.ndarray) -> float:
        error = rows @ theta[0, :-1] + theta[0, -1] - Y[:, 0]
        return float(error @ error) / (2 * len(rows)) + 0.1 * float(np.abs(theta[0, :-1]).sum())

    assert value(twice, found.theta) == pytest.approx(value(X * [1, 2, 1, 1], alone.theta), rel=1e-9)


def test_what_has_no_proof_or_ends_of_float64_is_left() -> None:
    X, Y, _ = problem(5)
    assert solve_lasso(X, Y, l1=0.1, l2=0.0, tol=-1.0) is None
    for factor in (1e101, 1e160, 1e-101):
        assert solve_lasso(X * [1, factor, 1, 1], Y, l1=0.1, l2=0.0, tol=1e-9) is None
    assert solve_lasso(X, Y * 1e101, l1=0.1, l2=0.0, tol=1e-9) is None


def test_more_columns_than_are_held_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = wide(0)
    monkeypatch.setattr(lasso, "HELD", 30)
    assert solve_lasso(X, y[:, None], l1=0.01, l2=0.0, tol=1e-9) is None


def wide(seed: int, rows: int = 60, features: int = 400, far: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Columns that go with their neighbours, some of them far from 0, and few that count."""
    source = np.random.default_rng(seed)
    X = source.standard_normal((rows, features)).cumsum(1) / np.sqrt(np.arange(1, features + 1))
    X[:, ::7] += far
    y = X[:, :5] @ source.standard_normal(5) + 0.1 * source.standard_normal(rows) + far
    return X, y


@pytest.mark.parametrize("far", [0.0, 10.0, 1e4])
@pytest.mark.parametrize("share", gate([0.3, 0.03, 0.003], 0, 1))
def test_wide_rows_have_the_optimum_of_scikit_learns_lasso(share: float, far: float) -> None:
    X, y = wide(1, far=far)
    l1 = share * float(np.abs((X - X.mean(0)).T @ (y - y.mean())).max()) / len(y)
    found = solve_lasso(np.asfortranarray(X), y[:, None], l1=l1, l2=0.0, tol=1e-9)
    assert found is not None
    assert found.rounds > 1
    theirs = Lasso(alpha=l1, tol=1e-13, max_iter=10**6).fit(X, y)
    np.testing.assert_allclose(found.theta[0, :-1], theirs.coef_, atol=1e-5 * np.abs(theirs.coef_).max())

    def value(w: np.ndarray, b: float) -> float:
        error = X @ w + b - y
        return float(error @ error) / (2 * len(y)) + l1 * float(np.abs(w).sum())

    ours, other = value(found.theta[0, :-1], found.theta[0, -1]), value(theirs.coef_, theirs.intercept_)
    assert ours <= other * (1 + 1e-9)
    assert other - ours <= found.gap + 1e-8 * other


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3.5, -0.1), st.sampled_from([0.0, 0.01]))
def test_wide_rows_have_slopes_within_l1_at_any_penalty(seed: int, exponent: float, l2: float) -> None:
    X, y = wide(seed, 20, 120)
    l1 = 10**exponent * float(np.abs((y - y.mean()) @ X).max()) / len(y)
    found = solve_lasso(X, y[:, None], l1=l1, l2=l2, tol=1e-12)
    assume(found is not None)  # rounding hides the last gain of some whose objective is all but 0
    assert found is not None
    w, b = found.theta[0, :-1], found.theta[0, -1]
    force = (y - X @ w - b) @ X / len(y) - l2 * w
    assert np.abs(force).max() <= l1 * (1 + 1e-4)
    used = w != 0
    np.testing.assert_allclose(force[used], l1 * np.sign(w[used]), rtol=1e-4)


def test_weights_are_rows_that_stand_there_so_often() -> None:
    X, y = wide(2)
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    weighed = solve_lasso(X, y[:, None], counts.astype(float), l1=0.1, l2=0.01, tol=1e-12)
    repeated = solve_lasso(X.repeat(counts, 0), y.repeat(counts)[:, None], l1=0.1, l2=0.01, tol=1e-12)
    assert weighed is not None
    assert repeated is not None
    np.testing.assert_allclose(weighed.theta, repeated.theta, atol=1e-7)


def test_a_target_of_one_number_has_no_weights_and_that_bias() -> None:
    X, _, w = problem(6)
    found = solve_lasso(X, np.full((len(X), 1), 0.3), w, l1=0.1, l2=0.0, tol=1e-9)
    assert found is not None
    assert found.theta[0].tolist() == [0.0] * 4 + [0.3]


@pytest.mark.parametrize("far", [False, True])
def test_a_row_that_does_not_count_leaves_no_rounding(far: bool) -> None:
    source = np.random.default_rng(0)
    X = np.column_stack([source.standard_normal((300, 3)) + 1e3 * far, np.ones(300)])
    y = X[:, :2] @ [1.0, 2.0] + 1 + 0.1 * source.standard_normal(300)
    weights = np.ones(300)
    weights[0] = 0
    plain = solve_lasso(X[1:], y[1:, None], None, l1=0.01, l2=0.0, tol=1e-10, intercept=True)
    X[0, :3], y[0] = 1e15, 1e20
    found = solve_lasso(X, y[:, None], weights, l1=0.01, l2=0.0, tol=1e-10, intercept=True)
    assert plain is not None
    assert found is not None
    np.testing.assert_allclose(found.theta, plain.theta, rtol=1e-9, atol=1e-9)
