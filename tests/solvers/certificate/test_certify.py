from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.losses import Loss, SquaredError
from linnet.data.dataset import Dataset
from linnet.solvers.certificate.certify import certify, newton_bound
from linnet.solvers.certificate.duality import find_shift
from linnet.solvers.solve import solve
from tests.support.problems import LOGISTIC, SOFTMAX, exact, objective, random_theta, soft, table
from tests.support.solutions import minimise


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    l2=st.floats(1e-4, 10),
    distance=st.floats(0, 2),
    loss=st.sampled_from([SOFTMAX, LOGISTIC]),
    is_soft=st.booleans(),
    intercept=st.booleans(),
)
def test_never_below_the_truth(
    seed: int, l2: float, distance: float, loss: Loss, is_soft: bool, intercept: bool
) -> None:
    dataset = table(30, 3, seed=seed, weighted=seed % 2 == 0)
    problem = objective(soft(dataset, seed) if is_soft else dataset, loss, l2, intercept=intercept)
    best = exact(problem, iterations=25)
    least = problem.value(best)
    bound = certify(problem, best + distance * random_theta(problem, seed))
    assert bound.point.value == pytest.approx(problem.value(bound.point.theta), rel=1e-13)
    assert bound.point.value - bound.gap <= least * (1 + 1e-14)


def test_tight_at_the_optimum() -> None:
    problem = objective(table())
    bound = certify(problem, exact(problem))
    assert bound.name == "duality"
    assert bound.gap < 1e-13


def test_the_gap_is_that_of_fenchels_dual() -> None:
    """The dual's value worked out in full, as the docstring derives it."""
    problem = objective(table(weighted=True))
    bound = certify(problem, random_theta(problem))
    rows, point = problem.rows, bound.point
    assert rows.weights is not None
    share = rows.weights / rows.total
    a = torch.softmax(point.scores, 0) - torch.nn.functional.one_hot(rows.y).T
    G = (a * share) @ rows.dense(torch.arange(len(rows)))
    assert float(G[:, -1].abs().max()) < 1e-15
    conjugate = -torch.special.entr(torch.softmax(point.scores, 0)).sum(0)
    dual = -float(conjugate @ share) - float(G[:, :-1].square().sum()) / (2 * problem.penalty.l2)
    assert min(bound.gap, point.value) == pytest.approx(min(point.value - dual, point.value), rel=1e-10)


def test_duality_is_what_binds_near_the_optimum() -> None:
    problem = objective(table(), l2=0.1)
    near = minimise(problem).theta + 1e-3 * random_theta(problem)
    bound = certify(problem, near)
    truth = bound.point.value - problem.value(exact(problem))
    assert bound.name == "duality"
    assert truth <= bound.gap < 1000 * truth


def test_the_best_bias_is_found_from_afar() -> None:
    problem = objective(table(weighted=True))
    point = problem.point(random_theta(problem, std=0.1))
    shift = find_shift(problem, point)
    moved = point.theta.clone()
    moved[:, -1] += shift
    assert float(problem.point(moved).gradient[:, -1].abs().max()) < 1e-14
    assert problem.value(moved) < point.value


def test_what_softmaxs_biases_have_in_common_is_taken_off() -> None:
    problem = objective(table())
    theta = exact(problem)
    theta[:, -1] += 123.0
    bound = certify(problem, theta)
    assert abs(float(bound.point.theta[:, -1].mean())) < 1e-13
    assert bound.gap < 1e-12
    problem = objective(table(), LOGISTIC)
    bound = certify(problem, exact(problem))
    assert abs(float(bound.point.theta[:, -1].mean())) > 1e-3


def test_without_l2_the_loss_itself_is_the_bound() -> None:
    problem = objective(table(), l2=0.0)
    bound = certify(problem, problem.zeros())
    assert bound.name != "duality"
    assert bound.gap == pytest.approx(bound.point.value)
    blurred = objective(soft(table()), l2=0.0)
    assert certify(blurred, blurred.zeros()).gap < 0.5 * bound.gap


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 200), distance=st.floats(0, 1), loss=st.sampled_from([SOFTMAX, LOGISTIC]))
def test_without_a_penalty_the_bound_is_never_below_the_truth(seed: int, distance: float, loss: Loss) -> None:
    """The optimum is that of Newton's method with autograd's Hessian."""
    problem = objective(table(60, 3, seed=seed, weighted=seed % 2 == 0), loss, 0.0)
    best = exact(problem, iterations=25)
    bound = certify(problem, best + distance * random_theta(problem, seed))
    assert bound.point.value - bound.gap <= problem.value(best) * (1 + 1e-14)


@pytest.mark.parametrize("loss", [SOFTMAX, LOGISTIC])
def test_near_the_optimum_newtons_bound_is_what_a_newton_step_gains(loss: Loss) -> None:
    problem = objective(table(200), loss, 0.0)
    best = minimise(problem).theta
    point = problem.point(best + 1e-4 * random_theta(problem))
    truth = point.value - problem.value(best)
    found = newton_bound(problem, point)
    assert found is not None
    assert found.gain == pytest.approx(truth, rel=0.02)
    assert truth <= found.gap <= 1.1 * truth


def test_newtons_bound_of_squares_is_exact() -> None:
    problem = objective(table(), SquaredError(), 0.0)
    theta = random_theta(problem)
    found = newton_bound(problem, problem.point(theta))
    assert found is not None
    assert found.gap == pytest.approx(problem.value(theta) - problem.value(exact(problem)), rel=2e-3)


@pytest.mark.parametrize("solver", [None, "qr", "cholesky", "newton", "proximal"])
def test_no_bound_is_finer_than_the_rounding_of_what_it_bounds(solver: str | None) -> None:
    """The last place of an objective of 629235 is 1.2e-10: half of that is the least that can be known."""
    source = torch.Generator().manual_seed(0)
    X = torch.randn(50, 3, generator=source, dtype=torch.float64)
    y = 1000 + 1122 * torch.randn(50, 1, generator=source, dtype=torch.float64)
    found = solve(Dataset(X, y, "large"), solver=solver)
    assert found.status.is_good
    assert 2.0**-53 * found.stats.objective <= found.stats.gap <= 1e-13 * found.stats.objective
    assert "by " in str(found)
