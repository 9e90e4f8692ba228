from __future__ import annotations

import pytest
import torch

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective, Point
from linnet.solvers.smooth.by_class import MOST, ByClass
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.solution import CONVERGED
from tests.support.problems import LOGISTIC, SOFTMAX, objective, random_theta, soft, table
from tests.support.solutions import minimise

cases = pytest.mark.parametrize(
    ("dataset", "loss"),
    [(table(weighted=True), SOFTMAX), (soft(table()), SOFTMAX), (table(), LOGISTIC), (table(9, 20), SOFTMAX)],
    ids=["softmax", "soft labels", "logistic", "wide"],
)


def own_hessians(problem: Objective, point: Point, l2: float) -> torch.Tensor:
    """Of each class, (K, D + 1, D + 1)."""
    X1 = problem.rows.dense(torch.arange(len(problem.rows)))
    curvature = problem.loss.curvature(point.scores, problem.rows.target()) * problem.rows.shares
    ridge = torch.full((X1.shape[1],), l2)
    ridge[-1] = 0
    return torch.einsum("ki,ij,il->kjl", curvature, X1, X1) + ridge.diag()


@cases
def test_with_a_whole_head_it_is_each_classs_own_hessian(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss, 1.0)
    point = problem.point(random_theta(problem, std=0.1))
    V = random_theta(problem, 1)
    if loss.couples_outputs:
        V -= V.mean(0)
    expected = torch.linalg.solve(own_hessians(problem, point, 1.0), V[..., None])[..., 0]
    if loss.couples_outputs:
        expected -= expected.mean(0)
    torch.testing.assert_close(ByClass(100).build(problem, point)(V), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("outputs", [4, 25, 101], ids=["by class", "by class of many", "by feature"])
def test_a_shift_of_all_classes_has_the_curvature_of_l2_alone(outputs: int) -> None:
    problem = objective(table(600, 8, outputs), l2=1e-2)
    inverse = ByClass().build(problem, problem.point(random_theta(problem, std=0.1)))
    shift = torch.randn(9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    step = inverse(shift.expand(outputs, -1))
    torch.testing.assert_close(step[:, :-1], shift[:-1].expand(outputs, -1) / 1e-2, rtol=1e-5, atol=1e-5)
    assert float(step[:, -1].abs().max()) < 1e-5  # of biases nothing curves it
    V = random_theta(problem, 2)
    assert float(inverse(V - V.mean(0)).sum(0).abs().max()) < 1e-5


@cases
@pytest.mark.parametrize("head", [0, 2, 100])
def test_it_is_symmetric_and_positive(dataset: Dataset, loss: Loss, head: int) -> None:
    problem = objective(dataset, loss)
    inverse = ByClass(head).build(problem, problem.point(random_theta(problem, std=0.1)))
    U, V = random_theta(problem, 1), random_theta(problem, 2)
    assert float((U * inverse(V)).sum()) == pytest.approx(float((V * inverse(U)).sum()), rel=1e-9)
    assert float((U * inverse(U)).sum()) > 0


def test_the_heaviest_rows_stand_for_all() -> None:
    problem = objective(table(4 * MOST, 6, 4), l2=1e-3)
    point = problem.point(random_theta(problem))
    V = random_theta(problem, 1)
    V -= V.mean(0)
    exact = torch.linalg.solve(own_hessians(problem, point, 1e-3), V[..., None])[..., 0]
    exact -= exact.mean(0)
    found = ByClass(rows=4 * MOST).build(problem, point)(V)
    cosine = float((found * exact).sum() / (found.norm() * exact.norm()))
    assert cosine > 0.9


@pytest.mark.parametrize("outputs", [4, 25])
def test_the_optimum_is_that_of_any_way(outputs: int) -> None:
    data = table(600, 8, outputs)
    found = minimise(objective(data, l2=1e-2), solver=LBFGS(tol=1e-12, preconditioner=ByClass(head=4)))
    plain = minimise(objective(data, l2=1e-2), solver=LBFGS(tol=1e-12, preconditioner=None))
    assert found.status.name == CONVERGED
    torch.testing.assert_close(found.theta, plain.theta, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("l2", [1e-25, 1e-60])
def test_rounding_of_shifts_is_not_divided_by_a_penalty_below_it(l2: float) -> None:
    problem = objective(table(200, 3), SOFTMAX, l2)
    point = problem.point(random_theta(problem, std=0.1))
    gradient = point.gradient - point.gradient.mean(0)  # a shift of it is rounding alone
    assert float(ByClass().build(problem, point)(gradient).abs().max()) < 1e3
