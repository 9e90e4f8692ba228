from __future__ import annotations

import pytest
import torch

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.solvers.problem.hessian import draw, hessian, newton_direction
from linnet.solvers.smooth.preconditioners import Blocks, Spectral
from tests.support.problems import LOGISTIC, SOFTMAX, hessian_product, objective, random_theta, soft, table

cases = pytest.mark.parametrize(
    ("dataset", "loss"),
    [(table(weighted=True), SOFTMAX), (soft(table()), SOFTMAX), (table(), LOGISTIC)],
    ids=["softmax", "soft labels", "logistic"],
)


@cases
def test_the_hessian_is_its_products(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss)
    point, V = problem.point(random_theta(problem, std=0.1)), random_theta(problem, 1)
    V -= V.mean(0)  # what softmax feels
    product = torch.einsum("ajbk,bk->aj", hessian(problem, point), V)
    torch.testing.assert_close(product, hessian_product(problem, point, V), rtol=1e-9, atol=1e-10)


@cases
def test_newtons_direction_solves(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss)
    point = problem.point(random_theta(problem, std=0.1))
    back = hessian_product(problem, point, newton_direction(problem, point))
    torch.testing.assert_close(back, -point.gradient, rtol=1e-8, atol=1e-9)


@cases
@pytest.mark.parametrize("l2", [1e-7, 1e3])
def test_spectral_with_a_whole_head_is_newton(dataset: Dataset, loss: Loss, l2: float) -> None:
    problem = objective(dataset, loss, l2, intercept=True)
    point = problem.point(random_theta(problem, std=0.1))
    ours = Spectral(head=100).build(problem, point)(point.gradient)
    torch.testing.assert_close(ours, -newton_direction(problem, point), rtol=1e-3, atol=1e-4)


@cases
@pytest.mark.parametrize("kind", [Spectral(head=2), Spectral(head=0), Blocks()], ids=repr)
def test_inverses_are_symmetric_and_positive(dataset: Dataset, loss: Loss, kind: Spectral | Blocks) -> None:
    problem = objective(dataset, loss)
    inverse = kind.build(problem, problem.point(random_theta(problem, std=0.1)))
    U, V = random_theta(problem, 1), random_theta(problem, 2)
    assert float((U * inverse(V)).sum()) == pytest.approx(float((V * inverse(U)).sum()), rel=1e-9)
    assert float((U * inverse(U)).sum()) > 0


def test_a_draw_stands_for_all_rows() -> None:
    dataset = table(4000, weighted=True)
    problem = objective(dataset)
    point = problem.point(random_theta(problem, std=0.2))
    index, weights = draw(problem, point, 1000, 0)
    assert len(index) == 1000
    assert dataset.weights is not None
    curvature = SOFTMAX.curvature(point.scores, dataset.y).sum(0)
    exact = float(curvature @ dataset.weights / dataset.weights.sum())
    assert float(curvature[index] @ weights) == pytest.approx(exact, rel=0.02)
    assert float(weights.sum()) == pytest.approx(1, rel=0.1)


def test_all_rows_are_drawn_once_where_they_are_few() -> None:
    dataset = table(weighted=True)
    problem = objective(dataset)
    index, weights = draw(problem, problem.point(problem.zeros()), 100, 0)
    torch.testing.assert_close(index, torch.arange(60))
    assert float(weights.sum()) == pytest.approx(1)


def test_many_classes_and_features_have_ways_of_their_own() -> None:
    many = table(200, 4, 25)
    problem = objective(many)
    point = problem.point(random_theta(problem, std=0.1))
    assert float((Blocks().build(problem, point)(point.gradient) * point.gradient).sum()) > 0
    broad = objective(table(50, 2100, 2))
    point = broad.point(broad.zeros())
    assert float((Spectral().build(broad, point)(point.gradient) * point.gradient).sum()) > 0
