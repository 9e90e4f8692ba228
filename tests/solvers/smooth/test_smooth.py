from __future__ import annotations

import dataclasses
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
import torch
from sklearn.linear_model import LogisticRegression

from linnet.core.losses import AbsoluteError, Huber, Logistic, Loss, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.sources import digits
from linnet.errors import ShapeError, UsageError
from linnet.model.run import Run
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.smooth.by_class import ByClass
from linnet.solvers.smooth.conjugate import NewtonCG
from linnet.solvers.smooth.lbfgs import LBFGS
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.preconditioners import Blocks, Preconditioner, Spectral
from linnet.solvers.smooth.smooth import SmoothSolver
from linnet.solvers.smooth.staged import Staged
from linnet.solvers.solution import CONVERGED
from linnet.solvers.solve import choose_by_size, solve
from tests.support.problems import (
    LOGISTIC,
    SOFTMAX,
    binary,
    exact,
    objective,
    random_theta,
    soft,
    table,
    wide,
)
from tests.support.requested import optimum_of
from tests.support.solutions import minimise, solve_smooth

PROBLEMS: dict[str, tuple[Dataset, Loss, float, bool]] = {
    "softmax": (table(), SOFTMAX, 1e-2, True),
    "hardly penalised": (table(), SOFTMAX, 1e-5, True),
    "no penalty": (table(200), SOFTMAX, 0.0, True),
    "no intercept": (table(), SOFTMAX, 1e-2, False),
    "weighted": (table(weighted=True), SOFTMAX, 1e-2, True),
    "soft labels": (soft(table()), SOFTMAX, 1e-3, True),
    "one against the rest": (table(weighted=True), LOGISTIC, 1e-2, True),
    "binary": (binary(), LOGISTIC, 1e-3, True),
    "wide": (wide(), SOFTMAX, 1e-2, True),
    "squared": (binary(), SquaredError(), 1e-3, True),
}
SOLVERS: dict[str, SmoothSolver] = {
    "newton": Newton(),
    "newton-cg": NewtonCG(tol=1e-11),
    "staged": Staged(tol=1e-11),
    "lbfgs, spectral": LBFGS(tol=1e-11, preconditioner=Spectral(head=2)),
    "lbfgs, blocks": LBFGS(tol=1e-11, max_iter=1000, preconditioner=Blocks()),
    "lbfgs": LBFGS(tol=1e-13, max_iter=5000, preconditioner=None),
}
OPTIMA: dict[str, float] = {}


def optimum(name: str) -> float:
    if name not in OPTIMA:
        dataset, loss, l2, intercept = PROBLEMS[name]
        problem = objective(dataset, loss, l2, intercept=intercept)
        OPTIMA[name] = problem.value(exact(problem))
    return OPTIMA[name]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS.keys())
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_solver_reaches_every_optimum(name: str, solver: SmoothSolver, dtype: torch.dtype) -> None:
    dataset, loss, l2, intercept = PROBLEMS[name]
    problem = objective(dataset, loss, l2, intercept=intercept, dtype=dtype)
    found = minimise(problem, solver=solver)
    theta, status, certificate, trace = found.theta, found.status, found.certificate, found.trace
    best = optimum(name)
    assert status.is_good, str(status)
    value = objective(dataset, loss, l2, intercept=intercept).value(theta)
    assert certificate.objective == pytest.approx(value, rel=1e-14)
    assert value - best <= 1e-8 * best
    assert certificate.gap >= value - best - 1e-13 * best
    assert certificate.gap <= 1e-5 or l2 < 1e-4  # 1/l2 magnifies what is left of the gradient
    assert intercept or not theta[:, -1].any()
    assert [record["epoch"] for record in trace] == list(range(len(trace)))
    assert certificate.iterations == len(trace) - 1


