"""`LinearRegressor`: least squares with L2 and L1 penalties, as scikit-learn's estimators are used."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from linnet.estimators.arrays import Space
from linnet.estimators.base import LinearEstimator
from linnet.estimators.methods import from_statistics, gathered, solved
from linnet.estimators.problem import Problem
from linnet.estimators.regression import Regression
from linnet.solvers.least_squares.statistics import Statistics

SOLVERS = {"auto", "qr", "svd", "cholesky", "newton", "lbfgs", "proximal", "sgd"}


def _can_go_on(estimator: LinearRegressor) -> bool:
    """Sums of rows know nothing of L1, for which there is gradient descent."""
    return not estimator.l1 or estimator.solver == "sgd"


class LinearRegressor(Regression):
    """Linear regression: the minimum of the mean of ½ Σ_k (ŷ_k − y_k)² and of ½ l2 ‖W‖² + l1 ‖W‖₁.

    The mean is weighted by `sample_weight`, the bias is not penalised. With N rows, l2 is scikit-learn's
    `Ridge(alpha=l2·N)`; l1 is its `Lasso(alpha=l1)`. With l2 = l1 = 0 it is
    `LinearRegression(tol=0)`: of all best fits the one with the shortest weights.

    Args:
        l2: the weight of half the squared norm of the weights.
        l1: the weight of the absolute sum of the weights; gives exact zeros.
        fit_intercept: whether there is a bias.
        solver: "auto", by shape and conditioning; "qr", "svd" or "cholesky" (exact); "newton" or "lbfgs"
            (steps); "proximal" (for l1); or "sgd" (linnet's minibatch trainer).
        tol: for solvers that take steps, the gain that may be left, as a share of the objective; for "sgd"
            1e-3 at least.
        max_iter: their iterations, or the epochs of "sgd"; the solver's own number (for "sgd" 50) if None.
        lr: the learning rate of "sgd"; one that cannot diverge if None.
        batch_size: the rows of a minibatch of "sgd".
        warm_start: start from the weights there are, where the solver takes steps.
        random_state: of the order of rows of "sgd".

    Attributes:
        coef_: the weights, (D,), or (K, D) where y has K columns.
        intercept_: the bias, a number, or (K,).
        n_iter_: iterations, corrections or epochs, at least 1.
        n_features_in_: D.
        feature_names_in_: the columns' names, where X has them.
        statistics_: the sums that `partial_fit` has gathered.
        stream_: with solver="sgd", the number, weight, mean and size of the rows that it has seen.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **LinearEstimator._parameter_constraints,
        "solver": [StrOptions(SOLVERS)],
    }

    def __init__(
        self,
        *,
        l2: float = 0.0,
        l1: float = 0.0,
        fit_intercept: bool = True,
        solver: str = "auto",
        tol: float = 1e-9,
        max_iter: int | None = None,
        lr: float | None = None,
        batch_size: int = 256,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.l2 = l2
        self.l1 = l1
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.lr = lr
        self.batch_size = batch_size
        self.warm_start = warm_start
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegressor:
        """Fit the model.

        Args:
            X: rows, (N, D): an array, a data frame, or scipy.sparse.
            y: targets, (N,) or (N, K).
            sample_weight: how much each row counts, (N,).
        """
        problem, space = self._posed(*self._checked(X, y, True), sample_weight, True)
        start = self._theta(problem.outputs, problem.features) if self.warm_start else None
        answer = solved(problem, self._method(), start)
        for name in ("statistics_", "stream_"):
            vars(self).pop(name, None)
        return self._keep(answer.theta, answer.iterations, space)

    @available_if(_can_go_on)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegressor:
        """Take more rows in: afterwards the model is that of all rows that `partial_fit` has seen.

        It keeps sums in place of rows, so it is exact, at any number of rows. With solver="sgd" it makes
        one pass of steps instead. After a `fit`, which keeps no sums, it begins anew.

        Args:
            X: rows, (N, D).
            y: targets, of as many columns as before.
            sample_weight: how much each row counts, (N,).
        """
        is_first = "coef_" not in vars(self)
        problem, space = self._posed(*self._checked(X, y, is_first), sample_weight, is_first)
        if self.solver == "sgd":
            return self._stepped(problem, space)
        before: Statistics | None = vars(self).get("statistics_")
        more = gathered(problem, before)
        self.statistics_ = more if before is None else before + more
        answer = from_statistics(self.statistics_, problem)
        return self._keep(answer.theta, answer.iterations, space)

    def _stepped(self, problem: Problem, space: Space) -> LinearRegressor:
        """One pass of steps from the weights there are."""
        theta = self._streamed(problem)
        return self._keep(theta, vars(self).get("n_iter_", 0) + 1, space)
