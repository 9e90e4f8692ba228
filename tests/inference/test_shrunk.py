"""Inference under an L2 penalty: the posterior for a normal prior, and no p-values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.inference.infer import infer as typed_infer
from linnet.solvers.problem.objective import Objective
from tests.support.problems import LOGISTIC, SOFTMAX, soft, table
from tests.support.solutions import solve_least_squares, solve_smooth

infer: Any = typed_infer  # pandas has no types

L2 = 0.03


def full_hessian(dataset: Dataset, loss: Loss, theta: torch.Tensor) -> torch.Tensor:
    """∇²F by autograd over all of θ, (K·(D + 1), K·(D + 1)), times the sum of the weights."""
    X1 = torch.cat([dataset.X.double() * dataset.scale, torch.ones(len(dataset), 1).double()], 1)
    y = dataset.y.T if dataset.y.is_floating_point() else dataset.y
    w = torch.ones(len(dataset)).double() if dataset.weights is None else dataset.weights

    def value(flat: torch.Tensor) -> torch.Tensor:
        model = flat.view_as(theta)
        return loss.value(model @ X1.T, y) @ w + w.sum() * L2 / 2 * model[:, :-1].square().sum()

    return torch.autograd.functional.hessian(value, theta.flatten())  # type: ignore[return-value]


@pytest.mark.parametrize("dataset", [table(), table(weighted=True), soft(table()), table(20, 40)])
def test_softmax_is_the_inverse_of_the_whole_hessian(dataset: Dataset) -> None:
    solution = solve_smooth(dataset, SOFTMAX, Penalty(L2))
    theta = solution.value.bank.theta
    K, P = theta.shape
    H = full_hessian(dataset, SOFTMAX, theta)
    for j in range(K):  # a shift of all biases is felt by nothing: any curvature there will do
        for k in range(K):
            H[j * P + P - 1, k * P + P - 1] += 1.0
    V = torch.linalg.inv(H).view(K, P, K, P)
    found = infer(solution, dataset)
    for j in range(1, K):
        difference = (V[j, :, j] - V[j, :, 0] - V[0, :, j] + V[0, :, 0]).numpy()
        block = found.covariance(dataset.classes[j]).to_numpy()
        order = [P - 1, *range(P - 1)]
        np.testing.assert_allclose(
            block, difference[np.ix_(order, order)], rtol=1e-6, atol=1e-7 * block.max()
        )


def test_logistic_is_the_inverse_of_each_class() -> None:
    dataset = table()
    solution = solve_smooth(dataset, LOGISTIC, Penalty(L2))
    theta = solution.value.bank.theta
    V = torch.linalg.inv(full_hessian(dataset, LOGISTIC, theta)).diagonal().view_as(theta)
    found = infer(solution, dataset).table["standard_error"].to_numpy().reshape(3, 6)
    np.testing.assert_allclose(found, torch.cat([V[:, -1:], V[:, :-1]], 1).sqrt(), rtol=1e-6)


def test_a_ridge_is_the_posterior_with_effective_parameters() -> None:
    dataset = Dataset(
        table(80).X, torch.randn(80, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    )
    solution = solve_least_squares(dataset, Penalty(L2))
    found = infer(solution, dataset)
    X1 = np.column_stack([np.ones(80), dataset.X.numpy()])
    ridge = 80 * L2 * np.diag([0.0, 1, 1, 1, 1, 1])
    inverse = np.linalg.inv(X1.T @ X1 + ridge)
    estimate = inverse @ X1.T @ dataset.y.numpy()[:, 0]
    parameters = np.trace(inverse @ X1.T @ X1)
    squares = ((dataset.y.numpy()[:, 0] - X1 @ estimate) ** 2).sum()
    assert found.goodness[0].parameters == pytest.approx(parameters, rel=1e-8)
    assert found.fit.sigma2 == pytest.approx(squares / (80 - parameters), rel=1e-8)
    np.testing.assert_allclose(found.covariance(), inverse * found.fit.sigma2, rtol=1e-6, atol=1e-12)


def test_there_are_no_p_values_and_it_says_so() -> None:
    dataset = table()
    found = infer(solve_smooth(dataset, SOFTMAX, Penalty(L2)), dataset)
    assert found.table[["statistic", "p"]].isna().all(axis=None)
    assert found.fit.likelihood_ratio is None
    text = str(found)
    assert "shrunk by l2 = 0.03" in text
    assert "credible intervals" in text
    assert "no p-values" in text
    assert " p " not in text.splitlines()[5]


def test_the_sandwich_of_shrunk_estimates_is_their_spread() -> None:
    dataset = table(100, weighted=True)
    solution = solve_smooth(dataset, LOGISTIC, Penalty(L2))
    found = infer(solution, dataset, covariance="sandwich")
    problem = Objective.of(dataset, LOGISTIC, Penalty(L2), dtype=torch.float64)
    scores = problem.point(solution.value.bank.theta).scores
    forces = problem.residual(scores, slice(0, 100))[0]  # (N,)
    X1 = torch.cat([dataset.X, torch.ones(100, 1)], 1)
    meat = X1.T @ (X1 * forces.square()[:, None])
    theta = solution.value.bank.theta
    bread = torch.linalg.inv(full_hessian(dataset, LOGISTIC, theta)[:6, :6])
    V = bread @ meat @ bread
    order = [5, 0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.covariance("class 0"), V[order][:, order], rtol=1e-5, atol=1e-6)


def test_more_features_than_rows() -> None:
    dataset = table(20, 40)
    found = infer(solve_smooth(dataset, SOFTMAX, Penalty(L2)), dataset)
    assert found.table["standard_error"].notna().all()
    assert found.goodness[0].parameters < 40
