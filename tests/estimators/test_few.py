from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from linnet.estimators import LinearRegressor, SoftmaxClassifier, few
from linnet.solvers.l1.proximal import ProximalNewton
from linnet.solvers.smooth import few_steps
from linnet.solvers.smooth.smooth import SmoothSolver


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The solvers for any number that were called, by name."""
    found: list[str] = []
    for spec, name in ((ProximalNewton, "approach"), (SmoothSolver, "approach")):
        kept = getattr(spec, name)

        def note(self: Any, *given: Any, kept: Any = kept, **named: Any) -> Any:
            found.append(type(self).__name__)
            return kept(self, *given, **named)

        monkeypatch.setattr(spec, name, note)
    return found


def test_few_numbers_are_solved_without_the_solvers_for_any_number_and_alike(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = load_diabetes(return_X_y=True)
    wine, kinds = load_wine(return_X_y=True)
    weights = np.linspace(0, 2, len(wine))
    cases: list[tuple[Any, Any, Any, dict[str, Any]]] = [
        (LinearRegressor(l1=0.5, l2=1e-3), X, np.column_stack([y, -3 * y]), {}),
        (SoftmaxClassifier(l2=1e-2, standardize=True), wine, kinds, {"sample_weight": weights}),
        (
            SoftmaxClassifier(l2=1e-2, class_weight="balanced", fit_intercept=False),
            wine / 100,
            kinds == 1,
            {},
        ),
    ]
    quick = [(model.fit(X, y, **given).coef_, model.intercept_) for model, X, y, given in cases]
    assert called == []
    for most in ("MOST", "SOME", "FEWEST"):
        monkeypatch.setattr(few, most, 0)
    monkeypatch.setattr(few, "solve_lasso", lambda *_, **__: None)
    for (model, X, y, given), (coef, intercept) in zip(cases, quick, strict=True):
        model.fit(X, y, **given)
        assert np.abs(model.coef_ - coef).max() <= 1e-6 * np.abs(coef).max()
        assert np.abs(model.intercept_ - intercept).max() <= 1e-6 * max(1, np.abs(intercept).max())
    assert set(called) == {"ProximalNewton", "Newton"}


def test_where_steps_of_few_numbers_would_be_too_many_the_solver_for_any_number_goes_on(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classes that lie apart, with a penalty that holds their scores far from 0."""
    monkeypatch.setattr(few_steps, "ENOUGH", 0)
    X, y = load_digits(return_X_y=True)
    model = SoftmaxClassifier(l2=1e-2).fit(X, y)
    assert called == ["Staged"]
    other = SoftmaxClassifier(l2=1e-2, solver="newton").fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), atol=1e-3)
    assert model.n_iter_[0] > 15  # the steps before and those of the solver


def test_a_solver_that_was_asked_for_takes_the_steps_on_all_but_few_numbers(called: list[str]) -> None:
    X, y = load_digits(return_X_y=True)
    SoftmaxClassifier(l2=1e-2, solver="newton").fit(X / 16, y % 2)
    assert called == ["Newton"]
    SoftmaxClassifier(l2=1e-2).fit(X / 16, y % 2)
    assert called == ["Newton"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_iter": 3}, "iteration limit"),
        ({"solver": "lbfgs"}, None),
        ({"l1": 0.01}, None),
        ({"l2": 0.0}, "set l2 above 0"),
    ],
)
def test_what_was_asked_of_a_solver_is_asked_of_it(settings: dict[str, Any], said: str | None) -> None:
    wine: Any = load_wine(return_X_y=True)
    X, y = wine
    model = SoftmaxClassifier(**{"l2": 1e-2, **settings})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few, "Answer", lambda *_: pytest.fail("it was solved as few numbers are"))
        with nullcontext() if said is None else pytest.warns(match=said):
            model.fit((X - X.mean(0)) / X.std(0), y)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_bias_that_rounding_moves_by_a_score_is_warned_of(classes: int) -> None:
    """Of a column at 1e15 the last place of a bias is an eighth of a weight."""
    source = np.random.default_rng(0)
    X, y = source.normal(size=(60, 3)).round(2), source.integers(0, classes, 60)
    X[:, 0] = X[:, 0].round() + 1e15
    with pytest.warns(ConvergenceWarning, match="subtract from each a number near its mean"):
        SoftmaxClassifier().fit(X, y)
    X[:, 0] -= 1e15 - 1e8
    SoftmaxClassifier().fit(X, y)


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_what_is_handed_on_is_as_near_the_optimum_as_was_asked(tol: float, called: list[str]) -> None:
    """The steps that go on expect too little of columns so unlike: they left up to three times of it."""
    source = np.random.default_rng(0)
    turn = np.linalg.qr(source.normal(size=(80, 80)))[0]
    X = source.normal(size=(300, 80)) * np.logspace(0, -2, 80) @ turn
    y = (X @ source.normal(size=(80, 10)) + source.gumbel(size=(300, 10))).argmax(1)
    K = len(np.unique(y))
    found = SoftmaxClassifier(l2=1e-6, tol=tol).fit(X, y)
    peer = LogisticRegression(C=1 / (300 * 1e-6), tol=1e-9, max_iter=10_000).fit(X, y)
    values = []
    for model in (found, peer):
        loss = log_loss(y, softmax(X @ model.coef_.T + model.intercept_, 1))
        values.append(loss + np.square(model.coef_).sum() * 1e-6 / 2)
    assert K == 10
    assert called, "which it is to be too slow for numpy for"
    assert values[0] - values[1] <= tol * values[1]
