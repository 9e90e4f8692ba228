from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.linear_model import LinearRegression
from torch import Tensor

from linnet.errors import ShapeError, UsageError
from linnet.solvers.least_squares.least_squares import LeastSquares, describe, least_squares
from tests.support.exact import solve_exactly, solve_shortest
from tests.support.nist import AT_LEAST, NAMES, coefficients, digits, read

METHODS = [False, True]


def problem(rows: int, features: int, outputs: int = 2, seed: int = 0) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=source, dtype=torch.float64) + 3
    return X, torch.randn(rows, outputs, generator=source, dtype=torch.float64)


def ridge(X: Tensor, Y: Tensor, w: Tensor, l2: float, intercept: bool) -> Tensor:
    """The shortest solution of the normal equations by numpy's pseudo-inverse, (K, D + 1)."""
    share = w / w.sum()
    m, level = (share @ X, share @ Y) if intercept else (torch.zeros_like(X[0]), torch.zeros_like(Y[0]))
    root = share.sqrt()[:, None]
    stacked = torch.cat([root * (X - m), l2**0.5 * torch.eye(X.shape[1], dtype=X.dtype)])
    targets = torch.cat([root * (Y - level), torch.zeros(X.shape[1], Y.shape[1], dtype=X.dtype)])
    W = torch.from_numpy(np.linalg.lstsq(stacked.numpy(), targets.numpy(), rcond=1e-12)[0])
    return torch.cat([W, (level - m @ W)[None]]).T


