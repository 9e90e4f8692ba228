"""Bounds without a penalty: never below the truth, and near it at the optimum."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.losses import Loss, SquaredError
from linnet.data.dataset import Dataset
from linnet.solvers.certificate.certify import certify
from linnet.solvers.certificate.decrement import newton_bound
from linnet.solvers.solve import solve
from tests.support.problems import LOGISTIC, SOFTMAX, exact, objective, random_theta, table
from tests.support.solutions import minimise


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 200), distance=st.floats(0, 1), loss=st.sampled_from([SOFTMAX, LOGISTIC]))
def test_the_bound_is_never_below_the_truth(seed: int, distance: float, loss: Loss) -> None:
    """The optimum is that of Newton's method with autograd's Hessian."""
    problem = objective(table(60, 3, seed=seed, weighted=seed % 2 == 0), loss, 0.0)
    best = exact(problem, iterations=25)
    bound = certify(problem, best + distance * random_theta(problem, seed))
    assert bound.point.value - bound.gap <= problem.value(best) * (1 + 1e-14)


@pytest.mark.parametrize("loss", [SOFTMAX, LOGISTIC])
def test_near_the_optimum_it_is_what_a_newton_step_gains(loss: Loss) -> None:
    problem = objective(table(200), loss, 0.0)
    best = minimise(problem).theta
    point = problem.point(best + 1e-4 * random_theta(problem))
    truth = point.value - problem.value(best)
    found = newton_bound(problem, point)
    assert found is not None
    assert found.gain == pytest.approx(truth, rel=0.02)
    assert truth <= found.bound <= 1.1 * truth


def test_of_squares_it_is_exact() -> None:
    problem = objective(table(), SquaredError(), 0.0)
    theta = random_theta(problem)
    found = newton_bound(problem, problem.point(theta))
    assert found is not None
    assert found.bound == pytest.approx(problem.value(theta) - problem.value(exact(problem)), rel=2e-3)


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