def test_scipy_agrees() -> None:
    dataset, loss, l2, _ = PROBLEMS["softmax"]
    problem = objective(dataset, loss, l2)

    def both(flat: Any) -> tuple[float, Any]:
        point = problem.point(torch.from_numpy(flat).view(3, -1))
        return point.value, point.gradient.flatten().numpy()

    theirs = scipy.optimize.minimize(both, np.zeros(18), jac=True, method="L-BFGS-B", options={"ftol": 1e-15})
    assert minimise(problem).certificate.objective == pytest.approx(theirs.fun, rel=1e-8)


def test_digits_are_quick_and_certified() -> None:
    train = digits.load().train
    solution = solve_smooth(train, SOFTMAX, Penalty(1e-4))
    assert solution.status.is_good
    assert solution.stats.gap < 1e-8, str(solution)
    assert solution.value.history.last["gradient_norm"] < 1e-6
    assert solution.value.status == "completed"


def test_a_run_comes_back_from_its_folder(tmp_path: Any) -> None:
    dataset = table()
    run = solve_smooth(dataset, SOFTMAX, Penalty(1e-2)).value
    run.save(tmp_path / "run")
    again = Run.load(tmp_path / "run")
    torch.testing.assert_close(again.scores(dataset.X), run.scores(dataset.X), rtol=0, atol=0)
    assert optimum_of(again).certificate["bound"] == "duality"
    assert again.card.loss == "softmax"
    assert {"train_loss", "objective", "gradient_norm", "seconds", "epoch"} <= set(again.history.last)


def test_sparse_rows_give_the_dense_optimum() -> None:
    dataset = table(weighted=True)
    rows = SparseRows(scipy.sparse.csr_matrix(dataset.X.numpy()), dataset.y, dataset.outputs, dataset.weights)
    for solver in (None, Staged(), LBFGS(preconditioner=Blocks())):
        sparse = minimise(Objective(rows, SOFTMAX, Penalty(1e-2)), solver=solver)
        dense = minimise(objective(dataset))
        assert sparse.certificate.objective == pytest.approx(dense.certificate.objective, rel=1e-7)


def test_a_weight_is_a_repetition() -> None:
    dataset = table()
    weights = torch.ones(len(dataset)).double()
    weights[:9], weights[9:12] = 2, 0
    heavy = dataclasses.replace(dataset, weights=weights)
    twice = dataset.rows(torch.cat([torch.arange(9), torch.arange(9), torch.arange(12, len(dataset))]))
    one, other = (minimise(objective(data)).theta for data in (heavy, twice))
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_one_hot_soft_labels_are_labels() -> None:
    dataset = table()
    hot = torch.nn.functional.one_hot(dataset.y, 3).double()
    same = dataclasses.replace(dataset, y=hot)
    torch.testing.assert_close(minimise(objective(dataset)).theta, minimise(objective(same)).theta)


def test_rows_and_classes_may_come_in_any_order() -> None:
    dataset = table()
    theta = minimise(objective(dataset)).theta
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(minimise(objective(dataset.rows(order))).theta, theta, rtol=1e-6, atol=1e-8)
    swapped = dataclasses.replace(dataset, y=(dataset.y + 1) % 3)
    torch.testing.assert_close(minimise(objective(swapped)).theta.roll(-1, 0), theta, rtol=1e-6, atol=1e-8)


def test_the_start_does_not_matter() -> None:
    problem = objective(table())
    near = minimise(problem, random_theta(problem)).certificate.objective
    assert near == pytest.approx(minimise(problem).certificate.objective, rel=1e-10)


@pytest.mark.parametrize("loss", [SOFTMAX, LOGISTIC], ids=["softmax", "logistic"])
@pytest.mark.parametrize("solver", [Newton(), Staged()], ids=["newton", "staged"])
def test_separable_classes_without_a_penalty_have_no_optimum(loss: Loss, solver: SmoothSolver) -> None:
    X = torch.tensor([[0.0], [1.0], [3.0], [4.0]])
    dataset = Dataset(X, torch.tensor([0, 0, 1, 1]), "apart", ("low", "high"))
    status = minimise(objective(dataset, loss, 0.0), solver=solver).status
    assert status.name == "no optimum"
    assert "l2" in status.advice
    assert minimise(objective(dataset, loss, 1e-3), solver=solver).status.is_good


