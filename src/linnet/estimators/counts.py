"""`PoissonRegressor`: Poisson regression with L2 and L1 penalties, as scikit-learn's estimators are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sklearn.metrics import d2_tweedie_score
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions

from linnet.core.losses import Loss
from linnet.core.losses.poisson import Poisson
from linnet.estimators.arrays import Space, as_numpy
from linnet.estimators.base import LinearEstimator
from linnet.estimators.regressor import Regression

SOLVERS = {"auto", "newton", "lbfgs", "staged", "proximal"}


@dataclass(kw_only=True, eq=False, repr=False)
class PoissonRegressor(Regression):
    """Poisson regression with the log link: the minimum of half the mean deviance and of ½ l2 ‖W‖² + l1 ‖W‖₁.

    The mean is weighted by `sample_weight`, the bias is not penalised. l2 is the `alpha` of scikit-learn's
    PoissonRegressor, whose name and predictions this has, too.

    Args:
        l2: the weight of half the squared norm of the weights.
        l1: the weight of the absolute sum of the weights; gives exact zeros.
        fit_intercept: whether there is a bias.
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
        for name in ("l2", "l1", "fit_intercept", "tol", "max_iter", "warm_start")
    } | {"solver": [StrOptions(SOLVERS)]}
    _loss: ClassVar[Loss] = Poisson()

    l2: float = 1e-4

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only, tags.target_tags.multi_output = True, False
        return tags

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        return self._rows_and_targets(X, y, reset, y_numeric=True)

    def predict(self, X: Any) -> Any:
        """The means, (N,), of rows (N, D)."""
        return Space.of(X).xp.exp(self._scores(X, "predict"))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """D², the share of the deviance that is explained, as scikit-learn's PoissonRegressor has it."""
        return d2_tweedie_score(as_numpy(y), as_numpy(self.predict(X)), sample_weight=sample_weight, power=1)
