from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)

from linnet.errors import GridEdgeWarning
from linnet.estimators import LinearRegressor, LinearRegressorCV, SoftmaxClassifier, SoftmaxClassifierCV
from tests.support.exact import solve_exactly

pytestmark = pytest.mark.filterwarnings(
    "ignore::linnet.errors.GridEdgeWarning"
)  # of grids chosen to be short

iris: Any = load_iris(return_X_y=True)
X, y = iris
diabetes: Any = load_diabetes(return_X_y=True)
X_diabetes, y_diabetes = diabetes
L2S = [1e-4, 1e-2, 1.0]


def searched(model: Any, rows: Any, target: Any, cv: Any, scoring: str, l2s: list[float]) -> np.ndarray:
    found = GridSearchCV(model, {"l2": l2s}, cv=cv, scoring=scoring).fit(rows, target).cv_results_
    return np.stack([found[f"split{k}_test_score"] for k in range(3)], 1)


@pytest.mark.parametrize("cv", [KFold(3, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge_scores_are_those_of_a_grid_search(cv: Any, container: Any, fit_intercept: bool) -> None:
    rows = container(X_diabetes)
    model = LinearRegressorCV(l2s=L2S, cv=cv, fit_intercept=fit_intercept).fit(rows, y_diabetes)
    base = LinearRegressor(fit_intercept=fit_intercept)
    expected = searched(base, X_diabetes, y_diabetes, cv, "neg_mean_squared_error", L2S)
    assert_allclose(model.scores_, expected / 2, rtol=1e-8)
    assert model.l2_ == L2S[expected.mean(1).argmax()]
    best = LinearRegressor(l2=model.l2_, fit_intercept=fit_intercept).fit(X_diabetes, y_diabetes)
    assert_allclose(model.coef_, best.coef_, rtol=1e-8)


@pytest.mark.parametrize("scoring", [None, "neg_log_loss", "f1_macro"])
@pytest.mark.parametrize("labels", [y, np.where(y > 1, "virginica", "other")])
def test_softmax_scores_are_those_of_a_grid_search(scoring: str | None, labels: Any) -> None:
    cv = StratifiedKFold(3)
    model = SoftmaxClassifierCV(l2s=L2S, cv=3, scoring=scoring).fit(X, labels)
    expected = searched(SoftmaxClassifier(), X, labels, cv, scoring or "accuracy", L2S)
    assert_allclose(model.scores_, expected, rtol=1e-4, atol=1e-6)
    assert model.best_score_ == pytest.approx(expected.mean(1).max())
    assert_allclose(model.coef_, SoftmaxClassifier(l2=model.l2_).fit(X, labels).coef_, rtol=1e-3, atol=1e-5)


def test_all_models_of_descent_are_one_bank_and_each_is_as_if_alone() -> None:
    settings: dict[str, Any] = {"solver": "sgd", "max_iter": 300, "random_state": 0, "batch_size": 150}
    model = SoftmaxClassifierCV(l2s=[0.5, 2.0], cv=3, scoring="neg_log_loss", **settings).fit(X, y)
    expected = searched(SoftmaxClassifier(**settings), X, y, StratifiedKFold(3), "neg_log_loss", [0.5, 2.0])
    assert_allclose(model.scores_, expected, rtol=0.02)


def test_of_equals_the_largest_l2_is_taken() -> None:
    rows = np.array([[-1.0], [1.0]] * 10)
    model = SoftmaxClassifierCV(l2s=[1e-3, 1e-2, 1e-1], cv=2).fit(rows, rows[:, 0])
    assert model.l2_ == 1e-1


def test_a_number_of_penalties_and_rows_of_weights() -> None:
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    model = SoftmaxClassifierCV(l2s=4, cv=3).fit(X, y, weights)
    assert_allclose(model.l2s_, np.logspace(-6, 2, 4))
    assert model.scores_.shape == (4, 3)


def test_groups_reach_the_splitter_by_routing() -> None:
    groups = np.arange(len(y)) % 4
    with sklearn.config_context(enable_metadata_routing=True):
        model = SoftmaxClassifierCV(l2s=2, cv=GroupKFold(4)).fit(X, y, groups=groups)
    assert model.scores_.shape == (2, 4)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        SoftmaxClassifierCV(l2s=2, cv=GroupKFold(4)).fit(X, y, groups=groups)


@pytest.mark.parametrize("l2s", [[], [-1.0], [np.nan], [[1.0]], 0, True, [True], 4.0])
def test_penalties_that_cannot_be_are_refused(l2s: Any) -> None:
    with pytest.raises(ValueError, match="l2"):
        LinearRegressorCV(l2s=l2s).fit(X_diabetes, y_diabetes)


def test_scores_that_are_no_numbers_are_refused() -> None:
    def nothing(model: Any, rows: Any, target: Any) -> float:
        return float("nan")

    with pytest.raises(ValueError, match="no l2 has a finite score"):
        LinearRegressorCV(l2s=L2S, scoring=nothing).fit(X_diabetes, y_diabetes)


@pytest.mark.parametrize("judged", [True, False])
def test_a_fold_without_weight_is_refused_by_number(judged: bool) -> None:
    X, y = np.arange(20.0)[:, None], np.arange(20) % 2
    ends = np.arange(10), np.arange(10, 20)
    weights = np.r_[np.ones(10), np.zeros(10)] if judged else np.r_[np.zeros(10), np.ones(10)]
    for model in (LinearRegressorCV(cv=[ends]), SoftmaxClassifierCV(cv=[ends])):
        with pytest.raises(ValueError, match="fold 1 is judged by" if judged else "fold 1 trains on"):
            model.fit(X, y, sample_weight=weights)


def test_warnings_name_the_line_that_called() -> None:
    for model in (SoftmaxClassifierCV(l2s=[1e-6, 1e-5], max_iter=1), SoftmaxClassifier(max_iter=1)):
        with pytest.warns(ConvergenceWarning) as caught:
            model.fit(X, y)
        assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("intercept", [True, False])
def test_more_features_than_rows_are_chosen_in_the_rows_own_space(container: Any, intercept: bool) -> None:
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(30, 5000))  # whose squares would take 200 MB and minutes
    target, weights = wide[:, :40].sum(1) + 5, rng.random(30) + 0.1
    cv, l2s = KFold(3), [1.0, 100.0, 1e4]
    found: Any = LinearRegressorCV(l2s=l2s, cv=cv, fit_intercept=intercept)
    found.fit(container(wide), target, sample_weight=weights)
    for fold, (trained, kept) in enumerate(cv.split(wide)):
        for place, l2 in enumerate(l2s):
            model = LinearRegressor(l2=l2, fit_intercept=intercept)
            model.fit(wide[trained], target[trained], sample_weight=weights[trained])
            squares = (model.predict(wide[kept]) - target[kept]) ** 2 / 2
            assert_allclose(
                found.scores_[place, fold], -np.average(squares, weights=weights[kept]), rtol=1e-7
            )
    scored: Any = LinearRegressorCV(l2s=l2s, cv=cv, fit_intercept=intercept, scoring="r2").fit(wide, target)
    assert np.isfinite(scored.scores_).all()


@pytest.mark.filterwarnings("always::linnet.errors.GridEdgeWarning")
@pytest.mark.parametrize(
    ("l2s", "said"), [([1e-6, 1e-5, 1e-4], "widen l2 upwards"), ([1e4, 1e3, 1e2], "widen l2 downwards")]
)
def test_the_best_l2_at_the_edge_of_the_grid_is_said(l2s: list[float], said: str) -> None:
    """Noise asks for a large penalty and a plain line for a small one, whatever the grid."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 10))
    target = rng.normal(size=40) if "upwards" in said else rows.sum(1)
    with pytest.warns(GridEdgeWarning, match=said):
        model = LinearRegressorCV(l2s=l2s, cv=3).fit(rows, target)
    assert said in model.edge_


@pytest.mark.parametrize("cv", [None, "loo"])
def test_a_smallest_l2_that_is_as_good_as_none_is_not_at_the_edge(cv: str | None) -> None:
    """On the diabetes rows the model without a penalty does as well, by scikit-learn, within 1/400 error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LinearRegressorCV(cv=cv).fit(X_diabetes, y_diabetes)
    assert model.edge_ == ""
    if cv is None:
        assert model.l2_ == 1e-6
        score = "neg_mean_squared_error"
        plain = -cross_val_score(LinearRegression(), X_diabetes, y_diabetes, scoring=score) / 2
        gain = -model.best_score_ - plain.mean()
        assert abs(gain) < np.std(plain, ddof=1) / np.sqrt(5) / 400


def test_a_best_l2_within_the_grid_is_not_at_its_edge() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LinearRegressorCV(l2s=[1e-9, 1e-3, 1e3], cv=3).fit(X_diabetes * 20, y_diabetes)
    assert model.edge_ == ""
    assert LinearRegressorCV(l2s=[1.0], cv=3).fit(X_diabetes, y_diabetes).edge_ == ""


SOURCE = np.random.default_rng(0)
RARE_X = SOURCE.normal(size=(40, 3))
RARE_Y = np.array([0] * 20 + [1] * 17 + [2] * 3)
TWO = [0.01, 0.1]


def test_folds_without_a_row_of_a_class_are_scored_by_all_classes() -> None:
    """Three rows of class 2 in five folds: each score is scikit-learn's log loss with labels=0, 1, 2."""
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    with pytest.warns(UserWarning, match="least populated class"):
        splits = list(cv.split(RARE_X, RARE_Y))
    model = SoftmaxClassifierCV(l2s=TWO, cv=splits, scoring="neg_log_loss").fit(RARE_X, RARE_Y)
    for fold, (trained, kept) in enumerate(splits):
        P = SoftmaxClassifier(l2=0.01).fit(RARE_X[trained], RARE_Y[trained]).predict_proba(RARE_X[kept])
        assert model.scores_[0, fold] == pytest.approx(-log_loss(RARE_Y[kept], P, labels=[0, 1, 2]), rel=1e-5)


def test_a_class_that_a_fold_never_saw_is_left_out_of_its_score_and_it_is_said() -> None:
    rows, is_late = np.arange(40), (np.arange(40) % 4 == 0) | (RARE_Y == 2)
    splits = [(rows[~is_late], rows[is_late]), (rows[is_late], rows[~is_late])]
    with pytest.warns(
        UserWarning, match=r"fold 1 is judged by rows of \[2\], of which it is trained on none"
    ):
        model = SoftmaxClassifierCV(l2s=TWO, cv=splits, scoring="neg_log_loss").fit(RARE_X, RARE_Y)
    known = is_late & (RARE_Y < 2)
    P = SoftmaxClassifier(l2=0.01).fit(RARE_X[~is_late], RARE_Y[~is_late]).predict_proba(RARE_X[known])
    assert model.scores_[0, 0] == pytest.approx(-log_loss(RARE_Y[known], P), rel=1e-4)


@pytest.mark.parametrize("options", [{}, {"scoring": "neg_mean_squared_error"}, {"cv": "loo"}], ids=str)
@pytest.mark.parametrize("features", [3, 14])
@pytest.mark.parametrize("largest", [1e8, 1e16])
def test_columns_of_every_length_count_in_folds(options: Any, features: int, largest: float) -> None:
    """As a time in nanoseconds does not make rounding of a rate beside it; fractions tell right scores."""
    source, l2s = np.random.default_rng(0), [0.1, 1.0]
    rows = source.normal(size=(12, features)) * np.array([largest, 1e-2, *[1.0] * (features - 2)])
    target = rows[:, -1] + source.normal(size=12)
    cv = list((KFold(12) if options.get("cv") else KFold(3)).split(rows))
    model = LinearRegressorCV(**{"l2s": l2s, "cv": cv, **options}).fit(rows, target)
    share = 0.5 if model.scoring is None else 1.0
    for fold, (trained, kept) in enumerate(cv[:3]):
        theta = np.array(solve_exactly(rows[trained], target[trained], None, l2s[0], intercept=True))
        errors = rows[kept] @ theta[:-1] + theta[-1] - target[kept]
        assert model.scores_[0, fold] == pytest.approx(-share * np.mean(errors**2), rel=1e-6)


def test_weights_too_small_for_sums_are_named_and_not_a_column() -> None:
    with pytest.raises(ValueError, match="the weights of rows sum to"):
        LinearRegressorCV(l2s=L2S).fit(X, y, np.full(150, 1e-300))


def as_mask(index: np.ndarray) -> np.ndarray:
    return np.isin(np.arange(len(X)), index)


def with_folds(model: Any, cv: Any) -> Any:
    copied: Any = clone(model)
    return copied.set_params(cv=cv)


FORMS: dict[str, Any] = {
    "masks": as_mask,
    "lists": np.ndarray.tolist,
    "from the end": lambda index: index - len(X),
    "bytes": lambda index: index.astype(np.uint8),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "model",
    [
        SoftmaxClassifierCV(l2s=L2S),
        SoftmaxClassifierCV(l2s=L2S, l1=1e-3),
        LinearRegressorCV(l2s=L2S),
        LinearRegressorCV(l2s=L2S, scoring="r2"),
    ],
    ids=repr,
)
def test_folds_may_be_of_any_form_that_scikit_learn_takes(form: str, model: Any) -> None:
    splits = list(StratifiedKFold(3).split(X, y))
    given = [(FORMS[form](trained), FORMS[form](kept)) for trained, kept in splits]
    expected = with_folds(model, splits).fit(X, y).scores_
    assert_allclose(with_folds(model, given).fit(X, y).scores_, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("cv", "said"),
    [
        ([], "no fold"),
        ([(np.arange(150), [])], "fold 1 is judged by no rows"),
        ([([0, 60, 120], [1]), ([], [1])], "fold 2 trains on no rows"),
        ([([0, 60, 150], [1])], "rows 0 to 150, and there are 150"),
        ([([0.0, 60.0], [1])], "numbers of rows, or a mask"),
        ([([True, False], [1])], "numbers of rows, or a mask"),
    ],
)
@pytest.mark.parametrize("model", [SoftmaxClassifierCV(), LinearRegressorCV()], ids=repr)
def test_folds_that_cannot_be_are_refused_by_number(cv: Any, said: str, model: Any) -> None:
    with pytest.raises(ValueError, match=said):
        with_folds(model, cv).fit(X, y)


def test_folds_of_classes_that_they_never_saw_are_refused() -> None:
    with pytest.raises(ValueError, match=r"fold 1 is judged by rows of \[0\].* and by no others: shuffle"):
        SoftmaxClassifierCV(l2s=TWO, cv=KFold(2), scoring="neg_log_loss").fit(RARE_X, RARE_Y)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 60)])
