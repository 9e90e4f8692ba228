"""`LinearEstimator`: what the estimators share: their settings, the reading of inputs, and scores."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from linnet.data.tensors import as_frame
from linnet.errors import UsageError
from linnet.estimators.arrays import Space, check_same, tensor
from linnet.estimators.methods import Method, Problem, descend_models, minimise
from linnet.solvers.frame import Stream

if TYPE_CHECKING:
    from typing_extensions import Self

OF_PARTS = ("statistics_", "class_counts_", "stream_")
"""What `partial_fit` has gathered, which a `fit` forgets."""

AMOUNT = Interval(Real, 0, None, closed="left")


@dataclass(kw_only=True, eq=False, repr=False)
class LinearEstimator(BaseEstimator):
    """Weights and biases of a linear model: `scores = X coef_ᵀ + intercept_`.

    Settings are fields: scikit-learn reads their names off the signature that dataclasses make of them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "l2": [AMOUNT],
        "l1": [AMOUNT],
        "fit_intercept": ["boolean"],
        "standardize": ["boolean"],
        "tol": [AMOUNT],
        "max_iter": [Interval(Integral, 0, None, closed="left"), None],
        "lr": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
    }

    l2: float = 0.0
    l1: float = 0.0
    fit_intercept: bool = True
    standardize: bool = False
    solver: str = "auto"
    tol: float = 1e-9
    max_iter: int | None = None
    warm_start: bool = False
    # Settings of gradient descent alone, for estimators that have no "sgd".
    lr: float | None = field(default=None, init=False)
    batch_size: int = field(default=256, init=False)
    random_state: Any = field(default=None, init=False)
    if TYPE_CHECKING:  # learnt, no settings
        _dtype: torch.dtype = field(init=False)
        coef_: Any = field(init=False)
        intercept_: Any = field(init=False)
        stream_: Stream = field(init=False)

    @abstractmethod
    def _check_inputs(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        """Inputs as scikit-learn checks them."""

    @abstractmethod
    def _pose(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Problem, Space]:
        """Checked inputs as a problem, and where they are; learns what kind it is at a reset."""

    @abstractmethod
    def _keep(self, theta: Tensor, iterations: int, space: Space) -> Self:
        """Take θ, (K, D + 1), as the model's parameters."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags

    def _rows_and_targets(self, X: Any, y: Any, reset: bool, **checks: Any) -> tuple[Any, Any]:
        """Both as scikit-learn checks them; dense rows of float32, float64 and uint8 stay as they are."""
        try:
            checked: Any = validate_data(
                self,
                X,
                y,
                reset=reset,
                accept_sparse="csr",
                dtype=self._dtypes(X, reset),
                order="C",
                **checks,
            )
        except ValueError as error:
            if (named := _find_text(X)) is None:
                raise
            raise UsageError(
                f"{named} of X holds no numbers: {type(self).__name__} takes numbers alone, which a "
                f"TableEncoder makes of such columns: make_pipeline(TableEncoder(), {type(self).__name__}())"
            ) from error
        if checks.get("y_numeric") and getattr(checked[1].dtype, "kind", "f") in "US":
            raise ValueError(
                f"y holds texts, and {type(self).__name__} predicts numbers: convert them by "
                "y.astype(float), or take SoftmaxClassifier if they are classes"
            )
        return checked

    def _dtypes(self, X: Any, reset: bool = False) -> list[Any]:
        xp = Space.of(X).xp
        return [xp.float64, xp.float32, xp.uint8] if reset and not sparse.issparse(X) else [
            xp.float64, xp.float32,
        ]  # fmt: skip

    def _scores(self, X: Any, method: str) -> Any:
        """`X coef_ᵀ + intercept_` in the input's own library."""
        check_is_fitted(self)
        check_same(X, self.intercept_, type(self).__name__, method)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=self._dtypes(X))
        coef = self.coef_.T if self.coef_.ndim == 2 else self.coef_
        return safe_sparse_dot(X, coef, dense_output=True) + self.intercept_

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Args:
            X: rows, (N, D): an array, a data frame, or scipy.sparse.
            y: labels, (N,), numbers or strings; or targets, (N,) or (N, K); counts of at least 0, not all 0.
            sample_weight: how much each row counts, (N,).

        Raises:
            ValueError: the targets are not of the model's kind.
        """
        problem, space = self._pose(*self._check_inputs(X, y, True), sample_weight, True)
        for name in OF_PARTS:
            vars(self).pop(name, None)
        start = self._start(problem) if self.warm_start else None
        answer = minimise(problem, self._method(), start)
        return self._keep(answer.theta, answer.iterations, space)

    def _step_through(self, problem: Problem, weight: float | None = None) -> Tensor:
        """θ, (K, D + 1), after a pass over the next rows of the stream that `stream_` keeps count of.

        Args:
            problem: of these rows.
            weight: the sum of the weights of all rows so far, where those before have other weights now.
        """
        before = vars(self).get("stream_") or Stream.empty(problem.data.features)
        self.stream_ = before.with_rows(problem.objective.rows, weight)
        return descend_models(
            problem, self._method(), [problem.penalty.l2], self._start(problem), epochs=1,
            schedule="constant", seen=self.stream_,
        ).theta  # fmt: skip

    def _method(self) -> Method:
        seed = 0
        if self.random_state is not None or self.solver == "sgd":
            seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        return Method(self.solver, self.tol, self.max_iter, seed, self.lr, self.batch_size)

    def _start(self, problem: Problem) -> Tensor | None:
        """The parameters there are, (K, D + 1), float64, as a start; None where none fit."""
        if "coef_" not in vars(self):
            return None
        coef = tensor(self.coef_.toarray() if sparse.issparse(self.coef_) else self.coef_).double()
        W = coef.reshape(-1, coef.shape[-1])
        b = torch.as_tensor(self.intercept_).detach().to(W).reshape(-1).expand(len(W))
        return (
            torch.cat([W, b[:, None]], 1)
            if W.shape == (problem.data.outputs, problem.data.features)
            else None
        )


def check_stream(estimator: LinearEstimator) -> None:
    """Refuse `partial_fit` on standardised columns, whose means and deviations later rows would change.

    Raises:
        AttributeError: columns are to be standardised; scikit-learn then says that there is no such method.
    """
    if estimator.standardize:
        raise AttributeError(
            "partial_fit sees a part of the rows, and standardize=True takes means and deviations of all: "
            "use fit, or leave standardize out and put a StandardScaler, which has a partial_fit, before it"
        )


def _find_text(X: Any) -> str | None:
    """The first column of a frame that holds something else than numbers; None where there is none."""
    frame = as_frame(X)
    if frame is None:
        return None
    kinds = {str(name): getattr(kind, "kind", "O") for name, kind in frame.dtypes.items()}
    return next((f"the column {name}" for name, kind in kinds.items() if kind not in "biuf"), None)


def as_features(X: Any) -> Any:
    """Checked rows as a data set takes them: a tensor that shares their memory, or scipy's CSR."""
    return X if sparse.issparse(X) else tensor(X)


def model_dtype(X: Any) -> torch.dtype:
    """The dtype of a model of such rows."""
    return torch.float32 if str(X.dtype).endswith("float32") else torch.float64
