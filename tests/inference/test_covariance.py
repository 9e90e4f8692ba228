"""Errors that hold where the rows of a group depend on each other, beside statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import torch

import linnet
from linnet.errors import UsageError
from linnet.inference.poisson_bootstrap import draw_counts
from tests.support.inferences import agree

N, G = 150, 18
SOURCE = np.random.default_rng(4)
GROUPS = SOURCE.integers(0, G, N)
X: Any = SOURCE.normal(size=(N, 3)) + 0.7 * SOURCE.normal(size=(G, 3))[GROUPS]
NOISE = SOURCE.normal(size=N) + SOURCE.normal(size=G)[GROUPS]
WEIGHTS: Any = SOURCE.uniform(0.5, 3.0, N)


def rows(y: Any, **more: Any) -> linnet.Dataset:
    """The rows with their groups, by names."""
    return linnet.Dataset(X, y, groups=[f"g{k}" for k in GROUPS], **more)  # type: ignore[arg-type]


def ours(data: linnet.Dataset, **how: Any) -> Any:
    """What is inferred at the optimum."""
    loss = how.pop("loss", None)
    return linnet.infer(linnet.solve(data, loss), data, **how)


def test_regressions_have_statsmodels_cluster_errors_and_its_degrees_of_freedom() -> None:
    y = X @ [1.0, -0.5, 0.2] + NOISE
    model = sm.OLS(y, sm.add_constant(X))
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": GROUPS}, use_t=True)
    agree(ours(rows(y), covariance="cluster"), theirs)


def test_weights_are_those_of_weighted_least_squares() -> None:
    y = X @ [1.0, -0.5, 0.2] + NOISE
    model = sm.WLS(y, sm.add_constant(X), weights=WEIGHTS)
    data = rows(y, weights=WEIGHTS)
    agree(ours(data, covariance="hessian", weight_kind="precision"), model.fit())
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": GROUPS}, use_t=True)
    agree(ours(data, covariance="cluster", weight_kind="importance"), theirs)


def test_classes_and_counts_have_statsmodels_cluster_errors() -> None:
    how = {"cov_type": "cluster", "cov_kwds": {"groups": GROUPS}, "disp": False}
    tight = {"method": "newton", "tol": 1e-12, "maxiter": 100}
    sick = (X[:, 0] + NOISE > 0).astype(int)
    logit = sm.Logit(sick, sm.add_constant(X)).fit(**how, **tight)
    agree(ours(rows(sick, classes=("no", "yes"))), logit)
    visits = SOURCE.poisson(np.exp(0.3 * X[:, 0] + 0.2 * NOISE))
    counted = sm.Poisson(visits, sm.add_constant(X)).fit(**how, **tight)
    agree(ours(rows(visits.astype(float)), loss="poisson"), counted)


def test_several_classes_have_statsmodels_cluster_errors() -> None:
    kind = np.digitize(X[:, 0] + NOISE, [-1.0, 1.0])
    fitted = sm.MNLogit(kind, sm.add_constant(X)).fit(
        cov_type="cluster", cov_kwds={"groups": GROUPS}, disp=False, method="newton", tol=1e-12
    )
    agree(ours(rows(kind, classes=("a", "b", "c")), covariance="cluster"), fitted)


def test_errors_are_by_groups_where_there_are_some_and_it_is_said() -> None:
    data = rows(X @ [1.0, -0.5, 0.2] + NOISE)
    found = linnet.infer(linnet.solve(data), data)
    assert "the sandwich of groups (cluster-robust)" in str(found)
    assert found.table.equals(ours(data, covariance="cluster").table)
    with pytest.raises(UsageError, match="say --groups COLUMN"):
        linnet.infer(linnet.solve(data), linnet.Dataset(X, data.y), covariance="cluster")
    alone = linnet.Dataset(X, data.y, groups=torch.zeros(N, dtype=torch.int64))
    with pytest.raises(UsageError, match="all rows are of one"):
        linnet.infer(linnet.solve(alone), alone)


def test_a_bootstrap_draws_whole_groups() -> None:
    groups = torch.from_numpy(GROUPS)
    counts = draw_counts(N, 0, 1, groups=groups)
    assert all(len(counts[groups == g].unique()) == 1 for g in groups.unique())
    data = rows(X @ [1.0, -0.5, 0.2] + NOISE)
    drawn = ours(data, covariance="bootstrap", bags=400).table["standard_error"]
    by_groups = ours(data, covariance="cluster").table["standard_error"]
    np.testing.assert_allclose(drawn, by_groups, rtol=0.25)
    assert drawn.iloc[0] > 1.3 * ours(data, covariance="hessian").table["standard_error"].iloc[0]