@pytest.mark.parametrize("standardize", [False, True])
def test_leaving_one_out_is_a_fold_a_row(standardize: bool, weights: Any) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [1, 2, 3, 4] + 1
    y = X @ rng.normal(size=4) + rng.normal(size=60)
    settings: dict[str, Any] = {"l2s": [0.0, 0.01, 0.1, 100.0], "standardize": standardize}
    quick = LinearRegressorCV(cv="loo", **settings).fit(X, y, weights)
    slow = LinearRegressorCV(cv=KFold(60), **settings).fit(X, y, weights)
    assert_allclose(quick.scores_, slow.scores_, rtol=1e-6)
    assert quick.scores_.shape == (4, 60)
    assert quick.l2_ == slow.l2_
    assert_allclose(quick.coef_, slow.coef_)


@pytest.mark.parametrize("cv", ["loo", LeaveOneOut()], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"scoring": "neg_mean_squared_error"}, {"standardize": True}], ids=str
)
def test_rows_that_do_not_count_judge_none(cv: Any, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(14, 2)), rng.uniform(0.5, 2, 14)
    target = rows @ [1.0, -2.0] + rng.normal(size=14)
    weights[[0, 9]] = 0
    rows[0], target[0] = 1e150, 1e200  # as far off as may be
    counting = np.flatnonzero(weights)
    errors = []
    for row in counting:
        others = counting[counting != row]
        X, w = rows[others], weights[others]
        unit = np.sqrt(np.cov(X.T, aweights=w, ddof=0).diagonal()) if "standardize" in options else np.ones(2)
        model = Ridge(0.1 * w.sum(), tol=1e-12).fit(X / unit, target[others], w)
        errors.append((model.predict(rows[[row]] / unit)[0] - target[row]) ** 2)
    found = LinearRegressorCV(l2s=[0.1], cv=cv, **options).fit(rows, target, weights)
    factor = 1 if "scoring" in options else 2
    assert_allclose(found.scores_, -np.array([errors]) / factor, rtol=1e-9)