def close(found: Tensor, right: Tensor, tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(found, right, rtol=tolerance, atol=tolerance * float(right.abs().max()))


@pytest.mark.parametrize("is_svd", METHODS, ids=["qr", "svd"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize(("rows", "features"), [(40, 5), (12, 12), (6, 9), (1, 3), (2000, 4), (5, 1)])
def test_random_problems(is_svd: bool, intercept: bool, l2: float, rows: int, features: int) -> None:
    X, Y = problem(rows, features)
    found = least_squares(X, Y, l2=l2, intercept=intercept, is_svd=is_svd)
    close(found.theta, ridge(X, Y, torch.ones(rows, dtype=X.dtype), l2, intercept))
    assert found.is_settled
    assert found.backward_error < 1e-14
    assert float(found.gradient.norm()) < 1e-13
    assert 0 <= found.gap < 1e-26


@pytest.mark.parametrize("is_svd", METHODS, ids=["qr", "svd"])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_weights_are_repetitions_and_rows_of_no_weight_are_absent(is_svd: bool, l2: float) -> None:
    X, Y = problem(20, 4)
    counts = torch.tensor([0, 1, 2, 3] * 5)
    repeated = least_squares(
        X.repeat_interleave(counts, 0), Y.repeat_interleave(counts, 0), l2=l2, is_svd=is_svd
    )
    X[counts == 0] = 1e200
    weighted = least_squares(X, Y, counts * 0.37, l2, is_svd=is_svd)
    close(weighted.theta, repeated.theta, 1e-14)
    assert weighted.gap < 1e-26


def collinear_problem() -> tuple[Tensor, Tensor]:
    X, Y = problem(30, 6)
    X[:, 2] = 7  # constant
    X[:, 4] = X[:, 0] - 2 * X[:, 3]
    return X, Y


@pytest.mark.parametrize("is_svd", METHODS, ids=["qr", "svd"])
@pytest.mark.parametrize("intercept", [True, False])
def test_collinear_columns_give_the_shortest_weights(is_svd: bool, intercept: bool) -> None:
    X, Y = collinear_problem()
    found = least_squares(X, Y, intercept=intercept, is_svd=is_svd)
    close(found.theta, ridge(X, Y, torch.ones(30, dtype=X.dtype), 0, intercept), 1e-11)
    assert found.rank == (4 if intercept else 5)


def test_collinear_columns_are_named() -> None:
    X, Y = collinear_problem()
    groups = least_squares(X, Y).collinear
    assert groups == ((0, 3, 4), (2,))
    assert describe(groups) == "columns 0, 3 and 4 are collinear; column 2 is constant"
    assert describe(groups[:1], list("abcdef")) == "columns a, d and e are collinear"
    assert least_squares(X, Y, intercept=False).collinear == ((0, 3, 4),)
    assert least_squares(X, Y, l2=1e-3).collinear == ()


def test_columns_and_targets_of_any_size() -> None:
    X, Y = problem(30, 4)
    stretch = torch.tensor([1e150, 1, 1e-150, 1e-30], dtype=torch.float64)
    heights = torch.tensor([1e120, 1e-120], dtype=torch.float64)
    found = least_squares(X * stretch, Y * heights)
    right = ridge(X, Y, torch.ones(30, dtype=X.dtype), 0, True)
    close(found.theta[:, :-1] * stretch / heights[:, None], right[:, :-1], 1e-12)
    assert found.rank == 4


@pytest.mark.parametrize("is_svd", [None, *METHODS], ids=["auto", "qr", "svd"])
@pytest.mark.parametrize("l2", [1e-8, 0.1])
@pytest.mark.parametrize("rows", [20, 5])
@pytest.mark.parametrize("largest", [1e7, 1e18, 1e40])
def test_columns_of_every_length_keep_their_digits_beside_a_penalty(
    is_svd: bool | None, l2: float, rows: int, largest: float
) -> None:
    """As a time in nanoseconds does not make rounding of a rate beside it."""
    X, Y = problem(rows, 6, 1)
    X = X * torch.tensor([largest, 1, 1 / largest, 1e3, 1, 1], dtype=torch.float64)
    w = torch.rand(rows, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 0.5
    found = least_squares(X, Y, w, l2, is_svd=is_svd)
    right = solve_exactly(X.numpy(), Y[:, 0].numpy(), w.numpy(), l2, intercept=True)
    np.testing.assert_allclose(found.theta[0].numpy(), right, rtol=1e-12)
    assert found.is_settled
    assert found.gap < 1e-25


@pytest.mark.parametrize("is_svd", [None, True], ids=["auto", "svd"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("largest", [1e7, 1e14, 1e18, 1e100])
def test_the_shortest_weights_of_columns_of_every_length_have_all_their_digits(
    is_svd: bool | None, intercept: bool, largest: float
) -> None:
    """Singular values tell nothing of the others beside a column that is 1e15 times longer."""
    X, Y = problem(4, 8, 1, seed=1)
    X = X * torch.tensor([1, largest, 1 / largest, 1e3, 1, largest**0.5, 1, 1], dtype=torch.float64)
    X[:, 6], X[:, 7] = 0, X[:, 0]  # one that says nothing, one twice
    found = least_squares(X, Y, torch.arange(1.0, 5), intercept=intercept, is_svd=is_svd)
    right = solve_shortest(X.numpy(), Y[:, 0].numpy(), intercept=intercept)
    np.testing.assert_allclose(found.theta[0].numpy(), right, rtol=1e-13)
    assert found.rank == 4 - intercept
    assert found.is_settled
    assert not found.collinear  # as of any columns that outnumber the rows


@pytest.mark.parametrize("largest", [1.0, 1e18])
def test_the_rank_of_rows_that_are_said_twice_does_not_depend_on_units(largest: float) -> None:
    X, Y = problem(4, 6, 1)
    X = X * torch.tensor([largest, 1, 1, 1e-3, 1, 1], dtype=torch.float64)
    twice, targets = torch.cat([X, X[1:2]]), torch.cat([Y, Y[1:2] + 2])
    found = least_squares(twice, targets)
    Y[1] += 1  # the mean of both
    right = solve_shortest(X.numpy(), Y[:, 0].numpy(), intercept=True)
    np.testing.assert_allclose(found.theta[0].numpy(), right, rtol=1e-10)
    assert found.rank == 3


def test_a_large_mean_costs_nothing() -> None:
    X, Y = problem(50, 3)
    X = torch.round(X * 2**20) / 2**20
    near, far = least_squares(X, Y), least_squares(X + 2**30, Y)
    close(far.theta[:, :-1], near.theta[:, :-1], 1e-15)


def test_a_constant_weighted_column_is_constant() -> None:
    X, Y = problem(30, 3)
    X[:, 1] = 0.1
    found = least_squares(X, Y, torch.rand(30, dtype=torch.float64))
    assert found.collinear == ((1,),)
    assert not found.theta[:, 1].any()


def test_a_target_that_fits_exactly_has_no_residual() -> None:
    X = torch.arange(12, dtype=torch.float64).reshape(6, 2) ** 2
    W = torch.tensor([[3.0], [-2.0]], dtype=torch.float64)
    found = least_squares(X, X @ W + 5)
    assert found.theta.tolist() == [[3, -2, 5]]
    assert found.gap == 0


def test_without_refinement_it_is_plain_qr() -> None:
    X, Y = problem(30, 3)
    found = least_squares(X, Y, is_svd=False, refine=False)
    assert found.rounds == 1
    close(found.theta, least_squares(X, Y).theta, 1e-13)


def test_hilbert_problem_has_all_its_digits() -> None:
    """κ = 10¹⁰ of the scaled columns, and weights that are exact by construction."""
    i = torch.arange(1, 31, dtype=torch.float64)
    X = 1 / (i[:, None] + torch.arange(8, dtype=torch.float64))
    X = torch.round(X * 2**30) / 2**30
    W = torch.tensor([1, -2, 3, -4, 5, -6, 7, -8], dtype=torch.float64)[:, None]
    found = least_squares(X, X @ W, intercept=False)
    assert found.condition > 1e6
    close(found.theta[0, :-1], W[:, 0], 1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_nist(nist_folder: Path, name: str) -> None:
    case = read(nist_folder, name)
    found = least_squares(case.X, case.Y, intercept=case.intercept)
    ours = coefficients(found.theta, case.intercept)
    assert digits(ours, case.exact) >= 14.9  # the input's rounding is all that is left
    score = digits(ours, case.coefficients)
    assert score >= AT_LEAST.get(name, 13)
    assert score >= max(others(case.X, case.Y, case.intercept, case.coefficients)) - 1e-9
    assert found.is_settled
    assert found.backward_error < 2e-16


def others(X: Tensor, Y: Tensor, intercept: bool, right: list[float]) -> list[float]:
    """The digits of numpy, scipy and scikit-learn, each as it stands."""
    A = np.c_[np.ones(len(X)), X.numpy()] if intercept else X.numpy()
    y = Y.numpy()[:, 0]
    model = LinearRegression(fit_intercept=intercept).fit(X.numpy(), y)
    by_scipy: Any = scipy.linalg.lstsq(A, y)
    found = [np.linalg.lstsq(A, y)[0], by_scipy[0]]
    found.append(np.r_[model.intercept_, model.coef_] if intercept else model.coef_)
    return [digits(list(map(float, part)), right) for part in found]


def test_gradient_and_gap_are_those_of_the_objective() -> None:
    X, Y = problem(25, 3)
    w = torch.rand(25, dtype=torch.float64)
    found: LeastSquares = least_squares(X, Y, w, 0.2)
    theta = found.theta.clone().requires_grad_()
    residual = X @ theta[:, :-1].T + theta[:, -1] - Y
    objective = (w * residual.square().sum(1)).sum() / (2 * w.sum()) + 0.1 * theta[:, :-1].square().sum()
    objective.backward()
    assert theta.grad is not None
    assert float((theta.grad - found.gradient).norm()) < 1e-14


def test_what_is_no_problem_is_refused() -> None:
    X, Y = problem(5, 2)
    with pytest.raises(ShapeError, match="expected X"):
        least_squares(X, Y[:4])
    with pytest.raises(ShapeError, match="weights"):
        least_squares(X, Y, torch.ones(4))
    with pytest.raises(UsageError, match="l2"):
        least_squares(X, Y, l2=-1)
    with pytest.raises(UsageError, match="positive weight"):
        least_squares(X, Y, torch.zeros(5))
    with pytest.raises(UsageError, match="at least 0"):
        least_squares(X, Y, -torch.ones(5))
    X[0, 0] = torch.nan
    with pytest.raises(UsageError, match="NaN"):
        least_squares(X, Y)
