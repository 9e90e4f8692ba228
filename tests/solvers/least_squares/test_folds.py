from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.data.split import split_folds
from linnet.errors import UsageError
from linnet.solvers.least_squares.folds import cross_validate, fold_statistics, leave_one_out
from linnet.solvers.least_squares.normal import solve
from linnet.solvers.least_squares.statistics import Statistics
from tests.support.blobs import make_blobs
from tests.support.problems import regression

CASES = [regression(), make_blobs(200)]


@pytest.mark.parametrize("data", CASES, ids=["regression", "pixels"])
@pytest.mark.parametrize("intercept", [True, False])
def test_folds_from_statistics_are_those_of_refits(data: Dataset, intercept: bool) -> None:
    l2s = [1e-3, 0.1, 3.0]
    found = cross_validate(fold_statistics(data, 4, seed=2), l2s, intercept)
    for fold, view in enumerate(split_folds(data, 4, 2)):
        assert view.weights is not None
        train, kept = Statistics.of(data.rows(view.weights > 0)), Statistics.of(data.rows(view.validation))
        for p, l2 in enumerate(l2s):
            loss = float(kept.loss(solve(train, l2, intercept)))
            assert float(found.losses[p, fold]) == pytest.approx(loss, rel=1e-9)
    assert found.whole.rows == len(data)
    assert found.best == l2s[int(found.losses.mean(1).argmin())]
    assert found.errors.shape == (3,)


@pytest.mark.parametrize("data", [regression(25), make_blobs(40)], ids=["regression", "pixels"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [0.0, 0.2])
def test_one_row_left_out_is_a_refit_without_it(data: Dataset, intercept: bool, l2: float) -> None:
    everything = Statistics.of(data)
    found = leave_one_out(everything, data, l2, intercept)
    for row in (0, 7, len(data) - 1):
        one = data.rows(slice(row, row + 1))
        rest = everything - Statistics.of(one, like=everything)
        theta = solve(rest, l2 * everything.weight / rest.weight, intercept)
        y = torch.eye(data.outputs, dtype=torch.float64)[one.y] if one.is_classification else one.y
        left = y - one.X.double() * data.scale @ theta[:, :-1].T - theta[:, -1]
        torch.testing.assert_close(found[row], left[0], rtol=1e-8, atol=1e-9)


def test_a_row_that_nothing_else_determines_has_no_error() -> None:
    X = torch.zeros(6, 2, dtype=torch.float64)
    X[:, 0] = torch.arange(6)
    X[2, 1] = 1
    data = Dataset(X, X[:, :1].square())
    left = leave_one_out(Statistics.of(data), data)
    assert torch.isnan(left).flatten().tolist() == [row == 2 for row in range(6)]


def test_too_few_folds_are_refused() -> None:
    data = CASES[0]
    with pytest.raises(UsageError, match="two folds"):
        cross_validate([Statistics.of(data)], [1.0])
    with pytest.raises(UsageError, match="folds"):
        fold_statistics(data, 1)


@pytest.mark.parametrize("l2s", [[], [1.0, math.nan], [math.inf, 1.0], [-1.0]])
def test_penalties_that_cannot_be_are_refused(l2s: list[float]) -> None:
    with pytest.raises(UsageError, match="penalties must be finite"):
        cross_validate(fold_statistics(regression(), 3), l2s)


@pytest.mark.parametrize("size", [1e150, 1e200])
def test_features_too_large_to_be_squared_are_refused(size: float) -> None:
    data = regression()
    with pytest.raises(UsageError, match="too large to be squared"):
        cross_validate(fold_statistics(replace(data, X=data.X * size), 3), [1.0])


def test_targets_that_do_not_differ_have_no_loss() -> None:
    data = regression()
    found = cross_validate(fold_statistics(replace(data, y=torch.full_like(data.y, 3.0)), 3), [0.1, 1.0])
    torch.testing.assert_close(found.losses, torch.zeros_like(found.losses))