def test_a_class_without_rows_is_never_likely() -> None:
    dataset = dataclasses.replace(table(), classes=("a", "b", "c", "none"))
    solution = solve_smooth(dataset, SOFTMAX, Penalty(1e-2))
    assert float(solution.value.probabilities(dataset.X)[:, 3].max()) < 1e-6


def test_an_interrupt_keeps_the_best_so_far() -> None:
    dataset = table()

    def stop(record: dict[str, float]) -> None:
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    solution = solve_smooth(dataset, SOFTMAX, Penalty(1e-5), progress=stop)
    assert solution.status.name == "interrupted"
    assert solution.value.status == "interrupted"
    assert len(solution.value.history) == 3
    assert solution.stats.objective <= solution.value.history.last["objective"]


def test_the_limit_says_what_to_try() -> None:
    status = minimise(objective(table()), solver=LBFGS(max_iter=1, tol=1e-12, preconditioner=None)).status
    assert status.name == "iteration limit"
    assert "max_iter" in status.advice


def test_what_is_not_smooth_is_refused() -> None:
    dataset = table()
    with pytest.raises(UsageError, match="L1"):
        solve_smooth(dataset, SOFTMAX, Penalty(l1=0.1))
    with pytest.raises(UsageError, match="huber"):
        minimise(objective(binary(), AbsoluteError()))
    with pytest.raises(UsageError, match="classes"):
        solve(binary(), SOFTMAX)
    with pytest.raises(ShapeError, match="start"):
        minimise(objective(dataset), torch.zeros(2, 2))
    with pytest.raises(UsageError, match="not finite"):
        minimise(objective(dataclasses.replace(dataset, X=dataset.X * float("nan"))))


def test_huber_is_solved() -> None:
    problem = objective(binary(), Huber.torch(0.3))
    best = problem.value(exact(problem))
    assert minimise(problem).certificate.objective == pytest.approx(best, rel=1e-8)


def test_small_problems_are_newtons() -> None:
    assert isinstance(choose_by_size(objective(table()).rows), Newton)
    assert isinstance(choose_by_size(objective(table(3000, 400, 10)).rows), Staged)


@pytest.mark.parametrize("solver", [None, Newton(), Staged(), LBFGS()], ids=repr)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_huber_may_have_every_row_beyond_its_threshold(solver: SmoothSolver | None, l2: float) -> None:
    base = binary()
    far = dataclasses.replace(base, y=1000 * (base.y - 0.5), weights=None)
    problem = objective(far, Huber(), l2)
    found = minimise(problem, solver=solver)
    right = ProximalNewton(tol=1e-12).minimise(problem)
    assert found.certificate.objective == pytest.approx(right.certificate.objective, rel=1e-7)


@pytest.mark.parametrize("size", [1e-30, 1e-8, 1e8])
def test_units_of_features_do_not_matter_without_a_penalty(size: float) -> None:
    dataset = table(200)
    other = dataclasses.replace(dataset, X=dataset.X * torch.tensor([size, 1, 1, 1, 1]))
    right = minimise(objective(dataset, l2=0.0), solver=Newton())
    found = minimise(objective(other, l2=0.0), solver=Newton())
    assert found.status.name == CONVERGED
    assert found.certificate.objective == pytest.approx(right.certificate.objective, rel=1e-9)


