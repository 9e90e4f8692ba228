from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.solvers.l1.sweeps import FEW, sweep, sweep_few, sweep_many, sweep_sparse


def quadratic(seed: int, size: int, unit: float) -> tuple[np.ndarray, np.ndarray, float]:
    source = np.random.default_rng(seed)
    X = source.standard_normal((10 * size, size)) * 2.0 ** source.integers(-3, 4, size)
    H, c = X.T @ X, X.T @ source.standard_normal(len(X)) * unit
    return H, c, float(np.abs(c).max() * 10.0 ** source.uniform(-3, 0))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from([1e-6, 1.0, 1e3, 1e9]))
def test_the_compiled_sweeps_come_to_the_same_point(seed: int, size: int, unit: float) -> None:
    H, c, l1 = quadratic(seed, size, unit)
    fast = sweep_many(H, c, l1, np.zeros(size))  # one call, from 0
    slow = np.zeros(size)
    for _ in range(60):
        slow = sweep_few(H, c, np.full(size, l1), slow)
    root = np.sqrt(H.diagonal()) / unit
    np.testing.assert_allclose(fast * root, slow * root, atol=1e-6)


def test_many_coordinates_of_one_penalty_go_by_the_compiled_sweeps_and_others_by_the_loop() -> None:
    H, c, l1 = quadratic(1, FEW + 8, 1.0)
    even, start = np.full(len(c), l1), np.zeros(len(c))
    np.testing.assert_array_equal(sweep(H, c, even, start), sweep_many(H, c, l1, start))
    even[3] = 0
    np.testing.assert_array_equal(sweep(H, c, even, start), sweep_few(H, c, even, start))


def test_compiled_sweeps_go_on_where_no_force_is_beyond_the_penalty() -> None:
    H, c, start = np.diag([2.0, 1.0]), np.array([-3.0, 0.5]), np.array([-1.00001, 0.0])
    np.testing.assert_allclose(sweep_many(H, c, 1.0, start), [-1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_sparse_sweeps_lower_their_objective_to_that_of_many(l2: float, intercept: bool) -> None:
    source = np.random.default_rng(0)
    Z = scipy.sparse.random(12, 60, 0.3, "csr", rng=source)
    c, aim, l1 = source.uniform(0.1, 1, 60), source.standard_normal(60), 0.2

    def value(w: np.ndarray, b: float) -> float:
        return float(c @ (Z.T @ w + b - aim) ** 2 / 2 + l1 * np.abs(w).sum() + l2 / 2 * w @ w)

    w, b, values = np.zeros(12), 0.0, list[float]()
    for _ in range(200):
        w, change = sweep_sparse(Z, c, aim - b, l1, l2, w, intercept=intercept)
        b += change
        values.append(value(w, b))
    assert np.diff(values).max() <= 1e-12
    assert (b != 0) is intercept
    force = Z @ (c * (aim - b - Z.T @ w)) - l2 * w
    np.testing.assert_allclose(force[w != 0], l1 * np.sign(w[w != 0]), rtol=1e-4)
    assert np.abs(force).max() <= l1 * (1 + 1e-4)
