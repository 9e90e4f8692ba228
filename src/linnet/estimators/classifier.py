"""`SoftmaxClassifier`: softmax and logistic regression, as scikit-learn's estimators are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import expit
from scipy.special import log_softmax as numpy_log_softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.linear_model._base import SparseCoefMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.extmath import softmax as numpy_softmax
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from linnet.estimators.arrays import Space, as_numpy, class_factors, row_weights, tensor
from linnet.estimators.base import LinearEstimator, check_stream, model_dtype, narrow
from linnet.estimators.problem import Problem, Rows
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import Self


class Classification(SparseCoefMixin, ClassifierMixin, LinearEstimator):
    """A linear model of K classes; of two, one row of weights says how far the second is ahead."""

    class_weight: Any
    classes_: Any
    class_counts_: np.ndarray

    def decision_function(self, X: Any) -> Any:
        """The scores of rows (N, D): (N, K), or (N,) for two classes, above 0 for the second."""
        return self._decide(X, "decision_function")

    def predict(self, X: Any) -> Any:
        """The likeliest class of each row, (N,)."""
        scores = self._decide(X, "predict")
        if isinstance(scores, np.ndarray) and isinstance(self.classes_, np.ndarray):
            return self.classes_[(scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(1)]
        scores = tensor(scores)
        index = (scores > 0).long() if scores.ndim == 1 else scores.argmax(1)
        labels, space = Space.of(self.classes_), Space.of(X)
        if labels.is_numpy:
            found = self.classes_[as_numpy(index)]
            is_number = found.dtype.kind in "biuf"
            return space.array(found) if is_number and not space.is_numpy else found
        return space.array(tensor(self.classes_).to(index.device)[index])

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, (N, K)."""
        scores = self._decide(X, "predict_proba")
        if isinstance(scores, np.ndarray) and np.isfinite(scores.sum()):
            return _probabilities(scores)
        from linnet.core.functional import softmax

        return Space.of(X).array(softmax(_logits(scores)))

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities, (N, K), which stay exact where those are all but 0."""
        scores = self._decide(X, "predict_log_proba")
        if isinstance(scores, np.ndarray) and np.isfinite(scores.sum()):
            return _log_probabilities(scores)
        from linnet.core.functional import log_softmax

        return Space.of(X).array(log_softmax(_logits(scores)))

    def _decide(self, X: Any, method: str) -> Any:
        scores = self._scores(X, method)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def _check_inputs(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = self._rows_and_targets(X, y, reset)
        if not (isinstance(y, np.ndarray) and y.dtype.kind in "iu" and y.ndim == 1):
            check_classification_targets(y)
        return X, y

    def _pose(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Problem, Space]:
        """See `LinearEstimator._pose`; without a reset y holds known classes, and there are other rows."""
        if reset:
            index = self._learn_classes(y)
            self._dtype = model_dtype(X)
        else:
            index = number_labels(self.classes_, y)
        count = self.classes_.shape[0]
        if count < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one "
                f"class: {as_numpy(self.classes_)[0]!r}"
            )
        weights = own = row_weights(sample_weight, X)
        if self.class_weight is not None:
            counts = np.bincount(index, weights, minlength=count).astype(np.float64)  # (K,)
            if not reset:  # a balance is struck of all rows seen
                counts = self.class_counts_ = counts + vars(self).get("class_counts_", 0)
            factors = class_factors(self.class_weight, self.classes_, counts)[index]
            weights = factors if weights is None else weights * factors
        if count == 2:
            kind, rows = "logistic", Rows(X, index[:, None].astype(np.float64), weights)
        else:
            kind, rows = "softmax", Rows(X, index, weights, count)
        problem = Problem(
            rows, kind, intercept=self.fit_intercept, standardize=self.standardize, own_weights=own
        )
        return problem.with_penalty(float(self.l2), float(self.l1)), Space.of(X)

    def _learn_classes(self, y: Any) -> np.ndarray:
        """Learn the classes; the number of each row's, (N,)."""
        before = vars(self).get("classes_")
        self.classes_, inverse = Space.of(y).xp.unique_inverse(y)
        if before is not None and before.shape != self.classes_.shape:
            vars(self).pop("coef_", None)  # of another problem, no start for this one
        return as_numpy(inverse).reshape(-1).astype(np.int64, copy=False)

    def _keep(self, theta: Tensor | np.ndarray, iterations: int, space: Space) -> Self:
        theta = narrow(theta, self._dtype)
        self.coef_ = space.array(theta[:, :-1])
        self.intercept_ = space.array(theta[:, -1])
        self.n_iter_ = space.array(np.array([iterations], np.int32))
        return self


def _logits(scores: Any) -> Tensor:
    """Scores of all classes, (N, K): of two, the first has 0."""
    scores = tensor(scores)
    return torch.stack([torch.zeros_like(scores), scores], 1) if scores.ndim == 1 else scores


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """The probabilities (N, K) of finite scores, without torch, whose calls take longer."""
    if scores.ndim == 1:
        return np.stack([expit(-scores), expit(scores)], 1)
    return numpy_softmax(scores, copy=False)


def _log_probabilities(scores: np.ndarray) -> np.ndarray:
    """Likewise their logarithms."""
    if scores.ndim == 1:
        return np.stack([-np.logaddexp(0, scores), -np.logaddexp(0, -scores)], 1)
    return numpy_log_softmax(scores, axis=1)


