from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import linnet
from linnet.model.history import Record
from linnet.solvers.l1.pair import as_pair, leave_pair
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.solution import CONVERGED
from tests.support.problems import SOFTMAX, objective, random_theta, soft, table

PAIR = table(200, 6, 2, weighted=True)


def both(l1: float, l2: float) -> linnet.Penalty:
    return linnet.Penalty(l2, l1)


@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_the_objective_of_the_difference_is_that_of_both_rows(l2: float) -> None:
    problem = objective(PAIR, l2=l2).replace(penalty=both(0.02, l2))
    pair = as_pair(problem)
    assert pair is not None
    w = random_theta(pair)
    rows = torch.cat([-w, w]) / 2
    assert pair.value(w) == pytest.approx(problem.value(rows), rel=1e-14)
    other = rows + random_theta(problem, 1)[:1]  # the same for softmax
    assert problem.value(other) > pair.value(w)
    pair.point(w)
    assert problem.passes == pair.passes > 0


def test_two_classes_with_l1_have_scikit_learns_optimum_and_one_split() -> None:
    l1, seen = 0.03, list[Record]()
    problem = objective(PAIR, l2=0.0).replace(penalty=both(l1, 0.0))
    found = ProximalNewton(tol=1e-12).minimise(problem, progress=seen.append)
    assert found.status.name == CONVERGED
    assert torch.equal(found.theta[0], -found.theta[1])
    assert seen[-1]["nonzeros"] == int((found.theta[:, :-1] != 0).sum())
    assert found.certificate.objective == pytest.approx(problem.value(found.theta), rel=1e-13)
    assert found.certificate.gradient_norm < 1e-6
    weights = PAIR.weights
    assert weights is not None
    peer = LogisticRegression(
        l1_ratio=1.0, C=1 / (float(weights.sum()) * l1), solver="saga", tol=1e-12, max_iter=100_000
    ).fit(PAIR.X.numpy(), PAIR.y.numpy(), weights.numpy())
    np.testing.assert_allclose(2 * found.theta[1, :-1], peer.coef_[0], atol=1e-5)


def test_a_start_of_both_rows_leads_to_the_same() -> None:
    problem = objective(PAIR, l2=1e-3).replace(penalty=both(0.01, 1e-3))
    plain = ProximalNewton(tol=1e-12).minimise(problem)
    again = ProximalNewton(tol=1e-12).minimise(problem, plain.theta + 1)
    torch.testing.assert_close(again.theta, plain.theta, rtol=1e-6, atol=1e-7)
    near = ProximalNewton(tol=1e-12).approach(problem, plain.theta)
    torch.testing.assert_close(near.theta, plain.theta, rtol=1e-6, atol=1e-7)


def test_more_classes_soft_labels_and_numbers_are_no_pair() -> None:
    assert as_pair(objective(table())) is None
    shares = soft(table(60, 5, 2))
    assert as_pair(objective(dataclasses.replace(shares), SOFTMAX)) is None


def test_figures_are_of_both_rows() -> None:
    problem = objective(PAIR, l2=1e-2).replace(penalty=both(0.0, 1e-2))
    pair = as_pair(problem)
    assert pair is not None
    found = leave_pair(ProximalNewton(tol=1e-3, max_iter=2).minimise(pair), problem)
    slope = problem.point(found.theta).gradient.norm()
    assert found.certificate.gradient_norm == pytest.approx(float(slope), rel=1e-6, abs=1e-12)
