from __future__ import annotations

import numpy as np
import pytest
import torch

from linnet.solvers.smooth import few_steps
from linnet.solvers.smooth.class_rows import ClassRows
from linnet.solvers.smooth.few import solve_classes
from linnet.solvers.smooth.few_steps import At, Memory, approach, begin, newton
from linnet.solvers.smooth.memory import Memory as Any_number


def make(classes: int, *, apart: float = 1.0, rows: int = 300, bias: bool = True) -> ClassRows:
    source = np.random.default_rng(classes)
    Z = source.normal(size=(4, rows))
    weights = source.normal(size=(classes, 4)) * apart
    y = (weights @ Z + source.gumbel(size=(classes, rows)) - np.arange(classes)[:, None]).argmax(0)
    shares, outputs = source.uniform(0.5, 2, rows), 1 if classes == 2 else classes
    A = np.vstack([Z, np.ones(rows)]) if bias else Z
    return ClassRows(A, y, outputs, shares / shares.sum(), np.array([1e-4] * 4 + [0.0] * bias))


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("bias", [True, False])
def test_where_the_steps_begin_the_hessian_is_exact(classes: int, bias: bool) -> None:
    rows = make(classes, bias=bias)
    begun = begin(rows, bias)
    assert begun is not None
    theta, solve = begun.theta, begun.solve
    slope = rows.look(theta)[1]
    gradient = rows.gradient(theta, slope)
    expected = np.linalg.solve(rows.hessian(slope), gradient.ravel())
    np.testing.assert_allclose(solve(gradient).ravel(), expected, rtol=1e-9)
    if bias:
        shares = np.bincount(rows.y, rows.shares)
        odds = theta[:, -1] if classes > 2 else np.append(0.0, theta[:, -1])
        np.testing.assert_allclose(np.exp(odds) / np.exp(odds).sum(), shares, rtol=1e-12)
        assert abs(gradient[:, -1]).max() < 1e-15


@pytest.mark.parametrize("apart", [0.1, 1.0, 20.0])
@pytest.mark.parametrize(("classes", "can_factor"), [(2, True), (3, True), (3, False), (6, True), (6, False)])
def test_its_optimum_is_newtons(apart: float, classes: int, can_factor: bool) -> None:
    rows = make(classes, apart=apart)
    exact, found = newton(rows, 1e-14), approach(rows, 1e-12, begin(rows, True), can_factor=can_factor)
    assert exact is not None
    assert found is not None
    least, own = rows.look(exact.theta)[0], rows.look(found.theta)[0]
    assert found.is_settled or not can_factor
    if found.is_settled:
        assert own - least <= 2e-12 * least


def test_a_hessian_of_many_steps_ago_does_not_tell_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a class of one row each step of a far way lowers the curvature along it by as much."""
    source = np.random.default_rng(86)
    A = np.vstack([source.normal(size=(8, 200)), np.ones(200)])
    y = source.integers(0, 3, 200)
    y[0] = 3
    rows = ClassRows(A, y, 4, np.full(200, 1 / 200), np.array([1e-10] * 8 + [0.0]))
    exact = newton(rows, 1e-15)
    assert exact is not None
    least, left = rows.look(exact.theta)[0], []
    for lasting in (few_steps.LASTING, 1000):
        monkeypatch.setattr(few_steps, "LASTING", lasting)
        found = approach(rows, 1e-12, begin(rows, True), can_factor=True)
        assert found is not None
        assert found.is_settled
        left.append((rows.look(found.theta)[0] - least) / least)
    assert left[0] <= 1e-12 < left[1]


def test_steps_that_stay_slow_end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(6, apart=300.0)
    monkeypatch.setattr(few_steps, "ENOUGH", 0)
    found = approach(rows, 1e-12, begin(rows, True), can_factor=False)
    assert found is not None
    assert not found.is_settled
    assert found.rounds < 40
    assert rows.look(found.theta)[0] < rows.look(np.zeros((6, 5)))[0]


def test_classes_apart_are_settled_by_hessians_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, made = make(2, apart=300.0), []
    factor = ClassRows.factor
    monkeypatch.setattr(ClassRows, "factor", lambda self, slope: made.append(1) or factor(self, slope))
    found = approach(rows, 1e-12, begin(rows, True), can_factor=True)
    assert found is not None
    assert found.is_settled
    assert 2 <= len(made) < found.rounds


def test_a_class_of_no_weight_and_steps_that_lower_nothing_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(3)
    blank = ClassRows(rows.A, rows.y, 3, rows.shares * (rows.y != 1), rows.penalty)
    assert approach(blank, 1e-9, begin(blank, True), can_factor=True) is None
    monkeypatch.setattr(few_steps, "search", lambda *_: None)
    assert newton(rows, 1e-9) is None
    stuck = approach(rows, 1e-9, begin(rows, True), can_factor=True)
    assert stuck is not None
    assert (stuck.rounds, stuck.is_settled) == (1, False)


def test_what_is_remembered_points_where_the_memory_of_any_number_points() -> None:
    source, one, other = np.random.default_rng(0), Memory(6), Any_number(few_steps.MEMORY)
    for step in range(2 * few_steps.MEMORY + 5):
        s = source.normal(size=6)
        y = s * source.uniform(0.5, 2, 6) * (-1 if step == 7 else 1)  # once of no use
        one.keep(s, y)
        other.keep(torch.from_numpy(s).view(2, 3), torch.from_numpy(y).view(2, 3))
        g = source.normal(size=(2, 3))
        expected = other.direction(torch.from_numpy(g), lambda q: q / 2).numpy()
        np.testing.assert_allclose(one.direction(g, lambda q: q / 2), expected, rtol=1e-9, atol=1e-12)


def test_a_place_has_the_gradient_of_its_parameters() -> None:
    rows = make(3)
    theta = np.ones((3, 5))
    at = At.of(rows, theta)
    assert at.value == rows.look(theta)[0]
    np.testing.assert_array_equal(at.gradient, rows.gradient(theta, at.slope))


def test_what_is_remembered_of_a_penalty_serves_another() -> None:
    source, more = np.random.default_rng(1), np.array([0.5, 2.0, 0.0])
    one, other = Memory(6), Memory(6)
    for _ in range(4):
        s = source.normal(size=6)
        y = s * source.uniform(0.5, 2, 6)
        one.keep(s, y)
        other.keep(s, y + (s.reshape(2, 3) * more).ravel())
    g = source.normal(size=(2, 3))
    kept = one.direction(g, lambda q: q)
    np.testing.assert_allclose(
        one.with_penalty(more).direction(g, lambda q: q), other.direction(g, lambda q: q), rtol=1e-12
    )
    np.testing.assert_array_equal(one.direction(g, lambda q: q), kept)
    assert one.with_penalty(-100 * more).count == 0


def test_a_column_of_huge_numbers_lets_no_shift_of_all_classes_grow() -> None:
    source = np.random.default_rng(0)
    X, y = source.normal(size=(3000, 60)), source.integers(0, 3, 3000)
    long = np.append(2.0**52, np.ones(59))
    found = solve_classes(X * long, y, 3, l2=0.1, tol=1e-9)
    assert found is not None
    assert abs(found.theta[:, 0].sum()) * 2.0**52 < 1e-6
    scores = (X * long) @ found.theta[:, :-1].T + found.theta[:, -1]
    assert np.abs(scores).max() < 10
