"""`SoftmaxClassifierCV` and `LinearRegressorCV`: softmax and ridge regression that choose their l2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from linnet.estimators.base import LinearEstimator
from linnet.estimators.classifier import SOLVERS, Classification, SoftmaxClassifier
from linnet.estimators.cv import CrossValidated
from linnet.estimators.few import judge_few_classes, solve_few_folds
from linnet.estimators.folds import Split
from linnet.estimators.problem import Problem
from linnet.estimators.regressor import LinearRegressor, Regression
from linnet.solvers.least_squares.leave_one_out import leave_one_out

if TYPE_CHECKING:
    from linnet.core.bank import Bank

SHARED = ("l1", "tol", "max_iter", "lr", "batch_size", "random_state")
"""Settings that mean what they mean for `SoftmaxClassifier`."""


@dataclass(kw_only=True, eq=False, repr=False)
class SoftmaxClassifierCV(CrossValidated, Classification):
    """Softmax regression with the l2 that does best in cross-validation, as `SoftmaxClassifier` weighs it.

    All rows go down the penalties first, each model from where the one before ended; from there all folds
    go on together. With solver="sgd" they are trained together, on the same minibatches. With
    solver="staged", with l1 or where an l2 is 0, each fold goes down the penalties by itself.

    Args:
        l2s: the penalties, or how many to try of 1e-6…100.
        cv: folds (5 if None, stratified), a splitter, or pairs of rows to train on and to judge by.
        scoring: a scorer or its name; accuracy, weighted by `sample_weight`, if None.
        l1: the weight of the absolute sum of the weights, beside each l2.
        fit_intercept: whether there is a bias.
        standardize: as of `SoftmaxClassifier`; each fold by the rows that it trains on, one at a time.
        class_weight: as of `SoftmaxClassifier`; a balance is struck of all rows.
        solver: as of `SoftmaxClassifier`.
        tol: likewise.
        max_iter: likewise.
        lr: likewise.
        batch_size: likewise.
        random_state: likewise.

    Attributes:
        l2_: the best penalty; of equals the largest.
        l2s_: those tried, (P,).
        edge_: a sentence where the best is the smallest or the largest of these and did better than the next,
            which a GridEdgeWarning says too; empty where it is not.
        scores_: of each on each fold, (P, F).
        best_score_: the mean over the folds of the best.
        classes_: the labels, (K,).
        coef_: as of `SoftmaxClassifier` with that l2 on all rows.
        intercept_: likewise.
        n_iter_: likewise.
        n_features_in_: D.
        feature_names_in_: the columns' names, where X has them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CrossValidated._parameter_constraints,
        **{name: LinearEstimator._parameter_constraints[name] for name in SHARED},
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "solver": [StrOptions(SOLVERS)],
    }

    class_weight: Any = None
    lr: float | None = None
    batch_size: int = 256
    random_state: Any = None

    def _models(self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float]) -> Bank:
        from linnet.estimators.paths import stepwise

        return stepwise(problem, splits, [problem.own_l2(l2) for l2 in l2s], self._method())

    def _judge(
        self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float], weights: np.ndarray | None
    ) -> np.ndarray:
        own = [problem.own_l2(l2) for l2 in l2s]
        if (few := solve_few_folds(problem, splits, own, self._method())) is not None:
            return judge_few_classes(few, problem, splits, weights)
        from linnet.estimators.paths import accuracies

        return accuracies(self._models(problem, splits, l2s), problem, splits, weights).cpu().numpy()

    def _plain(self) -> SoftmaxClassifier:
        return SoftmaxClassifier(fit_intercept=self.fit_intercept)


class LinearRegressorCV(CrossValidated, Regression):
    """Linear regression with the l2 that does best in cross-validation, as `LinearRegressor` weighs it.

    The rows are read once for all folds and penalties; a fold costs one tridiagonal form of the features'
    second moments, or with a scorer one eigendecomposition.

    Args:
        l2s: the penalties, or how many to try of 1e-6…100.
        cv: folds (5 if None), a splitter, pairs of rows to train on and to judge by, or "loo": each row
            judges the model of all others, and without a scorer one factorisation tells all. Rows of weight
            0 judge nothing: then there are as many folds as rows that count.
        scoring: a scorer or its name; minus the mean of ½ Σ_k (ŷ_k − y_k)² if None, weighted by
            `sample_weight`, which takes no further reading of the rows.
        fit_intercept: whether there is a bias.
        standardize: as of `LinearRegressor`; each fold by the rows that it trains on, and one fold at a time.

    Attributes:
        l2_: the best penalty; of equals the largest.
        l2s_: those tried, (P,).
        edge_: a sentence where the best is the smallest or the largest of these and did better than the next,
            which a GridEdgeWarning says too; empty where it is not.
        scores_: of each on each fold, (P, F).
        best_score_: the mean over the folds of the best.
        coef_: as of `LinearRegressor` with that l2 on all rows.
        intercept_: likewise.
        n_iter_: likewise.
        n_features_in_: D.
        feature_names_in_: the columns' names, where X has them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CrossValidated._parameter_constraints,
        "cv": ["cv_object", StrOptions({"loo"})],
    }

    def __init__(
        self,
        *,
        l2s: Any = 10,
        cv: Any = None,
        scoring: Any = None,
        fit_intercept: bool = True,
        standardize: bool = False,
    ) -> None:
        self.l2s = l2s
        self.cv = cv
        self.scoring = scoring
        self.fit_intercept = fit_intercept
        self.standardize = standardize

    def _models(self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float]) -> Bank:
        from linnet.estimators.paths import least_squares

        return least_squares(problem, splits, l2s)

    def _judge(
        self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float], weights: np.ndarray | None
    ) -> np.ndarray:
        from linnet.estimators.paths import judge_least_squares

        return -judge_least_squares(problem, splits, l2s).cpu().numpy()

    def _judge_at_once(self, problem: Problem, l2s: Sequence[float]) -> np.ndarray | None:
        if not self._leaves_one_out or self.standardize:
            return None
        if (arrays := problem.rows.arrays()) is None:
            return None
        X, Y, weights = (None if part is None else part.astype(np.float64, copy=False) for part in arrays)
        if X is None or Y is None:
            return None
        if weights is not None and not weights.all():  # such rows neither train nor judge
            X, Y, weights = X[weights > 0], Y[weights > 0], weights[weights > 0]
        errors = leave_one_out(X, Y, weights, np.array(l2s), intercept=self.fit_intercept)
        return None if errors is None else -errors

    def _plain(self) -> LinearRegressor:
        return LinearRegressor(fit_intercept=self.fit_intercept)
