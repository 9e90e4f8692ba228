from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from linnet.solvers.smooth.class_rows import ClassRows, solve_factored

SOURCE = np.random.default_rng(5)


def make(outputs: int, rows: int = 8, far: float = 1.0) -> tuple[ClassRows, np.ndarray]:
    classes = max(2, outputs)
    y = np.arange(rows) % classes
    A = np.vstack([SOURCE.normal(size=(2, rows)) * far, np.ones(rows)])
    shares = SOURCE.uniform(0.5, 2, rows)
    penalty = np.array([1e-3, 2e-3, 0.0])
    return ClassRows(A, y, outputs, shares / shares.sum(), penalty), SOURCE.normal(size=(outputs, 3))


def objective(rows: ClassRows, theta: Any) -> Any:
    """In mpmath's digits, of mpmath's parameters (K, P)."""
    W = [[mpmath.mpf(0)] * len(rows.A), theta[0]] if rows.outputs == 1 else theta
    value = mpmath.mpf(0)
    for place, label in enumerate(rows.y):
        scores = [mpmath.fdot(list(map(float, rows.A[:, place])), one) for one in W]
        loss = mpmath.log(mpmath.fsum(map(mpmath.exp, scores))) - scores[label]
        value += float(rows.shares[place]) * loss
    squares = [c * w**2 for one in theta for c, w in zip(map(float, rows.penalty), one, strict=True)]
    return value + mpmath.fsum(squares) / 2


@pytest.mark.parametrize("outputs", [1, 2, 4])
@pytest.mark.parametrize("far", [1.0, 300.0])
def test_value_and_gradient_are_those_of_50_digits(outputs: int, far: float) -> None:
    rows, theta = make(outputs, far=far)
    value, slope = rows.look(theta)
    gradient = rows.gradient(theta, slope)
    with mpmath.workdps(50):
        exact = [[mpmath.mpf(float(v)) for v in row] for row in theta]
        assert value == pytest.approx(float(objective(rows, exact)), rel=1e-13)
        for k, one in enumerate(exact):
            for j in range(len(one)):
                kept, step = one[j], mpmath.mpf(10) ** -20
                one[j] = kept + step
                high = objective(rows, exact)
                one[j] = kept - step
                expected = float((high - objective(rows, exact)) / (2 * step))
                one[j] = kept
                assert gradient[k, j] == pytest.approx(expected, rel=1e-11, abs=1e-14 * far)


def test_no_digit_is_lost_of_a_row_far_on_its_side() -> None:
    """exp(−60), where 1 − p is nothing in float64."""
    rows = ClassRows(np.array([[60.0, -60.0]]), np.array([1, 0]), 1, np.array([0.5, 0.5]), np.zeros(1))
    value, slope = rows.look(np.ones((1, 1)))
    assert value == pytest.approx(float(mpmath.exp(-60)), rel=1e-14)
    assert slope[0, 1] == -slope[0, 0] == pytest.approx(float(mpmath.exp(-60)), rel=1e-14)


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_hessian_is_the_change_of_the_gradient(outputs: int) -> None:
    """But along a shift of all classes, which has a curvature of 1."""
    rows, theta = make(outputs)
    H = rows.hessian(rows.look(theta)[1])
    for _ in range(3):
        way = SOURCE.normal(size=theta.shape)
        way -= way.mean(0) if outputs > 1 else 0.0
        high, low = theta + 1e-5 * way, theta - 1e-5 * way
        change = (rows.gradient(high, rows.look(high)[1]) - rows.gradient(low, rows.look(low)[1])) / 2e-5
        np.testing.assert_allclose(H @ way.ravel(), change.ravel(), rtol=1e-6, atol=1e-8)
    if outputs > 1:
        shift = np.tile([0.0, 0.0, 1.0], (outputs, 1)).ravel()
        np.testing.assert_allclose(H @ shift, shift, atol=1e-12)


def test_a_step_is_the_gradient_over_the_hessian() -> None:
    rows, theta = make(3)
    _, slope = rows.look(theta)
    factor, gradient = rows.factor(slope), rows.gradient(theta, slope)
    assert factor is not None
    expected = -np.linalg.solve(rows.hessian(slope), gradient.ravel())
    np.testing.assert_allclose(solve_factored(factor, gradient).ravel(), expected, rtol=1e-9)


def test_the_inverse_of_a_hessian_a_class_is_that_of_its_own_block() -> None:
    """Of a gradient that sums to 0 over the classes, as softmax's does; a shift gives no step."""
    rows, theta = make(3)
    _, slope = rows.look(theta)
    solve, H = rows.invert_by_class(slope), rows.hessian(slope).reshape(3, 3, 3, 3)
    assert solve is not None
    gradient = SOURCE.normal(size=(3, 3))
    gradient -= gradient.mean(0)
    shift = np.eye(3) / 3  # the curvature that the Hessian has along a shift
    expected = np.stack([np.linalg.solve(H[k, :, k] - shift, gradient[k]) for k in range(3)])
    np.testing.assert_allclose(solve(gradient), expected - expected.mean(0), rtol=1e-9)
    assert not solve(np.tile([1.0, 2.0, 3.0], (3, 1))).any()
    blank = ClassRows(rows.A * 0, rows.y, 3, rows.shares, np.zeros(3))
    assert blank.invert_by_class(slope) is None
