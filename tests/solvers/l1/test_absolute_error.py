from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.optimize
import torch
from sklearn.linear_model import HuberRegressor, QuantileRegressor

from linnet.core.losses import AbsoluteError, Huber, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.sources import digits
from linnet.errors import UsageError
from linnet.solvers.l1.absolute_error import InteriorPoint
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.problem.objective import Objective
from tests.support.problems import diabetes


def absolute(dataset: Dataset, l2: float = 0.0, *, intercept: bool = True) -> Objective:
    return Objective.of(dataset, AbsoluteError(), Penalty(l2), intercept=intercept, dtype=torch.float64)


def by_linear_program(dataset: Dataset) -> float:
    """The least mean absolute error of one output by HiGHS: min Σ ω (r⁺ + r⁻) with X1 θ + r⁺ − r⁻ = y."""
    X = np.c_[dataset.X.numpy(), np.ones(len(dataset))]
    w = np.ones(len(X)) if dataset.weights is None else dataset.weights.numpy()
    w = w / w.sum()
    eye = np.eye(len(X))
    found = scipy.optimize.linprog(
        np.r_[np.zeros(X.shape[1]), w, w], A_eq=np.c_[X, eye, -eye], b_eq=dataset.y[:, 0].numpy(),
        bounds=[(None, None)] * X.shape[1] + [(0, None)] * (2 * len(X)),
    )  # fmt: skip
    return float(found.fun)


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_optimum_of_the_linear_program(weighted: bool) -> None:
    dataset = diabetes(weighted=weighted)
    solved = InteriorPoint().minimise(absolute(dataset))
    assert solved.status.is_good, str(solved.status)
    assert solved.certificate.objective == pytest.approx(by_linear_program(dataset), rel=1e-8)
    assert solved.certificate.gap <= 1e-9 * solved.certificate.objective


def test_it_is_scikit_learns_quantile_regressor() -> None:
    dataset = diabetes()
    theirs = QuantileRegressor(alpha=0).fit(dataset.X.numpy(), dataset.y[:, 0].numpy())
    value = absolute(dataset).value(torch.tensor(np.r_[theirs.coef_, theirs.intercept_])[None])
    assert InteriorPoint().minimise(absolute(dataset)).certificate.objective == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [1e-3, 1.0])
def test_with_l2_it_is_the_limit_of_hubers(l2: float, intercept: bool) -> None:
    """The absolute error is between Huber's loss of threshold t and that plus t/2."""
    dataset = diabetes(weighted=True)
    solved = InteriorPoint().minimise(absolute(dataset, l2, intercept=intercept)).certificate
    assert solved.gap <= 1e-9 * solved.objective
    t = 1e-2
    problem = Objective.of(dataset, Huber.book(t), Penalty(l2), intercept=intercept, dtype=torch.float64)
    smooth = ProximalNewton(tol=1e-9).minimise(problem)
    assert smooth.status.is_good, str(smooth.status)
    below = smooth.certificate.objective
    assert below - 1e-7 <= solved.objective <= below + t / 2


def test_several_outputs_are_solved_apart() -> None:
    base = diabetes()
    both = Dataset(base.X, torch.cat([base.y, base.y.square() / 100], 1))
    together = InteriorPoint().minimise(absolute(both, 0.1))
    for k in range(2):
        alone = InteriorPoint().minimise(absolute(Dataset(base.X, both.y[:, k : k + 1]), 0.1))
        assert torch.allclose(together.theta[k], alone.theta[0], atol=1e-3)
    assert together.status.is_good


@pytest.mark.parametrize("l2", [0.0, 1e-4])
def test_outputs_that_are_there_early_wait_for_the_others(l2: float) -> None:
    train = digits.load().train
    few = Dataset(train.X[:200], train.y[:200], "digits", train.classes, scale=train.scale)
    found = InteriorPoint().minimise(absolute(few, l2))
    assert found.status.name == "converged"
    alone = [
        InteriorPoint().minimise(
            absolute(dataclasses.replace(few, y=(few.y == k).double()[:, None], classes=()), l2)
        )
        for k in range(10)
    ]
    right = sum(one.certificate.objective for one in alone)
    assert found.certificate.objective == pytest.approx(right, rel=1e-8)


