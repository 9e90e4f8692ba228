"""Bootstraps: each bag's optimum is that of its rows alone, and their spread is what theory says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from linnet.core.losses import Loss, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.split import draw_bags
from linnet.errors import SeparationWarning
from linnet.inference.design import make_basis
from linnet.inference.infer import infer as typed_infer
from linnet.inference.likelihood import Classes, Normal
from linnet.inference.newton_polish import polish
from linnet.inference.poisson_bootstrap import bootstrap_optima, draw_counts
from tests.support.inferences import line
from tests.support.problems import LOGISTIC, SOFTMAX, table
from tests.support.solutions import solve_least_squares, solve_smooth

infer: Any = typed_infer  # pandas has no types


def weighed(dataset: Dataset, bag: int) -> Dataset:
    """The data set with a bag's weights."""
    times = draw_counts(len(dataset), bag, 1)
    return dataclasses.replace(dataset, weights=times if dataset.weights is None else times * dataset.weights)


def test_bags_are_those_of_sweeps() -> None:
    dataset = table(200)
    views = draw_bags(dataset, 3, seed=5)
    for bag, view in enumerate(views):
        assert view.weights is not None
        assert torch.equal(view.weights.double(), draw_counts(200, bag, 5))


@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_bags_of_a_regression_are_their_own_least_squares(l2: float, is_weighted: bool) -> None:
    dataset = line(weighted=is_weighted)
    expected = [solve_least_squares(weighed(dataset, bag), Penalty(l2)) for bag in range(20)]
    right = torch.stack([each.value.bank.theta[0] for each in expected])
    found = infer(solve_least_squares(dataset, Penalty(l2)), dataset, covariance="bootstrap", bags=20)
    right = torch.cat([right[:, -1:], right[:, :-1]], 1)
    np.testing.assert_allclose(found.covariance(), torch.cov(right.T), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_bags_of_classes_are_their_own_optima(l2: float) -> None:
    dataset = table(300, weighted=True)
    expected = [solve_smooth(weighed(dataset, bag), SOFTMAX, Penalty(l2)) for bag in range(15)]
    thetas = torch.stack([each.value.bank.theta for each in expected])
    right = thetas[:, 1] - thetas[:, 0]
    right = torch.cat([right[:, -1:], right[:, :-1]], 1)
    found = infer(solve_smooth(dataset, SOFTMAX, Penalty(l2)), dataset, covariance="bootstrap", bags=15)
    assert found.bags == 15
    np.testing.assert_allclose(found.covariance("class 1"), torch.cov(right.T), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("loss", [SOFTMAX, LOGISTIC, SquaredError()])
def test_the_spread_is_that_of_the_sandwich(loss: Loss) -> None:
    dataset = table(2000) if loss != SquaredError() else line(2000)
    solution = solve_smooth(dataset, loss)
    sandwich = infer(solution, dataset, covariance="sandwich").table["standard_error"]
    boots = infer(solution, dataset, covariance="bootstrap", bags=400).table["standard_error"]
    # The error of a standard error of 400 draws is 1/√800 = 3.5 %; and there are up to 18.
    np.testing.assert_allclose(boots, sandwich, rtol=0.15)
    assert float((boots / sandwich).mean()) == pytest.approx(1.0, abs=0.06)


def test_bags_do_not_depend_on_how_many_are_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = table(300)
    solution = solve_smooth(dataset, SOFTMAX)
    whole = infer(solution, dataset, covariance="bootstrap", bags=12).table["standard_error"]
    monkeypatch.setattr("linnet.inference.poisson_bootstrap.AT_ONCE", 300 * 2 * 5)
    parts = infer(solution, dataset, covariance="bootstrap", bags=12).table["standard_error"]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_the_same_seed_gives_the_same_errors() -> None:
    dataset = line()
    solution = solve_least_squares(dataset)
    one, again, other = (
        infer(solution, dataset, covariance="bootstrap", bags=30, seed=seed).table["standard_error"]
        for seed in (1, 1, 2)
    )
    assert one.equals(again)
    assert not one.equals(other)


def test_bootstrap_errors_say_how_far_another_order_of_rows_moves_them() -> None:
    dataset = line()
    notes = {
        covariance: infer(solve_least_squares(dataset), dataset, covariance=covariance, bags=51).notes
        for covariance in ("bootstrap", "hc3")
    }
    assert "another order, or another seed, moves these standard errors by some 10 %" in str(
        notes["bootstrap"]
    )
    assert "another order" not in str(notes["hc3"])  # 1/√(2 · 50) of a deviation from 51 normal draws


def test_bags_without_an_optimum_are_counted() -> None:
    dataset = table(40)
    with pytest.warns(SeparationWarning, match=r"bootstraps have no optimum .* too small"):
        found = infer(solve_smooth(dataset, SOFTMAX), dataset, covariance="bootstrap", bags=100)
    assert 2 <= found.bags < 100
    assert f"from {found.bags} bootstraps" in str(found)


def test_where_all_bags_are_settled_their_gradients_are_none() -> None:
    dataset = table(200)
    theta = solve_smooth(dataset, SOFTMAX).value.bank.theta
    basis = make_basis(dataset, 0.0, True)
    Y = torch.nn.functional.one_hot(dataset.y, 3).T[1:].double()
    gamma = theta[1:] - theta[0]
    X1 = torch.cat([dataset.X, torch.ones(200, 1)], 1)
    nothing = torch.zeros(12, 12, dtype=torch.float64)
    fitted = polish(Classes(Y), basis, gamma, gamma @ X1.T, nothing, nothing[0])
    found = bootstrap_optima(fitted, basis, 1.0, 200, 5, seed=1)
    assert bool(found.is_settled.all())
    for bag in range(5):
        scores = fitted.scores + found.shifts[bag].view(2, -1) @ basis.Z.T
        gradient = (Classes(Y).residual(scores) * draw_counts(200, bag, 1)) @ X1
        assert float(gradient.abs().max()) < 1e-2  # of 200 rows whose features are of the order of 10


def test_what_a_normal_likelihood_is_quadratic_in() -> None:
    y = torch.randn(1, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scores = torch.zeros_like(y)
    assert torch.equal(Normal(y).residual(scores), -y)
    assert torch.equal(Normal(y).curvature_product(scores, y), y)
