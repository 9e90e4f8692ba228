"""scikit-learn's own checks of estimators, none of which may fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from linnet.estimators import (
    LinearRegressor,
    LinearRegressorCV,
    PoissonRegressor,
    SoftmaxClassifier,
    SoftmaxClassifierCV,
)

QUICK = [
    LinearRegressor(),
    LinearRegressor(l1=0.01),
    LinearRegressorCV(l2s=4, cv=3),
    PoissonRegressor(),
    SoftmaxClassifier(),
    SoftmaxClassifier(l2=1e-3, solver="sgd", random_state=0),
    SoftmaxClassifier(l2=1e-3, standardize=True),
    SoftmaxClassifierCV(l2s=2, cv=3),
]

SLOW = [
    LinearRegressor(l2=0.1, fit_intercept=False, solver="cholesky"),
    LinearRegressor(l2=1e-3, solver="svd"),
    LinearRegressor(l2=1e-3, standardize=True),
    LinearRegressorCV(l2s=4, cv=3, standardize=True),
    PoissonRegressor(l2=1e-3, standardize=True),
    SoftmaxClassifierCV(l2s=2, cv=3, standardize=True),
    LinearRegressor(l2=1e-3, solver="lbfgs"),
    LinearRegressor(l2=1e-3, solver="newton", warm_start=True),
    LinearRegressor(l2=1e-3, solver="sgd", random_state=0),
    LinearRegressorCV(l2s=[0.1, 1.0], cv=3, scoring="r2", fit_intercept=False),
    PoissonRegressor(l2=1e-3, solver="newton", warm_start=True),
    SoftmaxClassifier(l2=1e-3, solver="newton"),
    SoftmaxClassifier(l2=1e-4, l1=1e-4),
    SoftmaxClassifier(l2=1e-3, solver="lbfgs", warm_start=True),
    SoftmaxClassifier(l2=1e-3, class_weight="balanced", solver="staged"),
    SoftmaxClassifierCV(l2s=[1e-3, 1e-2], cv=3, scoring="neg_log_loss", class_weight="balanced"),
    SoftmaxClassifierCV(l2s=3, cv=3, solver="sgd", random_state=0),
]


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(QUICK)
def test_scikit_learn_has_nothing_to_object(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.long
@pytest.mark.filterwarnings("default")
@parametrize_with_checks(SLOW)
def test_nor_with_other_settings(estimator: Any, check: Any) -> None:
    check(estimator)
