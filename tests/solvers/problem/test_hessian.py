from __future__ import annotations

import pytest
import torch

from linnet.solvers.problem import hessian
from linnet.solvers.problem.hessian import factor, gram
from tests.support.problems import objective, random_theta, table


def test_a_singular_matrix_is_factored_all_the_same() -> None:
    ones = torch.ones(4, 4)
    L = factor(ones)
    torch.testing.assert_close(L @ L.T, ones, rtol=1e-3, atol=1e-3)


def test_a_matrix_of_zeros_is_factored_too() -> None:
    assert bool(factor(torch.zeros(3, 3)).isfinite().all())


def test_units_of_features_do_not_matter_to_a_factor() -> None:
    source = torch.Generator().manual_seed(0)
    A = torch.randn(4, 3, generator=source, dtype=torch.float64)
    singular = A @ A.T  # of rank 3
    units = torch.diag(torch.tensor([1e-4, 1.0, 1e2, 1e-2], dtype=torch.float64))
    L = units.inverse() @ factor(units @ singular @ units)
    torch.testing.assert_close(L @ L.T, singular, rtol=1e-6, atol=1e-6)


def test_pairs_of_many_classes_share_a_product(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = objective(table(50, 3, 15))
    point, X1 = problem.point(random_theta(problem)), problem.rows.dense(torch.arange(50))
    target, weights = problem.rows.target(slice(0, 50)), torch.rand(50, dtype=torch.float64)
    together = gram(X1, problem.loss, point.scores, target, weights)
    monkeypatch.setattr(hessian, "PRODUCTS", 0)
    one_by_one = gram(X1, problem.loss, point.scores, target, weights)
    torch.testing.assert_close(together, one_by_one)
