from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.losses import Logistic, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.few import solve_classes
from linnet.solvers.smooth.newton import Newton
from tests.support.problems import columns_of_any_unit


def gradient(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, theta: np.ndarray, l2: float, intercept: bool
) -> tuple[list[Any], Any]:
    """Over W and b in 50 digits, weights first, and the sum of the sizes of what it is the sum of."""
    pair = len(theta) == 1
    W = [[mpmath.mpf(float(v)) for v in row] for row in (np.vstack([0 * theta, theta]) if pair else theta)]
    total = mpmath.fsum(map(float, w))
    columns = X.shape[1] + 1
    found = [mpmath.mpf(0)] * (len(W) * columns)
    size = mpmath.mpf(0)
    for row, label, weight in zip(X, y, w, strict=True):
        cells = [*map(float, row), 1.0]
        scores = [mpmath.fdot(cells, one) for one in W]
        top = mpmath.fsum(map(mpmath.exp, scores))
        for k, score in enumerate(scores):
            slope = (mpmath.exp(score) / top - int(k == label)) * float(weight) / total
            for j, cell in enumerate(cells):
                found[k * columns + j] += slope * cell
                size = max(size, abs(slope * cell) * len(X))
    if pair:
        found = found[columns:]
        W = W[1:]
    for k, one in enumerate(W):
        for j in range(columns - 1):
            found[k * columns + j] += l2 * one[j]
    if not intercept:
        found = [v for place, v in enumerate(found) if (place + 1) % columns]
    return found, size


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
@given(seed=st.integers(0, 10**6), exponent=st.integers(-8, 1))
def test_the_gradient_is_0_at_the_optimum(classes: int, intercept: bool, seed: int, exponent: int) -> None:
    X, y, w = columns_of_any_unit(classes, seed, 12)
    X = (X - X.mean(0)) / X.std(0) + [0.0, 2.0, 0.0]
    found = solve_classes(X, y, classes, w, l2=10.0**exponent, tol=1e-12, intercept=intercept)
    assert found is not None
    assert intercept or not found.theta[:, -1].any()
    with mpmath.workdps(50):
        left, size = gradient(X, y, w, found.theta, 10.0**exponent, intercept)
        assert max(map(abs, left)) <= 1e-11 * size


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("l2", [1e-4, 1.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_weights_are_newtons(classes: int, l2: float, intercept: bool) -> None:
    X, y, w = columns_of_any_unit(classes, 7)
    X[:, 2] += 0 if intercept else 1e6
    pair = classes == 2
    target = torch.from_numpy(y[:, None].astype(float) if pair else y)
    names = () if pair else tuple("abcd")
    data = Dataset(torch.from_numpy(X), target, "rows", names, weights=torch.from_numpy(w))
    loss = Logistic() if pair else SoftmaxCrossEntropy()
    slow = (
        Newton(tol=1e-15).approach(Objective.of(data, loss, Penalty(l2), intercept=intercept)).theta.numpy()
    )
    found = solve_classes(X, y, classes, w, l2=l2, tol=1e-12, intercept=intercept)
    assert found is not None
    scale = np.append(np.abs(X - X.mean(0)).max(0), 1.0)
    apart = found.theta - slow
    apart = apart if pair else apart - apart.mean(0)  # what all classes have in common changes nothing
    assert np.abs(apart * scale)[:, :-1].max() <= 1e-7
    assert np.abs(np.column_stack([X, np.ones(len(X))]) @ apart.T).max() <= 1e-6


def test_what_may_have_no_optimum_or_is_large_is_left() -> None:
    X, y, _ = columns_of_any_unit(2, 1)
    assert solve_classes(X, y, 2, l2=0.0, tol=1e-12) is None
    assert solve_classes(np.ones((5, 256)), np.array([0, 1, 0, 1, 1]), 2, l2=1.0, tol=1e-12) is None
    assert solve_classes(X, y, 2, l2=1e-4, tol=0.0) is None
    assert solve_classes(np.full((4, 1), 1e101), np.array([0, 1, 0, 1]), 2, l2=1.0, tol=1e-12) is None


def test_steps_that_go_too_far_are_halved() -> None:
    """One far row among near ones: the first steps overshoot where the curvature is that of the middle."""
    X = np.append(np.linspace(-1, 1, 60), 2000.0)[:, None]
    y = np.append((np.arange(60) % 7 < 3).astype(np.int64), 0)
    found = solve_classes(X, y, 2, l2=1e-9, tol=1e-12)
    assert found is not None
    with mpmath.workdps(50):
        left, size = gradient(X, y, np.ones(len(X)), found.theta, 1e-9, True)
        assert max(map(abs, left)) <= 1e-9 * size
