from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import linnet
from linnet.core.losses import Huber, Logistic, Loss, SoftmaxCrossEntropy
from linnet.core.losses.poisson import Poisson
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.errors import UsageError
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth.conjugate import NewtonCG
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import CONVERGED
from linnet.solvers.solve import choose
from tests.support.problems import SOFTMAX, objective, table

LOSSES = [SoftmaxCrossEntropy(), Logistic(), Poisson()]


def texts(loss: Loss, seed: int = 0, *, rows: int = 120, words: int = 30, weighted: bool = False) -> Dataset:
    """Few numbers among many zeros, as sparse rows."""
    source = np.random.default_rng(seed)
    X = scipy.sparse.random(rows, words, 0.15, "csr", rng=source)
    scores = X @ source.standard_normal((words, 3)) * 2 + source.standard_normal((rows, 3))
    y, classes = np.maximum(scores, 0).round(), ()
    if loss.is_for_classes:
        y = scores.argmax(1) if loss.couples_outputs else (scores > 0).astype(float)
        classes = ("a", "b", "c") if loss.couples_outputs else ()
    weights = torch.from_numpy(source.uniform(0, 2, rows)) if weighted else None
    features: Any = SparseFeatures(X)  # few numbers, which a plain matrix of would become dense
    return Dataset(features, torch.from_numpy(y), "texts", classes, weights=weights)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(-4, 0), st.booleans(), st.booleans())
def test_sparse_rows_have_the_optimum_of_the_whole_hessian(
    loss: Loss, seed: int, exponent: float, weighted: bool, intercept: bool
) -> None:
    rows = texts(loss, seed, weighted=weighted)
    problem = Objective.of(rows, loss, Penalty(10**exponent), intercept=intercept, dtype=torch.float64)
    found, best = NewtonCG(tol=1e-11).minimise(problem), Newton().minimise(problem)
    assert found.status.name == CONVERGED
    assert found.certificate.objective <= best.certificate.objective * (1 + 1e-9)
    assert found.certificate.objective - best.certificate.objective <= found.certificate.gap
    np.testing.assert_allclose(found.theta, best.theta, atol=1e-3 * float(best.theta.abs().max()))


def test_many_parameters_of_sparse_rows_with_l2_are_solved_by_conjugate_gradients() -> None:
    rows = texts(SOFTMAX, rows=300, words=200)
    held, free = (Objective.of(rows, SOFTMAX, Penalty(l2), dtype=torch.float64) for l2 in (1e-3, 0.0))
    assert choose(held) == NewtonCG()
    assert choose(held, tol=1e-5, max_iter=7) == NewtonCG(1e-5, 7)
    assert isinstance(choose(free), Staged)
    assert isinstance(choose(objective(table(300, 200), l2=1e-3)), Staged)
    solution = linnet.solve(rows, l2=1e-3)
    assert solution.status.name == CONVERGED
    assert solution.value.optimum is not None
    assert solution.value.optimum.solver == "NewtonCG"
    again = linnet.solve(rows, l2=1e-3, solver="staged", tol=1e-12)
    assert solution.stats.objective <= again.stats.objective * (1 + 1e-9)


def test_losses_that_are_straight_somewhere_are_refused() -> None:
    with pytest.raises(UsageError, match="nowhere straight"):
        NewtonCG().minimise(objective(table(), Huber()))


def test_a_limit_of_steps_is_told() -> None:
    problem = Objective.of(texts(SOFTMAX), SOFTMAX, Penalty(1e-4), dtype=torch.float64)
    *steps, last = NewtonCG(1e-12, 2).steps(problem, problem.zeros())
    assert len(steps) == 2
    assert last.status is not None
    assert last.status.name == "iteration limit"
