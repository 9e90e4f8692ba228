"""`Regression`: what the regressors share: targets in, predictions out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from torch import Tensor

from linnet.core.losses import SquaredError
from linnet.core.penalties import Penalty
from linnet.estimators.arrays import Space, tensor
from linnet.estimators.base import LinearEstimator, inside, real
from linnet.estimators.problem import Problem
from linnet.estimators.weights import row_weights

if TYPE_CHECKING:
    from typing_extensions import Self


class Regression(RegressorMixin, LinearEstimator):
    """A linear model of one target, (N,), or of several, (N, K)."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Any:
        """The predictions, (N,) or (N, K), of rows (N, D)."""
        return self._scores(X, "predict")

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        return self._rows_and_targets(X, y, reset, multi_output=True, y_numeric=True)

    def _posed(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Problem, Space]:
        space, rows = Space.of(X), inside(X)
        Y = tensor(y).to(rows.device if isinstance(rows, Tensor) else "cpu")
        if reset:
            self._is_flat, self._dtype = Y.ndim == 1, real(X)
        Y = (Y if Y.is_floating_point() else Y.double()).reshape(len(Y), -1)
        weights = row_weights(sample_weight, X, Y.device)
        loss = SquaredError()
        penalty = Penalty(float(self.l2), float(self.l1))
        return Problem(rows, Y, Y.shape[1], weights, loss, penalty, self.fit_intercept), space

    def _keep(self, theta: Tensor, iterations: int, space: Space) -> Self:
        theta = theta.to(self._dtype)
        coef, intercept = space.array(theta[:, :-1].contiguous()), space.array(theta[:, -1].contiguous())
        self.coef_ = coef[0, ...] if self._is_flat else coef
        self.intercept_ = intercept[0] if self._is_flat else intercept
        self.n_iter_ = iterations
        return self
