"""`LinearRegressorCV`: ridge regression that chooses its l2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import _fit_context
from torch import Tensor

from linnet.core.bank import Bank
from linnet.estimators.cv import CrossValidated
from linnet.estimators.paths import Split, least_squares
from linnet.estimators.problem import Problem
from linnet.estimators.regression import Regression
from linnet.estimators.regressor import LinearRegressor


class LinearRegressorCV(Regression, CrossValidated):
    """Linear regression with the l2 that does best in cross-validation, as `LinearRegressor` weighs it.

    The rows are read once for all folds and penalties; a fold costs one eigendecomposition.

    Args:
        l2s: the penalties, or how many to try of 1e-6…100.
        cv: folds (5 if None), a splitter, or pairs of rows to train on and to judge by.
        scoring: a scorer or its name; minus the mean of ½ Σ_k (ŷ_k − y_k)² if None, weighted by
            `sample_weight`, which takes no further reading of the rows.
        fit_intercept: whether there is a bias.

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

    def __init__(
        self, *, l2s: Any = 10, cv: Any = None, scoring: Any = None, fit_intercept: bool = True
    ) -> None:
        self.l2s = l2s
        self.cv = cv
        self.scoring = scoring
        self.fit_intercept = fit_intercept

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> LinearRegressorCV:
        """Choose l2, and fit the model on all rows.

        Args:
            X: rows, (N, D): an array, a data frame, or scipy.sparse.
            y: targets, (N,) or (N, K).
            sample_weight: how much each row counts, (N,).
            params: for the splitter and the scorer, where metadata routing is on.
        """
        return self._fit(X, y, sample_weight, params)

    def _judged(
        self, problem: Problem, splits: Sequence[Split], l2s: Sequence[float], weights: Tensor | None
    ) -> tuple[Bank, Tensor]:
        bank, losses = least_squares(problem, splits, l2s)
        return bank, -losses

    def _plain(self) -> LinearRegressor:
        return LinearRegressor(fit_intercept=self.fit_intercept)