@pytest.mark.parametrize("preconditioner", [Spectral(), Spectral(head=0), Blocks(), ByClass()], ids=repr)
@pytest.mark.parametrize("unit", [2.0**-20, 2.0**10, 2.0**400])
def test_units_change_no_step_and_no_digit(preconditioner: Preconditioner, unit: float) -> None:
    """A penalty that grows with the columns' unit says nothing of the bias."""
    plain, data = table(200), table(200)
    data = dataclasses.replace(data, X=data.X.double() * unit)
    solver = LBFGS(tol=1e-10, preconditioner=preconditioner)
    found = minimise(objective(data, l2=0.1 * unit**2), solver=solver)
    right = minimise(objective(plain, l2=0.1), solver=solver)
    assert found.status.name == CONVERGED
    assert found.certificate.iterations == right.certificate.iterations
    torch.testing.assert_close(found.theta[:, :-1] * unit, right.theta[:, :-1], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.theta[:, -1], right.theta[:, -1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("l2", [0.1, 0.0])
@pytest.mark.parametrize("preconditioner", [Spectral(), Spectral(head=0), Blocks(), ByClass()], ids=repr)
def test_no_step_shifts_all_classes(preconditioner: Preconditioner, l2: float) -> None:
    """No gradient points there, so that only rounding would, which differs from processor to processor."""
    found = minimise(objective(table(200), l2=l2), solver=LBFGS(tol=1e-6, preconditioner=preconditioner))
    shift = found.theta.mean(0) if not l2 else found.theta[:, -1].mean()
    assert float(shift.abs().max()) <= 1e-11 * float(found.theta.abs().max())


@pytest.mark.parametrize("solver", [Newton(), LBFGS(), Staged()], ids=lambda solver: type(solver).__name__)
@pytest.mark.parametrize("offset", [0.0, 1e8, 1e12, 2.0**50])
def test_no_model_whose_bias_is_rounded_away_counts_as_an_optimum(
    solver: SmoothSolver, offset: float
) -> None:
    """A bias of 1e14 has a last place of 1/64, which every score is off by."""
    source = np.random.default_rng(0)
    X, y = source.normal(size=(60, 3)).round(2), source.integers(0, 2, (60, 1)).astype(float)
    X[:, 0] = X[:, 0].round() + offset
    data = Dataset(torch.from_numpy(X), torch.from_numpy(y), "rows")
    found = solver.minimise(Objective.of(data, Logistic(), Penalty(1e-4)))
    near = (X - [offset, 0, 0]).tolist()  # exactly
    peer = LogisticRegression(C=1 / (60 * 1e-4), tol=1e-12, max_iter=10_000).fit(near, y[:, 0])
    best = mean_loss(near, y, [*peer.coef_[0], peer.intercept_[0]])
    W, b = found.theta[0, :-1].tolist(), mpmath.mpf(float(found.theta[0, -1]))
    reached = mean_loss(near, y, [*W, b + mpmath.mpf(W[0]) * offset])
    assert found.status.is_good == (reached <= best * (1 + 1e-6))
    assert offset > 1e13 or found.status.is_good
    assert found.status.is_good or "subtract from each a number near its mean" in str(found.status)


def test_rows_that_are_fitted_exactly_are_an_optimum_far_from_0() -> None:
    """Their objective is 0 but for rounding, of which no share can be asked."""
    source = np.random.default_rng(0)
    X = (source.normal(size=(20, 30)) * 1e3).round() + 1e9
    y = source.normal(size=(20, 1))
    found = Newton().minimise(
        Objective.of(Dataset(torch.from_numpy(X), torch.from_numpy(y), "rows"), SquaredError())
    )
    assert found.status.name == CONVERGED
    assert found.certificate.objective < 1e-11


def mean_loss(X: list[list[float]], y: np.ndarray, theta: list[Any]) -> Any:
    """Of two classes and the penalty, in 40 digits."""
    with mpmath.workdps(40):
        scores = [mpmath.fdot([*row, 1], theta) for row in X]
        losses = [mpmath.log1p(mpmath.exp(o)) - t * o for o, t in zip(scores, y[:, 0].tolist(), strict=True)]
        return mpmath.fsum(losses) / len(X) + mpmath.fsum(w * w for w in theta[:-1]) * 1e-4 / 2
