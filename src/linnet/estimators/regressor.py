"""`LinearRegressor` and `PoissonRegressor`: least squares and Poisson regression with L2 and L1 penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import d2_tweedie_score
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from linnet.estimators.arrays import Space, as_numpy, row_weights, tensor
from linnet.estimators.base import LinearEstimator, check_stream, model_dtype, narrow
from linnet.estimators.problem import Problem, Rows

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

    from linnet.solvers.least_squares.statistics import Statistics


class Regression(RegressorMixin, LinearEstimator):
    """A linear model of one target, (N,), or of several, (N, K)."""

    _loss: ClassVar[str] = "squared"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Any:
        """The predictions, (N,) or (N, K), of rows (N, D)."""
        return self._scores(X, "predict")

    def _check_inputs(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        return self._rows_and_targets(X, y, reset, multi_output=True, y_numeric=True)

    def _pose(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Problem, Space]:
        Y = as_numpy(y)
        if reset:
            self._is_flat, self._dtype = Y.ndim == 1, model_dtype(X)
        Y = (Y if Y.dtype.kind == "f" else Y.astype(np.float64)).reshape(len(Y), -1)
        self._check_targets(Y)
        weights = row_weights(sample_weight, X)
        problem = Problem(
            Rows(X, Y, weights), self._loss, float(self.l2), float(self.l1), self.fit_intercept,
            self.standardize, weights,
        )  # fmt: skip
        return problem, Space.of(X)

    def _check_targets(self, Y: np.ndarray) -> None:
        """Refuse targets that are not of the model's kind."""

    def _keep(self, theta: Tensor | np.ndarray, iterations: int, space: Space) -> Self:
        theta = narrow(theta, self._dtype)
        coef, intercept = space.array(theta[:, :-1]), space.array(theta[:, -1])
        self.coef_ = coef[0, ...] if self._is_flat else coef
        self.intercept_ = intercept[0] if self._is_flat else intercept
        self.n_iter_ = iterations
        return self


SOLVERS = {"auto", "qr", "svd", "cholesky", "newton", "lbfgs", "proximal", "sgd"}


def _can_go_on(estimator: LinearRegressor) -> bool:
    """Sums of rows know nothing of L1, for which there is gradient descent."""
    check_stream(estimator)
    return not estimator.l1 or estimator.solver == "sgd"


@dataclass(kw_only=True, eq=False, repr=False)
class LinearRegressor(Regression):
    """Linear regression: the minimum of the mean of ½ Σ_k (ŷ_k − y_k)² and of ½ l2 ‖W‖² + l1 ‖W‖₁.

    The mean is weighted by `sample_weight`, the bias is not penalised. With N rows, l2 is scikit-learn's
    `Ridge(alpha=l2·N)`; l1 is its `Lasso(alpha=l1)`. With l2 = l1 = 0 it is
    `LinearRegression(tol=0)`: of all best fits the one with the shortest weights.

    Args:
        l2: the weight of half the squared norm of the weights.
        l1: the weight of the absolute sum of the weights; gives exact zeros.
        fit_intercept: whether there is a bias.
        standardize: whether columns are brought to mean 0 and deviation 1 for the fit, by `sample_weight`, so
            that the penalty is the same for all units; without a bias, and of sparse X, to deviation 1 alone.
            `coef_` and `intercept_` are of the columns as they stand, those that `warm_start` starts from
            too. There is no `partial_fit` then.
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

    lr: float | None = None
    batch_size: int = 256
    random_state: Any = None

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
        problem, space = self._pose(*self._check_inputs(X, y, is_first), sample_weight, is_first)
        if self.solver == "sgd":
            theta = self._step_through(problem)
            return self._keep(theta, vars(self).get("n_iter_", 0) + 1, space)
        from linnet.estimators.solving import solve_sums
        from linnet.solvers.least_squares.statistics import Statistics

        before: Statistics | None = vars(self).get("statistics_")
        more = Statistics.of(problem.data, like=before)
        self.statistics_ = more if before is None else before + more
        answer = solve_sums(self.statistics_, problem)
        return self._keep(answer.theta, answer.iterations, space)


SOLVERS_OF_COUNTS = {"auto", "newton", "lbfgs", "staged", "proximal"}


@dataclass(kw_only=True, eq=False, repr=False)
class PoissonRegressor(Regression):
    """Poisson regression with the log link: the minimum of half the mean deviance and of ½ l2 ‖W‖² + l1 ‖W‖₁.

    The mean is weighted by `sample_weight`, the bias is not penalised. l2 is the `alpha` of scikit-learn's
    PoissonRegressor, whose name and predictions this has, too.

    Args:
        l2: the weight of half the squared norm of the weights.
        l1: the weight of the absolute sum of the weights; gives exact zeros.
        fit_intercept: whether there is a bias.
        standardize: whether columns are brought to mean 0 and deviation 1 for the fit, by `sample_weight`, so
            that the penalty is the same for all units; without a bias, and of sparse X, to deviation 1 alone.
            `coef_` and `intercept_` are of the columns as they stand, those that `warm_start` starts from
            too.
        solver: "auto", by size; "newton", "lbfgs" or "staged" (L-BFGS that starts from a sample); or
            "proximal" (for l1).
        tol: the gain that may be left, as a share of the objective.
        max_iter: iterations; the solver's own number if None.
        warm_start: start from the weights there are.

    Attributes:
        coef_: the weights, (D,).
        intercept_: the bias, a number.
        n_iter_: iterations, at least 1.
        n_features_in_: D.
        feature_names_in_: the columns' names, where X has them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        name: LinearEstimator._parameter_constraints[name]
        for name in ("l2", "l1", "fit_intercept", "standardize", "tol", "max_iter", "warm_start")
    } | {"solver": [StrOptions(SOLVERS_OF_COUNTS)]}
    _loss: ClassVar[str] = "poisson"

    l2: float = 1e-4

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only, tags.target_tags.multi_output = True, False
        return tags

    def _check_inputs(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        return self._rows_and_targets(X, y, reset, y_numeric=True)

    def _check_targets(self, Y: np.ndarray) -> None:
        from linnet.core.losses.poisson import Poisson

        Poisson().check_targets(tensor(Y))

    def predict(self, X: Any) -> Any:
        """The means, (N,), of rows (N, D)."""
        return Space.of(X).xp.exp(self._scores(X, "predict"))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that is explained, as scikit-learn's PoissonRegressor has it."""
        return d2_tweedie_score(as_numpy(y), as_numpy(self.predict(X)), sample_weight=sample_weight, power=1)
