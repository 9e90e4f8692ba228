"""Where columns lie and what they are measured in is no matter for a solver."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from linnet.core.losses import AbsoluteError, Huber, Logistic, Loss, SoftmaxCrossEntropy, SquaredError
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.l1.absolute_error import InteriorPoint
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.path import regularization_path
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import Rows
from linnet.solvers.problem.sparse_rows import SparseRows
from linnet.solvers.problem.standard import standardise
from linnet.solvers.solution import Minimum
from linnet.solvers.solve import solve
from tests.support.problems import table
from tests.support.solutions import minimise

YEARS = Path(__file__).parents[4] / "shared" / "cases" / "years.csv"
RIGHT = [0.547972, 1.054595, 2.377999, 0.794608, 0.0]
"""Of scikit-learn 1.9's Lasso(alpha=.5, tol=1e-14) on centred columns."""


def years() -> Dataset:
    """Rows whose columns are years, drawn as the case that went wrong was."""
    source = np.random.default_rng(7)
    X = np.round(source.normal([1975, 2007, 2020, 116, 3.5], [14, 4.5, 3.1, 26, 1.7], (64, 5)), 1)
    y = X @ [0.6, 1.1, 2.4, 0.8, 0.0] + source.normal(0, 5, 64)
    return Dataset(torch.from_numpy(X), torch.from_numpy(y)[:, None], "years")


def moved(dataset: Dataset, offset: float, unit: float = 1.0) -> Dataset:
    return Dataset(dataset.X * unit + offset, dataset.y, "moved", dataset.classes, weights=dataset.weights)


def regression(seed: int = 0) -> Dataset:
    base = table(50, 4, seed=seed)
    source = torch.Generator().manual_seed(seed)
    y = base.X @ torch.tensor([[0.5], [1.0], [0.0], [-0.2]]).double()
    return Dataset(base.X, y + torch.randn(50, 1, generator=source, dtype=torch.float64), "regression")


def binary(seed: int) -> Dataset:
    base = table(60, 3, 2, seed=seed)
    return Dataset(base.X, base.y.double()[:, None], "binary")


def minimum(rows: Dataset | Rows, loss: Loss, penalty: Penalty, intercept: bool = True) -> Minimum:
    if isinstance(rows, Dataset):
        problem = Objective.of(rows, loss, penalty, intercept=intercept, dtype=torch.float64)
    else:
        problem = Objective(rows, loss, penalty, intercept=intercept)
    if isinstance(loss, AbsoluteError):
        return InteriorPoint().minimise(problem)
    if penalty.l1 or isinstance(loss, Huber):
        return ProximalNewton(tol=1e-12).minimise(problem)
    return minimise(problem)