def test_a_stall_has_the_best_gap_that_is_known() -> None:
    train = digits.load().train
    few = Dataset(train.X[:300], train.y[:300, None].double(), "digits", scale=train.scale)
    found = InteriorPoint(tol=0.0).minimise(absolute(few))
    assert found.status.name == "stalled"
    assert found.certificate.gap < 1e-6 * found.certificate.objective


def test_columns_that_are_the_same_and_a_perfect_fit() -> None:
    base = diabetes()
    twice = Dataset(torch.cat([base.X, base.X], 1), base.y)
    one, other = (
        InteriorPoint().minimise(absolute(base)).certificate,
        InteriorPoint().minimise(absolute(twice)).certificate,
    )
    assert other.objective == pytest.approx(one.objective, rel=1e-6)
    exact = Dataset(base.X, base.X.sum(1, keepdim=True) + 1)
    assert InteriorPoint().minimise(absolute(exact)).certificate.objective <= 1e-6


def test_the_median() -> None:
    y = torch.tensor([[1.0], [2.0], [10.0], [50.0], [1000.0]], dtype=torch.float64)
    solved = InteriorPoint().minimise(absolute(Dataset(torch.zeros(5, 1, dtype=torch.float64), y)))
    assert float(solved.theta[0, -1]) == pytest.approx(10, abs=1e-5)


def test_huber_is_scikit_learns_at_its_own_scale() -> None:
    """HuberRegressor also fits σ; with its σ the coefficients are those of a threshold of ε σ."""
    dataset = diabetes()
    theirs = HuberRegressor(epsilon=1.35, alpha=0.0, tol=1e-8, max_iter=10_000)
    theirs.fit(dataset.X.numpy(), dataset.y[:, 0].numpy())
    loss = Huber.torch(1.35 * float(theirs.scale_))
    solved = ProximalNewton(tol=1e-11).minimise(Objective.of(dataset, loss, dtype=torch.float64))
    assert solved.status.is_good, str(solved.status)
    assert solved.theta[0, :-1].numpy() == pytest.approx(theirs.coef_, rel=1e-3, abs=1e-2)


def test_a_target_far_off_does_not_move_it() -> None:
    base = diabetes()
    y = base.y.clone()
    y[0] = 1e9
    one, other = (InteriorPoint().minimise(absolute(Dataset(base.X, each))) for each in (base.y, y))
    assert float((one.theta - other.theta).abs().max()) < 5


@pytest.mark.parametrize("tiny", [0.0, 1e-20, 1e-200, 8e-290])
def test_rows_that_one_line_goes_through_exactly(tiny: float) -> None:
    X = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    found = InteriorPoint().minimise(absolute(Dataset(X, torch.tensor([[1.0], [tiny]], dtype=torch.float64))))
    assert found.status.is_good, str(found.status)
    assert found.certificate.iterations < 10
    assert found.theta[0].tolist() == pytest.approx([-1, 1])


def test_how_it_ends_and_what_it_refuses() -> None:
    assert InteriorPoint(max_iter=2).minimise(absolute(diabetes())).status.name == "iteration limit"

    def interrupt(record: dict[str, float]) -> None:
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    assert InteriorPoint().minimise(absolute(diabetes()), progress=interrupt).status.name == "interrupted"
    with pytest.raises(UsageError, match="l2 only"):
        InteriorPoint().minimise(Objective.of(diabetes(), AbsoluteError(), Penalty(0, 1)))
    with pytest.raises(UsageError, match="not SquaredError"):
        InteriorPoint().minimise(Objective.of(diabetes(), SquaredError()))
