"""`SoftmaxClassifier`: softmax and logistic regression, as scikit-learn's estimators are used."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions

from linnet.estimators.arrays import Space, as_numpy
from linnet.estimators.base import LinearEstimator, real
from linnet.estimators.classification import Classification
from linnet.estimators.methods import solved
from linnet.estimators.weights import class_factors

SOLVERS = {"auto", "newton", "lbfgs", "staged", "proximal", "sgd"}


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
        class_counts_: how many rows of each class `partial_fit` has seen, by weight, (K,), a tensor; kept
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

    def __init__(
        self,
        *,
        l2: float = 1e-4,
        l1: float = 0.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
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
        self.class_weight = class_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.lr = lr
        self.batch_size = batch_size
        self.warm_start = warm_start
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SoftmaxClassifier:
        """Fit the model.

        Args:
            X: rows, (N, D): an array, a data frame, or scipy.sparse.
            y: labels, (N,), numbers or strings.
            sample_weight: how much each row counts, (N,).
        """
        problem, space = self._posed(*self._checked(X, y, True), sample_weight, True)
        for name in ("class_counts_", "stream_"):
            vars(self).pop(name, None)
        start = self._theta(problem.outputs, problem.features) if self.warm_start else None
        answer = solved(problem, self._method(), start)
        return self._keep(answer.theta, answer.iterations, space)

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
        X, y = self._checked(X, y, is_first)
        self._check_classes(y, classes)
        if is_first:
            self._dtype = real(X)
        problem, space = self._posed(X, y, sample_weight, reset=False)
        theta = self._streamed(problem, self._weight_so_far())
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