def number_labels(classes: Any, y: Any) -> np.ndarray:
    """The number of each row's class, (N,).

    Raises:
        ValueError: a label is none of the classes.
    """
    numbers = {label: k for k, label in enumerate(as_numpy(classes).tolist())}
    labels = as_numpy(y).tolist()
    if unknown := sorted({str(label) for label in labels if label not in numbers}):
        raise ValueError(f"y contains labels that are not in classes: {', '.join(unknown[:5])}")
    return np.array([numbers[label] for label in labels], np.int64)


SOLVERS = {"auto", "newton", "lbfgs", "staged", "proximal", "sgd"}


def _can_go_on(estimator: SoftmaxClassifier) -> bool:
    check_stream(estimator)
    return True


@dataclass(kw_only=True, eq=False, repr=False)
class SoftmaxClassifier(Classification):
    """Softmax regression: the minimum of the mean cross-entropy and of ½ l2 ‖W‖² + l1 ‖W‖₁.

    The mean is weighted by `sample_weight` and `class_weight`, the bias is not penalised. W is (K, D), as in
    `linnet.fit`, `sweep`, `solve` and `path`: the same l2 and l1 give the same model everywhere. With Σw the
    sum of the weights, N without any, l2 is scikit-learn's `LogisticRegression(C=1/(l2·Σw))` for more than
    two classes and `C=2/(l2·Σw)` for two.

    Of two classes `coef_` is one row w, whose score is how much the second class is ahead of the first. It
    stands for softmax's rows ±w/2, so the penalty is ¼ l2 ‖w‖² + l1 ‖w‖₁.

    Args:
        l2: the weight of half the squared norm of the weights. At 0, classes that can be told apart without
            error have no optimum.
        l1: the weight of the absolute sum of the weights; gives exact zeros.
        fit_intercept: whether there is a bias.
        standardize: whether columns are brought to mean 0 and deviation 1 for the fit, by `sample_weight`, so
            that the penalty is the same for all units; without a bias, and of sparse X, to deviation 1 alone.
            `coef_` and `intercept_` are of the columns as they stand, those that `warm_start` starts from
            too. There is no `partial_fit` then.
        class_weight: None, "balanced" (each class counts alike, however many rows it has; in `partial_fit`,
            of those seen so far), or a dict of class to weight.
        solver: "auto", by size; "newton", "lbfgs" or "staged" (L-BFGS that starts from a sample);
            "proximal" (for l1); or "sgd" (linnet's minibatch trainer).
        tol: the gain that may be left, as a share of the objective; for "sgd" 1e-3 at least.
        max_iter: iterations, or the epochs of "sgd"; the solver's own number (for "sgd" 50) if None.
        lr: the learning rate of "sgd" and `partial_fit`; one that cannot diverge if None.
        batch_size: the rows of a minibatch of "sgd" and `partial_fit`.
        warm_start: start from the weights there are.
        random_state: of the order of rows of "sgd" and `partial_fit`.

    Attributes:
        classes_: the labels, (K,).
        coef_: the weights, (K, D), or (1, D) for two classes.
        intercept_: the biases, (K,) or (1,).
        n_iter_: iterations or epochs, (1,).
        class_counts_: how many rows of each class `partial_fit` has seen, by weight, (K,); kept
            where there is a class_weight.
        stream_: the number, weight, mean and size of the rows that `partial_fit` has seen.
        n_features_in_: D.
        feature_names_in_: the columns' names, where X has them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **LinearEstimator._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "solver": [StrOptions(SOLVERS)],
    }

    l2: float = 1e-4
    class_weight: Any = None
    lr: float | None = None
    batch_size: int = 256
    random_state: Any = None

    @available_if(_can_go_on)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> SoftmaxClassifier:
        """Make one pass of gradient steps over some rows, from the weights there are.

        A step divides by the rows of its minibatch times the mean weight of all rows so far, so that weights
        count as in `fit` however few rows a call brings. After a `fit` the count begins anew.

        Args:
            X: rows, (N, D).
            y: labels, (N,).
            classes: all labels there will be; needed at the first call.
            sample_weight: how much each row counts, (N,).
        """
        is_first = "coef_" not in vars(self)
        X, y = self._check_inputs(X, y, is_first)
        self._check_classes(y, classes)
        if is_first:
            self._dtype = model_dtype(X)
        problem, space = self._pose(X, y, sample_weight, reset=False)
        theta = self._step_through(problem, self._weight_so_far())
        done = 0 if is_first else int(self.n_iter_[0])
        return self._keep(theta, done + 1, space)

    def _weight_so_far(self) -> float | None:
        """The weight of all rows of the stream where classes have weights, by those they have now."""
        if self.class_weight is None:
            return None
        factors = class_factors(self.class_weight, self.classes_, self.class_counts_)
        return float(factors @ self.class_counts_)

    def _check_classes(self, y: Any, classes: Any) -> None:
        """Learn the classes at the first `partial_fit`, and refuse others later."""
        known = vars(self).get("classes_")
        if classes is None and known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if classes is None:
            return
        given = Space.of(y).xp.unique_values(Space.of(y).xp.asarray(classes))
        if known is None or "coef_" not in vars(self):
            self.classes_ = given
        elif as_numpy(given).tolist() != as_numpy(known).tolist():
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
            )
