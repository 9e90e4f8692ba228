from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.solvers.l1.sweeps import sweep_few, sweep_many


def quadratic(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source = np.random.default_rng(seed)
    X = source.standard_normal((10 * size, size)) * 2.0 ** source.integers(-9, 10, size)
    return X.T @ X, X.T @ source.standard_normal(len(X)), 10.0 ** source.uniform(-1, 1, size)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_the_compiled_sweeps_come_to_the_same_point(seed: int, size: int) -> None:
    H, c, l1 = quadratic(seed, size)
    slow = fast = np.zeros(size)
    for _ in range(60):
        slow, fast = sweep_few(H, c, l1, slow), sweep_many(H, c, l1, fast)
    root = np.sqrt(H.diagonal())
    np.testing.assert_allclose(fast * root, slow * root, atol=1e-9)
    assert ((fast == 0) == (slow == 0)).all()


def test_a_bias_stays_in_compiled_sweeps_and_counts() -> None:
    H, c, l1 = quadratic(1, 8)
    l1[3] = 0
    z = sweep_many(H, c, l1, np.ones(8))
    assert z[3] == 1
    others = np.arange(8) != 3
    alone = sweep_many(H[np.ix_(others, others)], (c - H[:, 3])[others], l1[others], np.ones(7))
    np.testing.assert_array_equal(z[others], alone)


def test_no_penalty_moves_nothing_and_penalties_far_apart_go_by_the_loop() -> None:
    H, c, _ = quadratic(2, 3)
    start, apart = np.ones(3), np.array([1e-200, 1.0, 1e200])
    assert sweep_many(H, c, np.zeros(3), start) is start
    np.testing.assert_array_equal(sweep_many(H, c, apart, start), sweep_few(H, c, apart, start))
