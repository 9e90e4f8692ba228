"""What scikit-learn's tests ask of its linear models, asked of ours: the same optima, shapes and errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris, make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge

from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier

iris: Any = load_iris(return_X_y=True)
X, y = iris
N = len(y)
diabetes: Any = load_diabetes(return_X_y=True)
X_diabetes, y_diabetes = diabetes


def theirs(C: float, **settings: Any) -> LogisticRegression:
    return LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=1000, **settings)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_l2_is_one_over_c_and_rows_and_for_two_classes_two(
    classes: int, C: float, fit_intercept: bool
) -> None:
    labels, share = (y, 1) if classes == 3 else ((y > 1).astype(int), 2)
    ours = SoftmaxClassifier(l2=share / (C * N), fit_intercept=fit_intercept).fit(X, labels)
    other = theirs(C, fit_intercept=fit_intercept).fit(X, labels)
    assert_allclose(ours.coef_, other.coef_, rtol=1e-4, atol=1e-6)
    assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-3, atol=1e-7)
    assert_allclose(ours.decision_function(X), other.decision_function(X), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "staged"])
def test_solvers_agree(solver: str) -> None:
    ours = SoftmaxClassifier(l2=1e-3, solver=solver, tol=1e-12).fit(X, y)
    assert_allclose(ours.coef_, SoftmaxClassifier(l2=1e-3).fit(X, y).coef_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_l1_has_their_zeros(classes: int) -> None:
    labels, share = (y, 1) if classes == 3 else ((y > 1).astype(int), 2)
    ours = SoftmaxClassifier(l2=share * 0.5 / N, l1=0.5 / N).fit(X, labels)
    other = LogisticRegression(l1_ratio=0.5, solver="saga", tol=1e-9, max_iter=100_000).fit(X, labels)
    assert_allclose(ours.coef_, other.coef_, rtol=1e-3, atol=1e-4)
    assert_array_equal(ours.coef_ == 0, other.coef_ == 0)


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["auto", "qr", "svd", "cholesky"])
def test_l2_is_alpha_over_rows(alpha: float, fit_intercept: bool, solver: str) -> None:
    ours = LinearRegressor(l2=alpha / len(y_diabetes), fit_intercept=fit_intercept, solver=solver)
    ours.fit(X_diabetes, y_diabetes)
    other = Ridge(alpha=alpha, fit_intercept=fit_intercept, solver="svd").fit(X_diabetes, y_diabetes)
    assert_allclose(ours.coef_, other.coef_, rtol=1e-8, atol=1e-8)
    assert_allclose(ours.intercept_, other.intercept_, rtol=1e-8, atol=1e-8)
    assert_allclose(ours.score(X_diabetes, y_diabetes), other.score(X_diabetes, y_diabetes), rtol=1e-10)


def test_l1_is_lassos_alpha() -> None:
    ours = LinearRegressor(l1=0.5).fit(X_diabetes, y_diabetes)
    other = Lasso(alpha=0.5, tol=1e-12, max_iter=100_000).fit(X_diabetes, y_diabetes)
    assert_allclose(ours.coef_, other.coef_, rtol=1e-4, atol=1e-3)
    assert_array_equal(ours.coef_ == 0, other.coef_ == 0)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_more_columns_than_rows_give_the_shortest_weights(fit_intercept: bool) -> None:
    made: Any = make_regression(20, 50, random_state=0)
    wide, target = made
    ours = LinearRegressor(fit_intercept=fit_intercept).fit(wide, target)
    other = LinearRegression(fit_intercept=fit_intercept).fit(wide, target)
    assert_allclose(ours.coef_, other.coef_, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"class_weight": {0: 2.0, 1: 0.5}}])
def test_weights_are_repetitions(settings: dict[str, Any]) -> None:
    weights: Any = np.random.default_rng(0).integers(0, 4, N)
    weighted = SoftmaxClassifier(l2=1e-2, **settings).fit(X, y, sample_weight=weights)
    repeated = SoftmaxClassifier(l2=1e-2, **settings).fit(X.repeat(weights, 0), y.repeat(weights))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-5, atol=1e-7)


def test_weights_are_repetitions_for_regressions() -> None:
    weights: Any = np.random.default_rng(0).integers(0, 4, len(y_diabetes))
    weighted = LinearRegressor(l2=1e-3).fit(X_diabetes, y_diabetes, weights)
    repeated = LinearRegressor(l2=1e-3).fit(X_diabetes.repeat(weights, 0), y_diabetes.repeat(weights))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9)


def test_rows_of_no_weight_and_the_scale_of_weights_do_not_matter() -> None:
    weights = np.linspace(0.5, 2, N)
    plain = SoftmaxClassifier(l2=1e-2).fit(X, y, weights)
    more = SoftmaxClassifier(l2=1e-2).fit(
        np.vstack([X, 100 * X[:7]]), np.append(y, y[:7]), np.append(7 * weights, np.zeros(7))
    )
    assert_allclose(plain.coef_, more.coef_, rtol=1e-6, atol=1e-8)


def test_class_weights_are_row_weights() -> None:
    rows, labels = X[45:], y[45:]
    given = {0: 3.0, 2: 0.5}
    by_class = SoftmaxClassifier(l2=1e-2, class_weight=given).fit(rows, labels)
    by_row = SoftmaxClassifier(l2=1e-2).fit(rows, labels, [given.get(label, 1.0) for label in labels])
    assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-6, atol=1e-9)
    balanced = SoftmaxClassifier(l2=1 / len(labels), class_weight="balanced").fit(rows, labels)
    assert_allclose(balanced.coef_, theirs(1.0, class_weight="balanced").fit(rows, labels).coef_, rtol=1e-4)


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    rows, columns = np.random.default_rng(0).permutation(N), np.array([2, 0, 3, 1])
    plain = SoftmaxClassifier(l2=1e-2).fit(X, y)
    mixed = SoftmaxClassifier(l2=1e-2).fit(X[rows][:, columns], y[rows])
    assert_allclose(plain.coef_[:, columns], mixed.coef_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "container", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array, sparse.coo_array]
)
@pytest.mark.parametrize("l1", [0.0, 1e-3])
def test_sparse_equals_dense(container: Any, l1: float) -> None:
    Z = np.where(X > 1.5, X, 0.0)
    dense, thin = SoftmaxClassifier(l2=1e-2, l1=l1).fit(Z, y), SoftmaxClassifier(l2=1e-2, l1=l1)
    assert_allclose(dense.coef_, thin.fit(container(Z), y).coef_, rtol=1e-5, atol=1e-7)
    assert_allclose(dense.predict_proba(Z), thin.predict_proba(container(Z)), rtol=1e-5, atol=1e-7)
    line = LinearRegressor(l2=1e-2, l1=l1).fit(Z, y)
    assert_allclose(line.coef_, LinearRegressor(l2=1e-2, l1=l1).fit(container(Z), y).coef_, atol=1e-6)


def test_shapes_of_classifiers() -> None:
    pair = SoftmaxClassifier(l2=1e-2).fit(X[:100], y[:100])
    assert pair.coef_.shape == (1, 4)
    assert pair.intercept_.shape == (1,)
    assert pair.decision_function(X).shape == (N,)
    assert pair.predict_proba(X).shape == (N, 2)
    three = SoftmaxClassifier(l2=1e-2).fit(X, y)
    assert three.coef_.shape == (3, 4)
    assert three.decision_function(X).shape == (N, 3)
    assert three.n_iter_.shape == (1,)
    assert_allclose(np.exp(three.predict_log_proba(X)), three.predict_proba(X))
    assert_allclose(three.predict_proba(X).sum(1), 1)


def test_shapes_of_regressors() -> None:
    Y = np.column_stack([y_diabetes, 1 + y_diabetes])
    one, column = LinearRegressor().fit(X_diabetes, y_diabetes), LinearRegressor().fit(X_diabetes, Y[:, :1])
    both = LinearRegressor().fit(X_diabetes, Y)
    assert one.coef_.shape == (10,)
    assert isinstance(one.intercept_, float)
    assert column.coef_.shape == (1, 10)
    assert column.intercept_.shape == (1,)
    assert both.coef_.shape == (2, 10)
    assert both.predict(X_diabetes).shape == Y.shape
    assert_allclose(both.coef_[1], one.coef_, rtol=1e-9)
    assert_allclose(both.intercept_[1], one.intercept_ + 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay(dtype: Any) -> None:
    model = SoftmaxClassifier(l2=1e-2).fit(X.astype(dtype), y)
    assert {model.coef_.dtype, model.predict_proba(X.astype(dtype)).dtype} == {np.dtype(dtype)}
    line = LinearRegressor().fit(X.astype(dtype), y)
    assert {line.coef_.dtype, line.predict(X.astype(dtype)).dtype} == {np.dtype(dtype)}


def test_labels_of_any_kind() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    numbers = SoftmaxClassifier(l2=1e-2).fit(X, y)
    for labels in (names[y], names.astype(object)[y], (y - 1) * 10):
        model = SoftmaxClassifier(l2=1e-2).fit(X, labels)
        assert_array_equal(model.classes_, np.unique(labels))
        assert_array_equal(model.predict(X), np.unique(labels)[numbers.predict(X)])


def test_uint8_rows_are_used_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 5), dtype=np.uint8)
    labels = (pixels[:, 0] > 120).astype(int)
    ours = SoftmaxClassifier(l2=1e-2).fit(pixels, labels)
    assert_allclose(ours.coef_, SoftmaxClassifier(l2=1e-2).fit(pixels.astype(float), labels).coef_, rtol=1e-4)
    assert ours.coef_.dtype == np.float64


@pytest.mark.parametrize("model", [SoftmaxClassifier(), SoftmaxClassifier(l1=0.01), LinearRegressor(l1=0.1)])
def test_a_start_that_is_not_finite_is_named(model: Any) -> None:
    fitted = model.set_params(warm_start=True).fit(X, y)
    fitted.intercept_ = fitted.intercept_ * np.nan
    with pytest.raises(ValueError, match="coef_ or intercept_, from which to go on, has NaN"):
        fitted.fit(X, y)


def test_a_warm_start_needs_no_more_iterations() -> None:
    model = SoftmaxClassifier(l2=1e-3, solver="lbfgs", warm_start=True).fit(X, y)
    cold, coef = model.n_iter_[0], model.coef_
    model.fit(X, y)
    assert model.n_iter_[0] < cold
    assert_allclose(model.coef_, coef, rtol=1e-3, atol=1e-4)
    model.fit(X[:100], y[:100])  # other classes: no start
    assert model.coef_.shape == (1, 4)


def test_too_few_iterations_are_told() -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        SoftmaxClassifier(l2=1e-6, max_iter=1).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="l2 above 0"):
        SoftmaxClassifier(l2=0.0).fit(X[:100], y[:100])


def test_bad_inputs_are_refused() -> None:
    model = SoftmaxClassifier()
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(ValueError, match="only one class"):
        model.fit(X, np.zeros(N))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full_like(X, np.nan), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[1:])
    with pytest.raises(ValueError, match="Unknown label type"):
        model.fit(X, y + 0.5)
    with pytest.raises(ValueError, match="Negative values"):
        model.fit(X, y, -np.ones(N))
    with pytest.raises(ValueError, match="1D array or scalar"):
        model.fit(X, y, np.ones((N, 2)))
    with pytest.raises(ValueError, match="X has 3 features, but SoftmaxClassifier is expecting 4"):
        model.fit(X, y).predict(X[:, :3])
    with pytest.warns(DataConversionWarning):
        model.fit(X, y[:, None])


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "staged", "proximal", "sgd"])
def test_no_iterations_leave_the_start(solver: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = SoftmaxClassifier(solver=solver, max_iter=0).fit(X, y)
    assert not model.coef_.any()
    assert model.n_iter_ == 0


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_two_steps_of_newton_are_one_and_another_from_there(fit_intercept: bool) -> None:
    settings: dict[str, Any] = {"solver": "newton", "fit_intercept": fit_intercept}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        both = SoftmaxClassifier(max_iter=2, **settings).fit(X, y)
        one = SoftmaxClassifier(max_iter=1, warm_start=True, **settings).fit(X, y).fit(X, y)
    assert_allclose(one.coef_, both.coef_)
    assert_allclose(one.intercept_, both.intercept_)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"l2": -1.0}, "'l2' parameter of SoftmaxClassifier"),
        ({"solver": "magic"}, "'solver' parameter"),
        ({"max_iter": -1}, "'max_iter' parameter"),
        ({"class_weight": "none"}, "'class_weight' parameter"),
        ({"l1": 0.1, "solver": "lbfgs"}, "supports only l2 penalties"),
        ({"class_weight": {7: 1.0}}, "not in class_weight"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SoftmaxClassifier(**settings).fit(X, y)


def test_partial_fit_of_sums_is_fit_of_all_rows() -> None:
    model, weights = LinearRegressor(l2=1e-3), np.linspace(0, 2, len(y_diabetes))
    for part in np.array_split(np.arange(len(y_diabetes)), 5):
        model.partial_fit(X_diabetes[part], y_diabetes[part], weights[part])
    whole = LinearRegressor(l2=1e-3).fit(X_diabetes, y_diabetes, weights)
    assert_allclose(model.coef_, whole.coef_, rtol=1e-9)
    assert_allclose(model.intercept_, whole.intercept_, rtol=1e-9)
    assert not hasattr(LinearRegressor(l1=0.1), "partial_fit")


def test_partial_fit_of_a_classifier_learns() -> None:
    rows, labels = make_classification(400, 10, n_informative=6, n_classes=3, random_state=0)
    model = SoftmaxClassifier(l2=1e-4, batch_size=32, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(rows, labels)
    for _ in range(60):
        for part in np.array_split(np.arange(400), 4):
            model.partial_fit(rows[part], labels[part], classes=[0, 1, 2])
    assert model.n_iter_[0] == 240
    best = SoftmaxClassifier(l2=1e-4).fit(rows, labels).score(rows, labels)
    assert model.score(rows, labels) > best - 0.05
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(rows, labels, classes=[0, 1])
    with pytest.raises(ValueError, match="not in classes: 9"):
        model.partial_fit(rows[:2], [0, 9])


@pytest.mark.parametrize("estimator", [SoftmaxClassifier, LinearRegressor])
def test_descent_comes_to_the_optimum(estimator: Any) -> None:
    target = y if estimator is SoftmaxClassifier else y_diabetes
    rows = X if estimator is SoftmaxClassifier else X_diabetes * 20
    near = estimator(l2=1.0, solver="sgd", max_iter=400, random_state=0).fit(rows, target)
    assert_allclose(near.coef_, estimator(l2=1.0).fit(rows, target).coef_, rtol=0.02, atol=0.02)
    thin = estimator(l2=1.0, solver="sgd", max_iter=400, random_state=0)
    assert_allclose(near.coef_, thin.fit(sparse.csr_array(rows), target).coef_, rtol=1e-6)


@pytest.mark.parametrize("solver", ["lbfgs", "newton", "auto", "svd"])
def test_an_income_beside_a_rate_is_learned(solver: str) -> None:
    """The right values are LAPACK's, of centred and scaled columns."""
    rng = np.random.default_rng(0)
    X = np.c_[rng.lognormal(18, 1, 500), rng.uniform(0, 0.05, 500)]
    y = X @ [1e-7, 400] + rng.normal(0, 1, 500)
    Z = (X - X.mean(0)) / X.std(0)
    right = np.linalg.lstsq(Z, y - y.mean())[0] / X.std(0)
    model = LinearRegressor(solver=solver).fit(X, y)
    assert_allclose(model.coef_, right, rtol=1e-4)
    assert model.score(X, y) > 0.99


@pytest.mark.parametrize("weight", [1e308, 1e-320])
@pytest.mark.parametrize("model", [LinearRegressor(l1=0.1), SoftmaxClassifier(), LinearRegressorCV(cv="loo")])
def test_sample_weights_whose_sum_has_no_digits_are_refused(model: Any, weight: float) -> None:
    X, y = np.arange(12.0).reshape(6, 2) ** 2, np.arange(6) % 3
    with pytest.raises(ValueError, match="the weights sum to"):
        model.fit(X, y, np.full(6, weight))