PROBLEMS = {
    "lasso": (regression(), SquaredError(), Penalty(0, 0.1)),
    "elastic net": (regression(), SquaredError(), Penalty(0.1, 0.1)),
    "softmax, l1": (table(), SoftmaxCrossEntropy(), Penalty(0, 0.02)),
    "softmax": (table(), SoftmaxCrossEntropy(), Penalty(0.01)),
    "logistic": (table(weighted=True), Logistic(), Penalty()),
    "squares": (regression(), SquaredError(), Penalty()),
    "huber": (regression(), Huber(1.0), Penalty()),
    "absolute": (regression(), AbsoluteError(), Penalty(0.01)),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
def test_an_offset_of_a_million_changes_neither_the_weights_nor_the_iterations(
    name: str, is_sparse: bool
) -> None:
    dataset, loss, penalty = PROBLEMS[name]
    plain = minimum(dataset, loss, penalty)
    away = moved(dataset, 1e6)
    rows = SparseRows(
        scipy.sparse.csr_array(away.X.numpy()), away.y, away.outputs, away.weights, torch.float64
    ) if is_sparse else away  # fmt: skip
    found = minimum(rows, loss, penalty)
    assert found.status.is_good
    assert abs(found.certificate.iterations - plain.certificate.iterations) <= 1
    torch.testing.assert_close(found.theta[:, :-1], plain.theta[:, :-1], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("offset", [0.0, 2000.0, 1e6, 1e9])
def test_l1_on_columns_of_years_takes_a_handful_of_steps(offset: float) -> None:
    """The right values are those of the centred columns, where every solver agrees."""
    dataset = years()
    centred = moved(dataset, 0.0)
    centred = Dataset(dataset.X - dataset.X.mean(0), dataset.y, "centred")
    right = solve(centred, l1=0.5).value.bank.W[0]
    found = solve(moved(dataset, offset), l1=0.5)
    assert found.stats.iterations <= 6
    torch.testing.assert_close(found.value.bank.W[0], right, rtol=1e-7, atol=1e-7)


@pytest.mark.skipif(not YEARS.is_file(), reason="needs the shared cases")
def test_the_case_of_years_has_its_right_values() -> None:
    with YEARS.open() as lines:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(lines))[1:]])
    solution = solve(Dataset(torch.from_numpy(rows[:, :-1]), torch.from_numpy(rows[:, -1:])), l1=0.5)
    assert solution.value.bank.W[0].tolist() == pytest.approx(RIGHT, abs=1e-6)
    assert float(solution.value.bank.b) == pytest.approx(-7872.925091, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 50),
    offset=st.floats(-1e6, 1e6),
    unit=st.floats(-6, 6).map(lambda power: 10.0**power),
    loss=st.sampled_from([SquaredError(), SoftmaxCrossEntropy(), Logistic()]),
)
def test_units_and_offsets_change_no_unpenalised_solution(
    seed: int, offset: float, unit: float, loss: Loss
) -> None:
    dataset = regression(seed) if isinstance(loss, SquaredError) else table(60, 3, 2, seed=seed)
    if minimum(dataset, loss, Penalty()).status.name != "converged":
        return  # classes that some direction tells apart
    column = torch.ones(dataset.features, dtype=torch.float64)
    column[0] = unit
    away = Dataset(dataset.X * column + offset * column, dataset.y, "away", dataset.classes)
    plain, found = minimum(dataset, loss, Penalty()), minimum(away, loss, Penalty())
    assert found.certificate.iterations <= plain.certificate.iterations + 1
    torch.testing.assert_close(found.theta[:, :-1] * column, plain.theta[:, :-1], rtol=1e-6, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 50),
    offset=st.floats(-1e6, 1e6),
    unit=st.floats(-9, 9).map(lambda power: 10.0**power),
    is_class=st.booleans(),
)
def test_offsets_change_no_l1_solution_and_units_only_with_the_penalty(
    seed: int, offset: float, unit: float, is_class: bool
) -> None:
    dataset = binary(seed) if is_class else regression(seed)
    loss = Logistic() if is_class else SquaredError()
    plain = minimum(dataset, loss, Penalty(0, 0.03))
    found = minimum(moved(dataset, offset * unit, unit), loss, Penalty(0, 0.03 * unit))
    torch.testing.assert_close(found.theta[:, :-1] * unit, plain.theta[:, :-1], rtol=1e-5, atol=1e-5)
    assert found.certificate.objective == pytest.approx(plain.certificate.objective, rel=1e-9)


def test_a_column_of_two_thousand_million_give_or_take_one_is_learned() -> None:
    source = np.random.default_rng(0)
    x = source.integers(-1, 2, 400).astype(float)
    y = torch.from_numpy(source.random(400) < 1 / (1 + np.exp(0.4 - 1.3 * x))).long()
    near, far = (Dataset(torch.from_numpy(x + at)[:, None], y, "far", ("a", "b")) for at in (0, 2e9))
    torch.testing.assert_close(solve(far).value.bank.W, solve(near).value.bank.W, rtol=1e-9, atol=1e-9)
    found = solve(far)
    assert found.status.name == "converged"
    assert found.stats.gap < 1e-12


@pytest.mark.parametrize("unit", [1e-160, 1e-300, 1e-30, 1e30, 1e160])
@pytest.mark.parametrize(
    "loss", [SquaredError(), Logistic(), Huber(1.0)], ids=["squared", "logistic", "huber"]
)
def test_a_column_of_any_unit_gets_its_weight(unit: float, loss: Loss) -> None:
    dataset = table(60, 3, 2) if isinstance(loss, Logistic) else regression()
    X = dataset.X.clone()
    X[:, 1] *= unit
    plain = solve(dataset, loss).value.bank.W
    found = solve(Dataset(X, dataset.y, "units", dataset.classes), loss).value.bank.W
    torch.testing.assert_close(found[:, 1] * unit, plain[:, 1], rtol=1e-6, atol=1e-9)


def test_a_penalty_stays_on_the_column_as_it_stands() -> None:
    """A column times 1000 has its weight's penalty a millionth as heavy: that of the plain ridge formula."""
    dataset = regression()
    X = dataset.X * torch.tensor([1.0, 1000.0, 1e-3, 1.0], dtype=torch.float64) + 5000
    away = Dataset(X, dataset.y, "away")
    Z, r = X - X.mean(0), dataset.y - dataset.y.mean(0)
    right = torch.linalg.solve(Z.T @ Z / 50 + 0.3 * torch.eye(4).double(), Z.T @ r / 50)[:, 0]
    for solver in ("newton", "lbfgs", "proximal"):
        found = solve(away, l2=0.3, solver=solver, tol=1e-14)
        torch.testing.assert_close(found.value.bank.W[0], right, rtol=1e-6, atol=1e-12)


