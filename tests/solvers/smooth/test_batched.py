"""All folds of all penalties in one bank, against each solved alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.smooth import batched
from linnet.solvers.smooth.batched import solve_folds
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.solution import CONVERGED, LIMIT, Minimum
from tests.support.problems import LOGISTIC, SOFTMAX, binary, objective, table, wide
from tests.support.solutions import minimise

L2S = [1e-3, 1.0, 1e-2]
SOLVERS = [Newton(), LBFGS(tol=1e-13)]


def folds(dataset: Dataset, count: int = 3) -> Tensor:
    """How much each row counts in each of some folds, (F, N)."""
    place = torch.arange(len(dataset)) % count
    views = (place != torch.arange(count)[:, None]).double()
    return views if dataset.weights is None else views * dataset.weights


def thetas(found: Sequence[Minimum]) -> Tensor:
    """The models side by side, (M, K, D + 1)."""
    return torch.stack([one.theta for one in found])


def alone(problem: Objective, dataset: Dataset, view: Tensor, l2: float) -> Tensor:
    """θ of one fold and penalty, by Newton's method."""
    rows = Dataset(dataset.X, dataset.y, "fold", dataset.classes, weights=view)
    one = Objective.of(rows, problem.loss, Penalty(l2), intercept=problem.intercept, dtype=torch.float64)
    return minimise(one, solver=Newton()).theta


@pytest.mark.parametrize("solver", SOLVERS, ids=["newton", "lbfgs"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(
    ("dataset", "loss"),
    [(table(), SOFTMAX), (table(weighted=True), SOFTMAX), (binary(), LOGISTIC), (wide(), SOFTMAX)],
    ids=["softmax", "weighted", "logistic", "wide"],
)
def test_each_model_is_as_if_alone(
    dataset: Dataset, loss: Loss, intercept: bool, solver: Newton | LBFGS
) -> None:
    problem, views = objective(dataset, loss, intercept=intercept), folds(dataset)
    found = solve_folds(problem, views, L2S, solver)
    assert len(found) == len(views) * len(L2S)
    assert {one.status.name for one in found} == {CONVERGED}
    for model, one in enumerate(found):
        fold, place = divmod(model, len(L2S))
        expected = alone(problem, dataset, views[fold], L2S[place])
        torch.testing.assert_close(one.theta, expected, rtol=1e-4, atol=1e-6)


def test_a_bank_that_is_too_wide_is_solved_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = table()
    problem, views = objective(dataset), folds(dataset)
    whole = thetas(solve_folds(problem, views, L2S, LBFGS(tol=1e-13)))
    monkeypatch.setattr(batched, "SCORES", 2 * len(dataset) * dataset.outputs)
    parts = thetas(solve_folds(problem, views, L2S, LBFGS(tol=1e-13)))
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-7)


def test_hessians_of_classes_alone_lead_as_far_as_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = wide()
    problem, views = objective(dataset), folds(dataset)
    whole = thetas(solve_folds(problem, views, L2S, LBFGS(tol=1e-13)))
    monkeypatch.setattr(batched, "DEAR", 0.0)
    light = thetas(solve_folds(problem, views, L2S, LBFGS(tol=1e-13)))
    torch.testing.assert_close(light, whole, rtol=1e-4, atol=1e-6)


def test_rows_of_float32_come_as_near_as_those_of_float64() -> None:
    dataset = table()
    views = folds(dataset)
    narrow = thetas(solve_folds(objective(dataset, dtype=torch.float32), views, L2S, LBFGS(tol=1e-12)))
    exact = thetas(solve_folds(objective(dataset), views, L2S, Newton()))
    torch.testing.assert_close(narrow, exact, rtol=1e-4, atol=1e-5)


def test_sparse_rows_give_what_dense_rows_give() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dataset = table()
    views, dense = folds(dataset), objective(dataset)
    rows = SparseRows(sparse.csr_array(dataset.X.numpy()), dataset.y, dataset.outputs, None, torch.float64)
    problem = Objective(rows, SOFTMAX, dense.penalty)
    for solver in SOLVERS:
        found = thetas(solve_folds(problem, views, L2S, solver))
        torch.testing.assert_close(
            found, thetas(solve_folds(dense, views, L2S, solver)), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("solver", SOLVERS, ids=["newton", "lbfgs"])
def test_models_that_need_more_iterations_say_so(solver: Newton | LBFGS) -> None:
    dataset = table()
    found = solve_folds(objective(dataset), folds(dataset), L2S, replace(solver, max_iter=1))
    late = [one.status for one in found if one.status.name == LIMIT]
    assert late
    assert "max_iter" in late[0].advice


def test_a_fold_that_the_others_say_little_about_still_gets_to_its_optimum() -> None:
    """The start and the Hessian of all rows are then far from its own, so steps must be shortened."""
    dataset = table(200, 3)
    views = (dataset.y[None] != torch.tensor([0, 1])[:, None]).double() + 1e-3
    problem = objective(dataset)
    for solver in SOLVERS:
        found = solve_folds(problem, views, [1e-4], solver)
        for fold, one in enumerate(found):
            expected = alone(problem, dataset, views[fold], 1e-4)
            torch.testing.assert_close(one.theta, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("solver", [Newton(tol=0.0), LBFGS(tol=0.0)], ids=["newton", "lbfgs"])
def test_where_rounding_allows_no_more_all_end(solver: Newton | LBFGS) -> None:
    dataset = table()
    problem, views = objective(dataset), folds(dataset)
    found = solve_folds(problem, views, L2S, solver)
    torch.testing.assert_close(
        thetas(found), thetas(solve_folds(problem, views, L2S, Newton())), rtol=1e-5, atol=1e-6
    )
