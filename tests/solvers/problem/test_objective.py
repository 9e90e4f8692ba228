from __future__ import annotations

import pytest
import torch

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from tests.support.problems import LOGISTIC, SOFTMAX, hessian_product, objective, random_theta, soft, table

DATA = {
    "softmax": (table(), SOFTMAX),
    "weighted": (table(weighted=True), SOFTMAX),
    "soft labels": (soft(table()), SOFTMAX),
    "one against the rest": (table(weighted=True), LOGISTIC),
    "binary": (Dataset(table().X, (table().y == 0).double()[:, None], "binary"), LOGISTIC),
}
cases = pytest.mark.parametrize(("dataset", "loss"), DATA.values(), ids=DATA.keys())


@cases
def test_value_is_the_weighted_mean_and_the_penalty(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss, 0.1)
    theta = random_theta(problem)
    scores = theta[:, :-1] @ dataset.X.T + theta[:, -1:]
    target = dataset.y.T if dataset.y.is_floating_point() else dataset.y
    weights = torch.ones(len(dataset)).double() if dataset.weights is None else dataset.weights
    expected = (loss.value(scores, target) * weights).sum() / weights.sum()
    expected += 0.05 * theta[:, :-1].square().sum()
    assert problem.value(theta) == pytest.approx(float(expected), rel=1e-13)
    assert problem.point(theta).value == pytest.approx(float(expected), rel=1e-13)


@cases
@pytest.mark.parametrize("intercept", [True, False])
def test_gradient_is_that_of_finite_differences(dataset: Dataset, loss: Loss, intercept: bool) -> None:
    problem = objective(dataset, loss, intercept=intercept)
    theta = random_theta(problem)
    gradient, step = problem.point(theta).gradient, 1e-6
    for seed in range(3):
        V = random_theta(problem, seed + 10, 1.0)
        slope = (problem.value(theta + step * V) - problem.value(theta - step * V)) / (2 * step)
        assert float((gradient * V).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-8)
    assert intercept or not gradient[:, -1].any()


@cases
def test_hessian_product_is_the_gradients_derivative(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss)
    theta, V, step = random_theta(problem), random_theta(problem, 5, 1.0), 1e-5
    expected = (problem.point(theta + step * V).gradient - problem.point(theta - step * V).gradient) / (
        2 * step
    )
    torch.testing.assert_close(
        hessian_product(problem, problem.point(theta), V), expected, rtol=1e-6, atol=1e-8
    )


@cases
def test_the_biases_hessian_is_its_part_of_the_whole(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss)
    point = problem.point(random_theta(problem))
    H = problem.bias_hessian(point.scores)
    for k, column in enumerate(H.T):
        unit = torch.zeros_like(point.theta)
        unit[k, -1] = 1
        torch.testing.assert_close(
            column, hessian_product(problem, point, unit)[:, -1], rtol=1e-12, atol=1e-15
        )


@cases
def test_scores_along_a_line_need_no_pass(dataset: Dataset, loss: Loss) -> None:
    problem = objective(dataset, loss)
    theta, V = random_theta(problem), random_theta(problem, 5, 1.0)
    start, direction = problem.point(theta), problem.scores(V)
    passes = problem.passes
    scores = start.scores + 0.3 * direction
    value = problem.mean_loss(scores)
    assert problem.passes == passes
    moved = problem.point_from(theta + 0.3 * V, scores)
    assert moved.loss == pytest.approx(value, rel=1e-13)
    assert problem.value(theta + 0.3 * V) == pytest.approx(moved.value, rel=1e-13)


def test_a_row_of_weight_two_is_the_row_twice() -> None:
    dataset = table()
    weights = torch.ones(len(dataset)).double()
    weights[:7] = 2
    heavy = Dataset(dataset.X, dataset.y, "heavy", dataset.classes, weights=weights)
    twice = dataset.rows(torch.cat([torch.arange(7), torch.arange(len(dataset))]))
    theta = random_theta(objective(heavy))
    torch.testing.assert_close(objective(heavy).point(theta).gradient, objective(twice).point(theta).gradient)
