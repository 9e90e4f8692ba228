"""Penalties on standardised columns, beside scikit-learn's pipelines with a StandardScaler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn import linear_model
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from linnet.data.sparse import SMALL
from linnet.estimators import (
    LinearRegressor,
    LinearRegressorCV,
    PoissonRegressor,
    SoftmaxClassifier,
    SoftmaxClassifierCV,
)

pytestmark = pytest.mark.filterwarnings("ignore::linnet.errors.GridEdgeWarning")

N = 150
SOURCE = np.random.default_rng(0)
X: Any = SOURCE.normal(size=(N, 3)) * [1, 30, 0.1] + [0, 500, 1]
SIGNAL: Any = X[:, 0] + X[:, 1] / 30 - 500 / 30 + SOURCE.normal(size=N)
KIND: Any = np.digitize(SIGNAL, [0.0, 1.5])
COUNTS: Any = SOURCE.poisson(np.exp(0.3 * X[:, 0])).astype(float)
W: Any = SOURCE.uniform(0.5, 3, N)
L2 = 0.05


def with_scaler(model: Any, X: Any, y: Any, weights: Any = None, centre: bool = True) -> tuple[Any, Any]:
    """scikit-learn's model of scaled columns, as weights and biases of the columns as they stand."""
    scaler = StandardScaler(with_mean=centre).fit(X, sample_weight=weights)
    model.fit(scaler.transform(X), y, sample_weight=weights)
    coef = model.coef_ / scaler.scale_
    return coef, model.intercept_ - coef @ (scaler.mean_ if centre else np.zeros(X.shape[1]))


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("solver", ["auto", "qr", "cholesky", "lbfgs"])
def test_a_regression_is_a_ridge_of_scaled_columns(solver: str, weights: Any) -> None:
    total = N if weights is None else weights.sum()
    coef, intercept = with_scaler(Ridge(alpha=L2 * total, tol=1e-12), X, SIGNAL, weights)
    ours = LinearRegressor(l2=L2, standardize=True, solver=solver, tol=1e-14).fit(X, SIGNAL, weights)
    assert_allclose(ours.coef_, coef, rtol=1e-6)
    assert_allclose(ours.predict(X), X @ coef + intercept, atol=1e-6)


def test_an_l1_is_a_lasso_of_scaled_columns() -> None:
    coef, intercept = with_scaler(Lasso(alpha=0.2, tol=1e-12), X, SIGNAL)
    ours = LinearRegressor(l1=0.2, standardize=True, tol=1e-12).fit(X, SIGNAL)
    assert_allclose(ours.coef_, coef, atol=1e-6)
    assert (ours.coef_ == 0).tolist() == (coef == 0).tolist()
    assert_allclose(ours.intercept_, intercept, rtol=1e-5)


@pytest.mark.parametrize("kind", [KIND, KIND > 0])
@pytest.mark.parametrize("class_weight", [None, {0: 2.0, 1: 0.5}])
def test_a_classifier_is_a_logistic_regression_of_scaled_columns(kind: Any, class_weight: Any) -> None:
    factors = np.ones(N) if class_weight is None else np.array([2.0, 0.5, 1.0])[kind.astype(int)]
    C = (2 if kind.dtype == bool else 1) / (L2 * (W * factors).sum())
    theirs = LogisticRegression(C=C, class_weight=class_weight, tol=1e-12, max_iter=5000)
    coef, intercept = with_scaler(theirs, X, kind, W)
    ours = SoftmaxClassifier(l2=L2, standardize=True, tol=1e-14, class_weight=class_weight).fit(X, kind, W)
    assert_allclose(ours.coef_, coef, rtol=1e-4, atol=1e-6)
    assert_allclose(ours.decision_function(X), np.squeeze(X @ coef.T + intercept), atol=1e-4)


def test_counts_are_those_of_scaled_columns() -> None:
    theirs = linear_model.PoissonRegressor(alpha=L2, tol=1e-12, max_iter=5000)
    coef, intercept = with_scaler(theirs, X, COUNTS, W)
    ours = PoissonRegressor(l2=L2, standardize=True, tol=1e-14).fit(X, COUNTS, W)
    assert_allclose(ours.coef_, coef, rtol=1e-4, atol=1e-7)
    assert_allclose(ours.intercept_, intercept, rtol=1e-4)


def test_without_a_bias_columns_are_scaled_alone() -> None:
    coef, _ = with_scaler(Ridge(alpha=L2 * N, fit_intercept=False, tol=1e-12), X, SIGNAL, centre=False)
    ours = LinearRegressor(l2=L2, standardize=True, fit_intercept=False).fit(X, SIGNAL)
    assert_allclose(ours.coef_, coef, rtol=1e-8)
    assert ours.intercept_ == 0


