from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth import newton, sampled
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import CONVERGED, LIMIT
from tests.support.problems import objective, soft, table
from tests.support.solutions import minimise


@pytest.mark.parametrize("solver", [Newton(), Staged(), LBFGS()], ids=["newton", "staged", "lbfgs"])
def test_features_too_large_to_be_squared_are_solved_all_the_same(solver: SmoothSolver) -> None:
    plain, unit = table(), 2.0**560
    huge = dataclasses.replace(plain, X=plain.X * unit)
    found = minimise(objective(huge, l2=0.0), solver=solver).theta
    right = minimise(objective(plain, l2=0.0), solver=solver).theta
    torch.testing.assert_close(found[:, :-1] * unit, right[:, :-1], rtol=1e-12, atol=1e-12)


def count_hessians(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of the whole Hessians that are made from now on."""
    found, kept = list[int](), sampled.hessian

    def count(objective: Objective, *given: Any) -> Any:
        found.append(len(objective.rows))
        return kept(objective, *given)

    monkeypatch.setattr(sampled, "hessian", count)
    return found


@pytest.mark.parametrize(
    "dataset",
    [table(600, 6, 4), table(600, 6, 4, weighted=True), soft(table(600, 6, 4)), table(600, 6, 2)],
    ids=["plain", "weighted", "soft labels", "two classes"],
)
def test_where_a_hessian_takes_long_one_near_the_optimum_is_enough(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = objective(dataset, l2=1e-3)
    whole = minimise(problem, solver=Newton())
    monkeypatch.setattr(newton, "LONG", 0)
    monkeypatch.setattr(newton, "SHARE", 0)
    made = count_hessians(monkeypatch)
    found = minimise(problem, solver=Newton())
    assert found.status.name == CONVERGED
    assert len(made) == 1
    torch.testing.assert_close(found.theta, whole.theta, rtol=1e-6, atol=1e-7)
    assert found.certificate.objective <= whole.certificate.objective * (1 + 1e-12)


def test_steps_by_a_hessian_a_class_that_gain_little_give_way_to_whole_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = table(600, 6, 4)
    alike = dataclasses.replace(plain, X=torch.cat([plain.X, plain.X[:, :1] + 1e-4 * plain.X[:, 1:2]], 1))
    problem = objective(alike, l2=1e-9)
    whole = minimise(problem, solver=Newton())
    monkeypatch.setattr(newton, "LONG", 0)
    monkeypatch.setattr(newton, "SHARE", 0)
    monkeypatch.setattr(newton, "SHORT", 3)
    found = minimise(problem, solver=Newton())
    assert found.status.name == CONVERGED
    assert found.certificate.objective <= whole.certificate.objective * (1 + 1e-10)


@pytest.mark.parametrize("max_iter", [0, 1, 3, 6])
def test_no_more_iterations_are_taken_than_allowed_however_it_goes(
    max_iter: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newton, "LONG", 0)
    monkeypatch.setattr(newton, "SHARE", 0)
    problem = objective(table(600, 6, 4), l2=1e-3)
    *before, last = Newton(max_iter=max_iter).steps(problem, problem.zeros())
    assert last.status is not None
    assert last.status.name == LIMIT
    assert [step.status for step in before] == [None] * max_iter
    values = [step.point.value for step in (*before, last)]
    assert values == sorted(values, reverse=True)
