from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.solvers.l1.sweeps import FEW, sweep, sweep_few, sweep_many


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
