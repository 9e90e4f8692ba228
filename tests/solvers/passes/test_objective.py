"""An objective whose rows are read in passes is that of rows in memory."""

from __future__ import annotations

import pytest
import torch

from linnet.core.losses import Huber, Loss
from linnet.core.losses.poisson import Poisson
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.passes.objective import PassObjective
from linnet.solvers.problem.hessian import hessian
from linnet.solvers.problem.standard import standardise
from tests.support.problems import LOGISTIC, SOFTMAX, objective, random_theta, regression, soft, table

COUNTS = Dataset(table(3000).X, torch.arange(3000).remainder(5).double()[:, None])
DATA = {
    "softmax": (table(3000), SOFTMAX),
    "weighted": (table(3000, weighted=True), SOFTMAX),
    "soft labels": (soft(table(3000)), SOFTMAX),
    "one against the rest": (table(3000, weighted=True), LOGISTIC),
    "counts": (COUNTS, Poisson()),
    "huber": (regression(3000), Huber(1.0)),
}
cases = pytest.mark.parametrize(("dataset", "loss"), DATA.values(), ids=DATA.keys())


@cases
@pytest.mark.parametrize("intercept", [True, False])
def test_points_are_those_of_memory(dataset: Dataset, loss: Loss, intercept: bool) -> None:
    memory = objective(dataset, loss, 0.1, intercept=intercept)
    passed = PassObjective.read(dataset, loss, Penalty(0.1), intercept=intercept)
    theta = random_theta(memory, std=0.03)
    right, found = memory.point(theta), passed.point(theta)
    assert found.value == pytest.approx(right.value, rel=1e-13)
    torch.testing.assert_close(found.gradient, right.gradient, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(hessian(passed, found), hessian(memory, right), rtol=1e-11, atol=1e-12)
    assert passed.sizes(found) == pytest.approx(memory.sizes(right), rel=1e-12)
    assert found.scores.numel() == 0, "scores are K numbers a row"
    assert passed.least() == pytest.approx(memory.least(), rel=1e-13)


@cases
def test_centred_columns_are_those_of_memory(dataset: Dataset, loss: Loss) -> None:
    memory, passed = (standardise(make) for make in (
        objective(dataset, loss, 0.1), PassObjective.read(dataset, loss, Penalty(0.1))
    ))  # fmt: skip
    theta = random_theta(memory.objective, std=0.03)
    torch.testing.assert_close(passed.leave(passed.enter(theta)), theta, rtol=1e-12, atol=1e-12)
    right, found = memory.objective.value(memory.enter(theta)), passed.objective.value(passed.enter(theta))
    assert found == pytest.approx(right, rel=1e-12)


@cases
def test_biases_move_to_their_best(dataset: Dataset, loss: Loss) -> None:
    passed = standardise(PassObjective.read(dataset, loss, Penalty(0.1))).objective
    at = passed.balance(passed.point(random_theta(passed, std=0.03)))
    assert float(at.gradient[:, -1].abs().max()) <= 1e-13 * max(1.0, at.value)


def test_starts_and_samples_are_of_rows_that_count() -> None:
    weights = torch.arange(3000).remainder(3).eq(0).double()
    dataset = COUNTS.replace(weights=weights)
    passed, memory = PassObjective.read(dataset, Poisson()), objective(dataset, Poisson(), 0.0)
    own, other = passed.start(), memory.start()
    assert own is not None
    assert other is not None
    torch.testing.assert_close(own, other, rtol=1e-13, atol=0)
    sample = passed.near_rows.rows
    assert len(sample) == 1000
    assert bool((sample.counts > 0).all())
