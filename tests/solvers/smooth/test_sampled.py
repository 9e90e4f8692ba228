from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from linnet.core.losses import Logistic
from linnet.core.losses.poisson import Poisson
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.smooth import sampled
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.sampled import draw_sample
from linnet.solvers.solution import CONVERGED, Minimum

ROWS, FEATURES, L2 = 120_000, 9, 1e-4


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(seed)
    X = drawn.normal(size=(ROWS, FEATURES)) * np.geomspace(0.1, 10, FEATURES) + np.arange(FEATURES) % 3
    score = X @ (drawn.normal(size=FEATURES) / np.geomspace(0.2, 20, FEATURES)) - 1
    return X, (score + drawn.logistic(size=ROWS) > 0).astype(np.int64)


def problem(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Objective:
    counts = None if weights is None else torch.from_numpy(weights)
    data = Dataset(torch.from_numpy(X), torch.from_numpy(y)[:, None].double(), "rows", weights=counts)
    return Objective.of(data, Logistic(), Penalty(L2), dtype=torch.float64)


def solve(
    objective: Objective, monkeypatch: pytest.MonkeyPatch, tol: float = Newton.tol
) -> tuple[Minimum, list[int]]:
    """The optimum, and of how many rows each Hessian was."""
    found, kept = list[int](), sampled.hessian

    def count(objective: Objective, *given: Any) -> Any:
        found.append(len(objective.rows))
        return kept(objective, *given)

    monkeypatch.setattr(sampled, "hessian", count)
    return Newton(tol).approach(objective), found


def check(objective: Objective, found: Minimum, rtol: float = 1e-6) -> None:
    """Against scikit-learn, whose C is of the sum of losses."""
    assert found.status.name == CONVERGED
    X, y = objective.rows.X.numpy(), objective.rows.y.numpy().ravel()
    weights = None if objective.rows.weights is None else objective.rows.weights.numpy()
    total = objective.rows.total
    peer = LogisticRegression(C=1 / (total * L2), solver="newton-cholesky", tol=1e-10).fit(X, y, weights)
    theta = np.append(peer.coef_[0], peer.intercept_)
    np.testing.assert_allclose(found.theta[0].numpy(), theta, rtol=rtol, atol=1e-6)
    own, its = (objective.value(torch.as_tensor(each).reshape(1, -1)) for each in (found.theta, theta))
    assert own <= its * (1 + 1e-12)


def test_hessians_of_many_rows_are_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = problem(*rows())
    rough, sizes = solve(objective, monkeypatch, 1e-8)
    assert max(sizes) == ROWS // sampled.SHARE
    found, sizes = solve(objective, monkeypatch)
    assert sizes.count(ROWS) == 1  # for the last digits
    assert found.certificate.iterations <= 4
    check(objective, found)
    assert objective.value(rough.theta) <= objective.value(found.theta) * (1 + 1e-8)


def test_a_column_that_the_sample_lacks_leads_to_hessians_of_all_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = rows()
    X[:, 0] = 0
    X[[5, 77, 1_000, 60_000, 60_001, 100_000], 0] = 1e3
    found, sizes = solve(objective := problem(X, y), monkeypatch)
    assert max(sizes) == ROWS
    check(objective, found, rtol=0.1)  # which the few rows tell no better at this objective


def test_rows_that_do_not_count_are_in_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = rows()
    weights = np.random.default_rng(1).exponential(size=ROWS)
    weights[: ROWS // 3] = 0
    objective = problem(X, y, weights)
    index = draw_sample(objective, 0)
    assert index is not None
    assert int(index.min()) >= ROWS // 3
    assert len(index.unique()) == len(index)
    found, _ = solve(objective, monkeypatch)
    check(objective, found)


def test_a_sample_without_one_of_the_classes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    X, _ = rows()
    y = np.zeros(ROWS, np.int64)
    y[[7, 4_000, 90_000]] = 1
    objective = problem(X, y)
    found, sizes = solve(objective, monkeypatch)
    assert max(sizes) == ROWS
    check(objective, found)


def test_counts_of_many_rows_are_solved_from_a_sample_too(monkeypatch: pytest.MonkeyPatch) -> None:
    X, _ = rows()
    y = torch.from_numpy(np.random.default_rng(2).poisson(np.exp(0.02 * X.sum(1)))).double()[:, None]
    objective = Objective.of(
        Dataset(torch.from_numpy(X), y, "rows"), Poisson(), Penalty(L2), dtype=torch.float64
    )
    found, sizes = solve(objective, monkeypatch)
    assert sizes.count(ROWS) == 1
    assert found.status.name == CONVERGED
    monkeypatch.setattr(sampled, "NUMBERS", ROWS * FEATURES)
    torch.testing.assert_close(found.theta, Newton().approach(objective).theta, rtol=1e-5, atol=1e-6)


def test_of_few_rows_there_is_no_sample() -> None:
    X, y = rows()
    assert draw_sample(problem(X[:20_000], y[:20_000]), 0) is None
