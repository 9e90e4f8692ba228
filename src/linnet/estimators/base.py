"""`LinearEstimator`: what the estimators share: their settings, the reading of inputs, and scores."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from linnet.data.tensors import as_frame
from linnet.errors import UsageError
from linnet.estimators.arrays import Space, are_numbers, check_same, is_ready, tensor
from linnet.estimators.few import solve_few
from linnet.estimators.problem import Answer, Method, Problem
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self

    from linnet.solvers.frame import Stream

OF_PARTS = ("statistics_", "class_counts_", "stream_")
"""What `partial_fit` has gathered, which a `fit` forgets."""

AMOUNT = Interval(Real, 0, None, closed="left")

PLAIN = (float, int, bool, str, type(None))
"""Kinds of settings that never change what they are."""

VALID: set[Any] = set()
"""The settings that have been looked at, with their classes."""

MANY = 1000
"""Settings that are kept in mind, at most."""


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
        _dtype: str = field(init=False)
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
    def _keep(self, theta: Tensor | np.ndarray, iterations: int, space: Space) -> Self:
        """Take θ, (K, D + 1), as the model's parameters."""

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return _names_of(cls)

    def _validate_params(self) -> None:
        """Settings of plain kinds that have been looked at once are not looked at again."""
        settings = tuple(vars(self).get(name) for name in self._get_param_names())
        if not all(type(value) in PLAIN for value in settings):
            return super()._validate_params()
        key = type(self), settings, tuple(map(type, settings))  # for 1, 1.0 and True are equal
        if key not in VALID:
            super()._validate_params()
            if len(VALID) >= MANY:
                VALID.clear()
            VALID.add(key)
        return None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags

    def _rows_and_targets(self, X: Any, y: Any, reset: bool, **checks: Any) -> tuple[Any, Any]:
        """Both as scikit-learn checks them; dense rows of float32, float64 and uint8 stay as they are."""
        if reset and is_ready(X, y):
            vars(self).pop("feature_names_in_", None)
            self.n_features_in_ = X.shape[1]
            return X, y
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

    def _is_ready(self, X: Any) -> bool:
        """Whether rows to answer are as they are to be."""
        mine = vars(self)
        return (
            "coef_" in mine
            and "feature_names_in_" not in mine
            and isinstance(self.coef_, np.ndarray)
            and are_numbers(X, "df")
            and X.shape[1] == mine.get("n_features_in_")
        )

    def _dtypes(self, X: Any, reset: bool = False) -> list[Any]:
        xp = Space.of(X).xp
        return [xp.float64, xp.float32, xp.uint8] if reset and not sparse.issparse(X) else [
            xp.float64, xp.float32,
        ]  # fmt: skip

    def _scores(self, X: Any, method: str) -> Any:
        """`X coef_ᵀ + intercept_` in the input's own library."""
        if self._is_ready(X):
            return X @ self.coef_.T + self.intercept_
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
        answer = self._minimise(problem, self._start(problem) if self.warm_start else None)
        return self._keep(answer.theta, answer.iterations, space)

    def _minimise(self, problem: Problem, start: Tensor | None = None) -> Answer:
        """The optimum, without torch where there are few numbers."""
        method = self._method()
        few = solve_few(problem, method) if start is None else None
        if few is not None and few.is_settled:
            return few
        from linnet.estimators.solving import minimise

        return minimise(problem, method, start, few)

    def _step_through(self, problem: Problem, weight: float | None = None) -> Tensor:
        """θ, (K, D + 1), after a pass over the next rows of the stream that `stream_` keeps count of.

        Args:
            problem: of these rows.
            weight: the sum of the weights of all rows so far, where those before have other weights now.
        """
        from linnet.estimators.solving import descend_models
        from linnet.solvers.frame import Stream

        before = vars(self).get("stream_") or Stream.empty(problem.data.features)
        self.stream_ = before.with_rows(problem.objective.rows, weight)
        return descend_models(
            problem, self._method(), [problem.l2], self._start(problem), epochs=1,
            schedule="constant", seen=self.stream_,
        ).theta  # fmt: skip

    def _method(self) -> Method:
        seed = 0
        if self.random_state is not None or self.solver == "sgd":
            seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        return Method(self.solver, self.tol, self.max_iter, seed, self.lr, self.batch_size)

    def _start(self, problem: Problem) -> Tensor | None:
        """The parameters there are, (K, D + 1), float64, as a start; None where none fit.

        Raises:
            UsageError: they are not finite.
        """
        if "coef_" not in vars(self):
            return None
        coef = tensor(self.coef_.toarray() if sparse.issparse(self.coef_) else self.coef_).double()
        W = coef.reshape(-1, coef.shape[-1])
        if W.shape != (problem.data.outputs, problem.data.features):
            return None
        b = torch.as_tensor(self.intercept_).detach().to(W).reshape(-1).expand(len(W))
        start = torch.cat([W, b[:, None]], 1)
        if not bool(start.isfinite().all()):
            raise UsageError(
                "coef_ or intercept_, from which to go on, has NaN or infinite numbers: to begin anew, set "
                "warm_start=False, or take a clone"
            )
        return start


@cache
def _names_of(kind: type[LinearEstimator]) -> list[str]:
    """The settings of a class, for which scikit-learn reads a signature each time."""
    return super(LinearEstimator, kind)._get_param_names()


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


def model_dtype(X: Any) -> str:
    """The dtype of a model of such rows."""
    return "float32" if str(X.dtype).endswith("float32") else "float64"


def narrow(theta: Tensor | np.ndarray, dtype: str) -> Any:
    """Parameters in a model's dtype."""
    return (
        theta.astype(dtype, copy=False) if isinstance(theta, np.ndarray) else theta.to(getattr(torch, dtype))
    )
