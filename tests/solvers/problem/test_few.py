from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from linnet.solvers.problem.few import Few


def test_columns_are_near_0_and_a_column_of_one_number_is_0() -> None:
    X = np.array([[1e9 + 1, 0.1, 3e-30], [1e9 + 2, 0.1, -3e-30], [1e9 + 4, 0.1, 9e-30]])
    few = Few.of(X, None, intercept=True)
    assert few is not None
    assert not few.A[1].any()
    assert (np.abs(few.A).max(1)[[0, 2]] < 2).all()
    assert np.abs(few.A[:3] @ few.shares).max() < 1e-7
    assert (few.A[3] == 1).all()


def test_scores_are_those_of_the_rows_as_they_stood() -> None:
    X, here = np.array([[1e15, 3.0], [1e15 + 2, 5.0], [1e15 + 4, -1.0]]), np.array([[2.0, -1.5, 0.25]])
    few = Few.of(X, np.array([1.0, 2.0, 5.0]), intercept=True)
    assert few is not None
    theta = [Fraction(value) for value in few.leave(here)[0]]
    for row, score in zip(X, here[0] @ few.A, strict=True):
        exact = sum((w * Fraction(x) for w, x in zip(theta, row, strict=False)), theta[2])
        assert float(exact) == pytest.approx(score, abs=1)  # the bias is near 2e15, whose last place is 0.25


def test_a_bias_is_rounded_once() -> None:
    X = np.array([[0.1, 0.7], [0.3, -0.9], [0.5, 0.4]]) * 1e6
    few = Few.of(X, None, intercept=True)
    assert few is not None
    found = few.leave(np.array([[1 / 3, -2 / 7, 1e-3]]))[0]
    exact = Fraction(1e-3) - sum(
        Fraction(w) * Fraction(m) for w, m in zip(found[:-1], few.centre, strict=True)
    )
    assert found[-1] == float(exact)


@pytest.mark.parametrize("X", [np.full((3, 2), 1e101), np.array([[0.0], [1e-120]])])
def test_numbers_that_squares_would_lose_are_left(X: np.ndarray) -> None:
    assert Few.of(X, None, intercept=False) is None
    assert Few.of(np.ones((2, 1)), np.array([1e-200, 0.0]), intercept=True) is None
