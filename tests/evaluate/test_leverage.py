from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import torch

import linnet
from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.leverage import find_leverage
from linnet.solvers.solve import solve
from tests.support.evaluations import make


def draw(rows: int = 40, weights: bool = False) -> tuple[np.ndarray, np.ndarray, linnet.Dataset]:
    source = np.random.default_rng(0)
    X = source.normal(size=(rows, 3)) * [1, 1e4, 1e-3] + [0, 1e6, 0]
    y = X @ [1, 1e-4, 1e3] + source.normal(size=rows)
    w = torch.from_numpy(source.uniform(0.5, 2, size=rows)) if weights else None
    return X, y, linnet.Dataset(torch.from_numpy(X), torch.from_numpy(y)[:, None], weights=w)


@pytest.mark.parametrize("weighted", [False, True])
def test_leverage_residuals_and_distances_are_those_of_statsmodels(weighted: bool) -> None:
    X, y, rows = draw(weights=weighted)
    found = find_leverage(Evaluation(solve(rows).value, rows))
    roots = np.ones(len(y)) if rows.weights is None else rows.weights.sqrt().numpy()
    theirs = sm.OLS(y * roots, sm.add_constant(X) * roots[:, None]).fit().get_influence()
    np.testing.assert_allclose(found.leverage, theirs.hat_matrix_diag, rtol=1e-7)
    np.testing.assert_allclose(found.cook, theirs.cooks_distance[0], rtol=1e-5)
    np.testing.assert_allclose(found.standardised, theirs.resid_studentized_internal, rtol=1e-5)
    assert found.worst[0] == theirs.cooks_distance[0].argmax()


def test_a_model_without_a_bias_has_the_leverage_of_its_columns_alone() -> None:
    X, y, rows = draw()
    found = find_leverage(Evaluation(solve(rows, intercept=False).value, rows))
    theirs = sm.OLS(y, X).fit().get_influence()
    assert found.rank == 3
    np.testing.assert_allclose(found.leverage, theirs.hat_matrix_diag, rtol=1e-7)
    np.testing.assert_allclose(found.cook, theirs.cooks_distance[0], rtol=1e-5)


def test_a_row_that_decides_its_own_fit_has_no_residual() -> None:
    X, y, _ = draw()
    alone = np.zeros((len(y), 1))
    alone[7] = 1
    rows = linnet.Dataset(torch.from_numpy(np.hstack([X, alone])), torch.from_numpy(y)[:, None])
    found = find_leverage(Evaluation(solve(rows).value, rows))
    assert found.leverage[7] == pytest.approx(1)
    assert np.isnan(found.cook[7])
    assert np.isfinite(np.delete(found.cook, 7)).all()
    assert found.worst[-1] == 7


def test_columns_that_say_the_same_count_once() -> None:
    X, y, rows = draw()
    twice = linnet.Dataset(torch.from_numpy(np.hstack([X, X[:, :1]])), torch.from_numpy(y)[:, None])
    once, both = (find_leverage(Evaluation(solve(one, l2=1e-9).value, one)) for one in (rows, twice))
    assert both.rank == once.rank == 4
    np.testing.assert_allclose(both.leverage, once.leverage, rtol=1e-7)


def test_what_has_no_leverage_is_refused() -> None:
    with pytest.raises(UsageError, match="differences of numbers"):
        find_leverage(make(20))
    _, _, rows = draw(4)
    with pytest.raises(UsageError, match="through every row"):
        find_leverage(Evaluation(solve(rows).value, rows))