def test_without_a_bias_nothing_is_centred() -> None:
    dataset = moved(regression(), 100.0)
    right = torch.linalg.lstsq(dataset.X, dataset.y).solution[:, 0]
    found = minimum(dataset, SquaredError(), Penalty(), intercept=False)
    torch.testing.assert_close(found.theta[0, :-1], right, rtol=1e-9, atol=1e-9)
    assert float(found.theta[0, -1]) == 0


def test_sparse_rows_stay_sparse_and_say_what_dense_ones_do() -> None:
    source = torch.Generator().manual_seed(0)
    X = torch.randn(40, 6, generator=source, dtype=torch.float64) + 3
    X[:, 2:] *= torch.rand(40, 4, generator=source, dtype=torch.float64) < 0.4
    X[:, 5] = 0
    y = torch.randn(40, 2, generator=source, dtype=torch.float64)
    weights = torch.rand(40, generator=source, dtype=torch.float64)
    sparse = SparseRows(scipy.sparse.csr_array(X.numpy()), y, 2, weights, torch.float64)
    dense = Objective.of(Dataset(X, y, weights=weights), SquaredError(), dtype=torch.float64)
    a = standardise(Objective(sparse, SquaredError())).objective.rows
    b = standardise(dense).objective.rows
    assert a.X.nnz == sparse.X.nnz
    every, C = torch.arange(40), torch.rand(3, 40, generator=source, dtype=torch.float64)
    theta = torch.randn(2, 7, generator=source, dtype=torch.float64)
    pairs: list[tuple[Tensor, Tensor]] = [
        (a.dense(every), b.dense(every)), (a.scores(theta), b.scores(theta)),
        (a.gradient_of(C), b.gradient_of(C)), (a.squares(C), b.squares(C)),
        (a.square_norms(), b.square_norms()),
        (a.columns(every[:9], torch.tensor([1, 3, 6])), b.columns(every[:9], torch.tensor([1, 3, 6]))),
        (a.sample(every[5:9]).dense(every[:4]), b.sample(every[5:9]).dense(every[:4])),
    ]  # fmt: skip
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ["constant", "twice", "zero", "float32", "int64", "many targets", "huge"])
def test_odd_columns_and_targets_with_an_offset(kind: str) -> None:
    base = regression()
    X, y = base.X + 1e5, base.y
    if kind == "constant":
        X = torch.cat([X, torch.full((50, 1), 0.1).double() + 1e7], 1)
    elif kind == "twice":
        X = torch.cat([X, X[:, :1]], 1)
    elif kind == "zero":
        X = torch.cat([X, torch.zeros(50, 1).double()], 1)
    elif kind == "float32":
        X = X.float()
    elif kind == "int64":
        X = (base.X * 100).round().long() + 10**9
    elif kind == "many targets":
        y = torch.cat([y, 2 - 3 * y], 1)
    else:
        y = y + 1e9
    near = Dataset(X.double() - X.double().mean(0), y - y.mean(0), "near")
    found = solve(Dataset(X, y, "far"), l1=0.05, tol=1e-10)
    right = solve(near, l1=0.05, tol=1e-10)
    assert found.status.name == "converged"
    assert found.stats.objective == pytest.approx(right.stats.objective, rel=1e-6)
    if kind != "twice":
        torch.testing.assert_close(found.value.bank.W, right.value.bank.W, rtol=1e-5, atol=1e-5)


def test_more_columns_than_rows_with_an_offset() -> None:
    plain = table(20, 40)
    for penalty in (Penalty(0.1), Penalty(0, 0.05)):
        near, far = (minimum(moved(plain, at), SoftmaxCrossEntropy(), penalty) for at in (0.0, 1e4))
        torch.testing.assert_close(far.theta[:, :-1], near.theta[:, :-1], rtol=1e-5, atol=1e-6)


def test_a_very_small_l1_on_more_columns_than_rows_ends_at_its_optimum() -> None:
    source = torch.Generator().manual_seed(0)
    X = torch.randn(30, 80, generator=source, dtype=torch.float64)
    y = X[:, :3].sum(1, keepdim=True) + torch.randn(30, 1, generator=source, dtype=torch.float64)
    found = solve(Dataset(X, y, "wide"), l1=1e-8)
    assert found.status.name == "converged"
    assert found.stats.gap <= 1e-8 * found.stats.objective * 1.01


def test_a_path_over_years_is_that_over_centred_columns() -> None:
    dataset = years()
    near = Dataset(dataset.X - dataset.X.mean(0), dataset.y, "near")
    far = moved(dataset, 1e6)
    a, b = regularization_path(near, l1s=6), regularization_path(far, l1s=6)
    np.testing.assert_allclose(a.table["penalty"], b.table["penalty"], rtol=1e-8)
    np.testing.assert_allclose(a.table["train_loss"], b.table["train_loss"], rtol=1e-8)
    torch.testing.assert_close(a.bank.W, b.bank.W, rtol=1e-5, atol=1e-6)
