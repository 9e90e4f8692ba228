"""Rare classes in cross-validation by log loss."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold

from linnet.estimators import SoftmaxClassifier, SoftmaxClassifierCV

SOURCE = np.random.default_rng(0)
X = SOURCE.normal(size=(40, 3))
Y = np.array([0] * 20 + [1] * 17 + [2] * 3)
L2S = [0.01, 0.1]


def test_folds_without_a_row_of_a_class_are_scored_by_all_classes() -> None:
    """Three rows of class 2 in five folds: each score is scikit-learn's log loss with labels=0, 1, 2."""
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    with pytest.warns(UserWarning, match="least populated class"):
        splits = list(cv.split(X, Y))
    model = SoftmaxClassifierCV(l2s=L2S, cv=splits, scoring="neg_log_loss").fit(X, Y)
    for fold, (trained, kept) in enumerate(splits):
        P = SoftmaxClassifier(l2=0.01).fit(X[trained], Y[trained]).predict_proba(X[kept])
        assert model.scores_[0, fold] == pytest.approx(-log_loss(Y[kept], P, labels=[0, 1, 2]), rel=1e-5)


def test_a_class_that_a_fold_never_saw_is_left_out_of_its_score_and_it_is_said() -> None:
    rows, is_late = np.arange(40), (np.arange(40) % 4 == 0) | (Y == 2)
    splits = [(rows[~is_late], rows[is_late]), (rows[is_late], rows[~is_late])]
    with pytest.warns(
        UserWarning, match=r"fold 1 is judged by rows of \[2\], of which it is trained on none"
    ):
        model = SoftmaxClassifierCV(l2s=L2S, cv=splits, scoring="neg_log_loss").fit(X, Y)
    known = is_late & (Y < 2)
    P = SoftmaxClassifier(l2=0.01).fit(X[~is_late], Y[~is_late]).predict_proba(X[known])
    assert model.scores_[0, 0] == pytest.approx(-log_loss(Y[known], P), rel=1e-4)


def test_folds_of_classes_that_they_never_saw_are_refused() -> None:
    with pytest.raises(ValueError, match=r"fold 1 is judged by rows of \[0\].* and by no others: shuffle"):
        SoftmaxClassifierCV(l2s=L2S, cv=KFold(2), scoring="neg_log_loss").fit(X, Y)
