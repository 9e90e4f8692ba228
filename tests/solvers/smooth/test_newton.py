from __future__ import annotations

import dataclasses

import pytest
import torch

from linnet.solvers.smooth.newton import LBFGS, SAMPLE, Newton, Staged
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.solution import CONVERGED
from tests.support.blobs import make_blobs
from tests.support.problems import objective, table
from tests.support.solutions import minimise


@pytest.mark.parametrize("solver", [Newton(), Staged(), LBFGS()], ids=["newton", "staged", "lbfgs"])
def test_features_too_large_to_be_squared_are_solved_all_the_same(solver: SmoothSolver) -> None:
    plain, unit = table(), 2.0**560
    huge = dataclasses.replace(plain, X=plain.X * unit)
    found = minimise(objective(huge, l2=0.0), solver=solver).theta
    right = minimise(objective(plain, l2=0.0), solver=solver).theta
    torch.testing.assert_close(found[:, :-1] * unit, right[:, :-1], rtol=1e-12, atol=1e-12)


def test_many_rows_begin_with_a_sample() -> None:
    dataset = make_blobs(4 * SAMPLE)
    problem = objective(dataset, dtype=torch.float32)
    steps = list(Staged(tol=1e-6).steps(problem, problem.zeros()))
    last = steps[-1]
    assert last.status is not None
    assert last.status.name == CONVERGED
    assert steps[0].point.loss < 1  # log 3 at zero
    assert len(steps) < 12