def test_leaving_one_out_needs_two_rows_that_count() -> None:
    with pytest.raises(ValueError, match=r"leave-one-out needs 2 rows of a weight above 0 .* there is 1"):
        LinearRegressorCV(cv="loo").fit(X[:9], X[:9, 0], np.eye(9)[4])


def test_a_row_far_off_that_does_not_count_moves_no_score() -> None:
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(20, 3)), rng.uniform(0.5, 2, 20)
    target = rows @ [1.0, 2.0, 3.0] + rng.normal(size=20)
    weights[2] = 0
    errors = []
    for trained, kept in KFold(5).split(rows):
        model = Ridge(0.1 * weights[trained].sum()).fit(rows[trained], target[trained], weights[trained])
        off = np.square(model.predict(rows[kept]) - target[kept]) / 2
        errors.append(np.average(off, weights=weights[kept]))
    rows[2], target[2] = 1e6, 1e9
    found = LinearRegressorCV(l2s=[0.1], cv=KFold(5)).fit(rows, target, weights)
    assert_allclose(found.scores_, -np.array([errors]), rtol=1e-9)


def test_float32_rows_of_many_numbers_have_newtons_folds() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1200, 30)).astype(np.float32)
    target = (rows[:, 0] + rng.normal(size=1200) > 0).astype(int)
    found = SoftmaxClassifierCV(l2s=[0.01], cv=KFold(2), solver="newton").fit(rows, target)
    peer = LogisticRegression(C=2 / (0.01 * 600), tol=1e-10)
    expected = [
        peer.fit(rows[trained], target[trained]).score(rows[kept], target[kept])
        for trained, kept in KFold(2).split(rows)
    ]
    assert_allclose(found.scores_, [expected])