@pytest.mark.parametrize("columns", [4, 1 + SMALL // N])
def test_sparse_rows_give_the_model_of_dense_ones(columns: int) -> None:
    wide: Any = sparse.random(N, columns, density=0.2 if columns < 9 else 2e-4, rng=0, format="csr")
    coef, intercept = with_scaler(
        Ridge(alpha=L2 * N, tol=1e-12, solver="sparse_cg"), wide, SIGNAL, centre=False
    )
    ours = LinearRegressor(l2=L2, standardize=True, tol=1e-14).fit(wide, SIGNAL)
    assert_allclose(ours.coef_, coef, atol=1e-6)
    assert_allclose(ours.intercept_, intercept, atol=1e-6)


def test_a_column_that_never_changes_has_no_weight() -> None:
    rows = np.c_[X, np.full(N, 7.0)]
    ours = LinearRegressor(l2=L2, standardize=True).fit(rows, SIGNAL)
    assert_allclose(
        ours.coef_, [*LinearRegressor(l2=L2, standardize=True).fit(X, SIGNAL).coef_, 0], atol=1e-12
    )


def test_units_of_columns_change_no_prediction() -> None:
    plain = SoftmaxClassifier(l2=L2, standardize=True).fit(X, KIND)
    units = np.array([1e3, 1e-3, 1.0])
    other = SoftmaxClassifier(l2=L2, standardize=True).fit(X * units, KIND)
    assert_allclose(other.predict_proba(X * units), plain.predict_proba(X), atol=1e-6)


def test_a_warm_start_starts_from_the_model_there_is() -> None:
    for model in (
        SoftmaxClassifier(l2=L2, solver="newton", standardize=True, warm_start=True),
        PoissonRegressor(l2=L2, solver="newton", standardize=True, warm_start=True),
    ):
        model.fit(X, KIND)
        model.set_params(max_iter=0)
        at = np.array(model.coef_)
        assert_allclose(model.fit(X, KIND).coef_, at, rtol=1e-7)


def test_gradient_descent_comes_near() -> None:
    rows, right = X[:, [0, 2]], LinearRegressor(l2=L2, standardize=True).fit(X[:, [0, 2]], SIGNAL)
    ours = LinearRegressor(
        l2=L2, standardize=True, solver="sgd", max_iter=400, random_state=0, batch_size=N
    ).fit(rows, SIGNAL)
    assert_allclose(ours.predict(rows), right.predict(rows), atol=0.02)


@pytest.mark.parametrize("model", [LinearRegressor(standardize=True), SoftmaxClassifier(standardize=True)])
def test_a_part_of_the_rows_does_not_know_the_deviations(model: Any) -> None:
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as refused:
        model.partial_fit(X, KIND)
    assert "StandardScaler" in str(refused.value.__cause__)


@pytest.mark.parametrize("scoring", [None, "r2"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_each_fold_of_ridge_is_scaled_by_its_own_rows(scoring: Any, fit_intercept: bool) -> None:
    cv, l2s = KFold(3, shuffle=True, random_state=0), [1e-2, 1.0]
    ours = LinearRegressorCV(
        l2s=l2s, cv=cv, scoring=scoring, standardize=True, fit_intercept=fit_intercept
    ).fit(X, SIGNAL)
    pipeline = make_pipeline(
        StandardScaler(with_mean=fit_intercept), Ridge(tol=1e-12, fit_intercept=fit_intercept)
    )
    grid = {"ridge__alpha": [100 * l2 for l2 in l2s]}  # of 100 rows a fold
    found = GridSearchCV(pipeline, grid, cv=cv, scoring=scoring or "neg_mean_squared_error").fit(X, SIGNAL)
    right = np.stack([found.cv_results_[f"split{k}_test_score"] for k in range(3)], 1)
    assert_allclose(ours.scores_, right / (1 if scoring else 2), rtol=1e-7)
    whole = LinearRegressor(l2=ours.l2_, standardize=True, fit_intercept=fit_intercept).fit(X, SIGNAL)
    assert_allclose(ours.coef_, whole.coef_, rtol=1e-7)


@pytest.mark.parametrize("solver", ["auto", "staged"])
def test_each_fold_of_softmax_is_scaled_by_its_own_rows(solver: str) -> None:
    options: dict[str, Any] = {"standardize": True, "solver": solver, "tol": 1e-12}
    cv, l2s = KFold(3, shuffle=True, random_state=0), [1e-2, 0.1]
    ours = SoftmaxClassifierCV(l2s=l2s, cv=cv, scoring="neg_log_loss", **options).fit(X, KIND)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=5000))
    grid = {"logisticregression__C": [1 / (100 * l2) for l2 in l2s]}
    found = GridSearchCV(pipeline, grid, cv=cv, scoring="neg_log_loss").fit(X, KIND)
    right = np.stack([found.cv_results_[f"split{k}_test_score"] for k in range(3)], 1)
    assert_allclose(ours.scores_, right, rtol=1e-5)
