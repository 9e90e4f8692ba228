"""`Classification`: what the classifiers share: labels in, classes and their probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from linnet.core.functional import log_softmax, softmax
from linnet.core.losses import Logistic, SoftmaxCrossEntropy
from linnet.core.penalties import Penalty
from linnet.estimators.arrays import Space, as_numpy, tensor
from linnet.estimators.base import LinearEstimator, inside, real
from linnet.estimators.problem import Problem
from linnet.estimators.weights import class_factors, counted, row_weights

if TYPE_CHECKING:
    from typing_extensions import Self


class Classification(ClassifierMixin, LinearEstimator):
    """A linear model of K classes; of two, one row of weights says how far the second is ahead."""

    class_weight: Any
    classes_: Any
    class_counts_: Tensor

    def decision_function(self, X: Any) -> Any:
        """The scores of rows (N, D): (N, K), or (N,) for two classes, above 0 for the second."""
        return self._decided(X, "decision_function")

    def predict(self, X: Any) -> Any:
        """The likeliest class of each row, (N,)."""
        scores = tensor(self._decided(X, "predict"))
        index = (scores > 0).long() if scores.ndim == 1 else scores.argmax(1)
        labels, space = Space.of(self.classes_), Space.of(X)
        if labels.is_numpy:
            found = self.classes_[as_numpy(index)]
            is_number = found.dtype.kind in "biuf"
            return space.array(tensor(found)) if is_number and not space.is_numpy else found
        found = tensor(self.classes_).to(index.device)[index]
        return space.array(found)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, (N, K)."""
        return Space.of(X).array(softmax(self._logits(X, "predict_proba")))

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities, (N, K), which stay exact where those are all but 0."""
        return Space.of(X).array(log_softmax(self._logits(X, "predict_log_proba")))

    def sparsify(self) -> Self:
        """Keep `coef_` as a scipy.sparse matrix, which is smaller where l1 has set most of it to 0."""
        check_is_fitted(self)
        self.coef_ = sparse.csr_matrix(self.coef_)
        return self

    def densify(self) -> Self:
        """Take `sparsify` back."""
        check_is_fitted(self)
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self

    def _decided(self, X: Any, method: str) -> Any:
        scores = self._scores(X, method)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def _logits(self, X: Any, method: str) -> Tensor:
        """Scores of all classes, (N, K): of two, the first has 0."""
        scores = tensor(self._decided(X, method))
        return torch.stack([torch.zeros_like(scores), scores], 1) if scores.ndim == 1 else scores

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = self._rows_and_targets(X, y, reset)
        check_classification_targets(y)
        return X, y

    def _posed(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Problem, Space]:
        """See `LinearEstimator._posed`; without a reset y holds known classes, and there are other rows."""
        if reset:
            index = self._learned(y)
            self._dtype = real(X)
        else:
            index = places(self.classes_, y)
        count = self.classes_.shape[0]
        if count < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one "
                f"class: {as_numpy(self.classes_)[0]!r}"
            )
        rows = inside(X)
        index = index.long().to(rows.device if isinstance(rows, Tensor) else "cpu")
        weights = row_weights(sample_weight, X, index.device)
        if self.class_weight is not None:
            counts = counted(index, weights, count)
            if not reset:  # a balance is struck of all rows seen
                counts = self.class_counts_ = counts + vars(self).get("class_counts_", 0)
            factors = class_factors(self.class_weight, self.classes_, counts).to(index.device)[index]
            weights = factors if weights is None else weights * factors
        is_pair = count == 2
        y = index[:, None].double() if is_pair else index
        loss = Logistic() if is_pair else SoftmaxCrossEntropy()
        outputs = 1 if is_pair else count
        problem = Problem(rows, y, outputs, weights, loss, Penalty(), self.fit_intercept)
        return problem.with_penalty(float(self.l2), float(self.l1)), Space.of(X)

    def _learned(self, y: Any) -> Tensor:
        """Learn the classes; the number of each row's, (N,)."""
        before = vars(self).get("classes_")
        self.classes_, inverse = Space.of(y).xp.unique_inverse(y)
        if before is not None and before.shape != self.classes_.shape:
            vars(self).pop("coef_", None)  # of another problem, no start for this one
        return tensor(inverse).reshape(-1)

    def _keep(self, theta: Tensor, iterations: int, space: Space) -> Self:
        theta = theta.to(self._dtype)
        self.coef_ = space.array(theta[:, :-1].contiguous())
        self.intercept_ = space.array(theta[:, -1].contiguous())
        self.n_iter_ = space.array(torch.tensor([iterations], dtype=torch.int32))
        return self


def places(classes: Any, y: Any) -> Tensor:
    """The number of each row's class, (N,).

    Raises:
        ValueError: a label is none of the classes.
    """
    numbers = {label: k for k, label in enumerate(as_numpy(classes).tolist())}
    labels = as_numpy(y).tolist()
    if unknown := sorted({str(label) for label in labels if label not in numbers}):
        raise ValueError(f"y contains labels that are not in classes: {', '.join(unknown[:5])}")
    return torch.tensor([numbers[label] for label in labels])
