from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.core.losses import AbsoluteError, Huber, Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.certificate.duality import duality_gap, move_bias
from linnet.solvers.l1.absolute_error import InteriorPoint
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.problem.objective import Objective
from tests.support.problems import random_theta, soft, table

LOSSES: list[Loss] = [SoftmaxCrossEntropy(), Logistic(), SquaredError(), Huber(0.7, 1.3), AbsoluteError()]


def rows_of(loss: Loss, seed: int, *, weighted: bool = False) -> Dataset:
    base = table(30, 4, 3, seed, weighted=weighted)
    if isinstance(loss, SoftmaxCrossEntropy | Logistic):
        return base
    source = torch.Generator().manual_seed(seed)
    y = torch.randn(30, 2, generator=source, dtype=torch.float64) * 3
    return Dataset(base.X, y, "reals", weights=base.weights)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_young_and_fenchel(loss: Loss) -> None:
    """l(o) + l*(a) ≥ aᵀo, with equality at the derivative."""
    source = torch.Generator().manual_seed(0)
    o = torch.randn(3, 200, generator=source, dtype=torch.float64) * 2
    y = torch.softmax(torch.randn(3, 200, generator=source, dtype=torch.float64), 0)
    a = loss.residual(o, y)
    assert torch.allclose(loss.value(o, y) + loss.conjugate(a, y), (a * o).sum(0), atol=1e-12)
    others = torch.randn(3, 200, generator=source, dtype=torch.float64) * 3
    assert bool((loss.value(others, y) + loss.conjugate(a, y) >= (a * others).sum(0) - 1e-12).all())


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(LOSSES), st.integers(0, 10**6), st.floats(0, 20))
def test_balanced_variables_sum_to_0_and_stay_in_the_domain(loss: Loss, seed: int, spread: float) -> None:
    source = torch.Generator().manual_seed(seed)
    y = torch.softmax(torch.randn(3, 40, generator=source, dtype=torch.float64), 0)
    o = torch.randn(3, 40, generator=source, dtype=torch.float64) * spread + torch.arange(3)[:, None]
    shares = torch.rand(40, generator=source, dtype=torch.float64) + 1e-3
    shares /= shares.sum()
    a = loss.balance(loss.residual(o, y), y, shares)
    assert torch.allclose(a @ shares, torch.zeros(3, dtype=torch.float64), atol=1e-14)
    if isinstance(loss, SoftmaxCrossEntropy):
        assert torch.allclose((a + y).sum(0), torch.ones(40, dtype=torch.float64))
    if isinstance(loss, SoftmaxCrossEntropy | Logistic):
        assert float((a + y).min()) >= -1e-15
        assert float((a + y).max()) <= 1 + 1e-14
    if isinstance(loss, Huber | AbsoluteError):
        assert float(a.abs().max()) <= (loss.slope if isinstance(loss, Huber) else 1.0)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(LOSSES[:4]), st.integers(0, 50), st.floats(1e-4, 1), st.sampled_from([0.0, 1e-2]),
    st.booleans(), st.booleans(), st.floats(0, 1),
)  # fmt: skip
def test_the_gap_is_never_below_the_truth(
    loss: Loss, seed: int, l1: float, l2: float, intercept: bool, weighted: bool, near: float
) -> None:
    dataset = rows_of(loss, seed, weighted=weighted)
    problem = Objective.of(dataset, loss, Penalty(l2, l1), intercept=intercept, dtype=torch.float64)
    best = ProximalNewton(tol=1e-10).minimise(problem)
    theta = near * best.theta + (1 - near) * random_theta(problem, seed)
    point = problem.point(theta)
    truth = point.value - best.certificate.objective
    assert duality_gap(problem, point) >= truth - 1e-12 * point.value
    better = move_bias(problem, point)
    assert better.value <= point.value * (1 + 1e-14)
    assert duality_gap(problem, better) >= better.value - best.certificate.objective - 1e-12 * point.value


@pytest.mark.parametrize(
    "loss", [SquaredError(), Huber(), AbsoluteError()], ids=lambda one: type(one).__name__
)
def test_without_penalty_the_gap_is_true_and_tight(loss: Loss) -> None:
    problem = Objective.of(rows_of(loss, 4), loss, dtype=torch.float64)
    solved = (
        InteriorPoint().minimise(problem)
        if isinstance(loss, AbsoluteError)
        else ProximalNewton().minimise(problem)
    )
    best = solved.certificate
    assert best.gap <= 1e-8 * best.objective
    for seed in range(10):
        point = problem.point(solved.theta + 0.01 * random_theta(problem, seed))
        assert duality_gap(problem, point) >= point.value - best.objective


def test_soft_labels() -> None:
    problem = Objective.of(soft(table()), SoftmaxCrossEntropy(), Penalty(0, 0.02), dtype=torch.float64)
    solved = ProximalNewton(tol=1e-10).minimise(problem)
    assert solved.status.is_good, str(solved.status)
    assert solved.certificate.gap <= 1e-10 * solved.certificate.objective
