"""Linear steps of a scikit-learn pipeline, taken into the weights of the linear model behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError


class Weights(NamedTuple):
    """A linear model, `scores = X Wᵀ + b`.

    Args:
        W: weights, (K, D), float64.
        b: biases, (K,), float64.
    """

    W: NDArray[np.float64]
    b: NDArray[np.float64]

    def behind(self, factor: Any, center: Any) -> Weights:
        """The weights for x of a model of `(x − center) · factor`; either is (D,), a number, or None."""
        W = self.W if factor is None else self.W * factor
        return Weights(W, self.b if center is None else self.b - W @ np.broadcast_to(center, W.shape[1:]))


def _standard(step: Any, model: Weights) -> Weights:
    return model.behind(
        None if step.scale_ is None else 1 / step.scale_, step.mean_ if step.with_mean else None
    )


def _robust(step: Any, model: Weights) -> Weights:
    return model.behind(None if step.scale_ is None else 1 / step.scale_, step.center_)


def _min_max(step: Any, model: Weights) -> Weights:
    if step.clip:
        raise UsageError("the step MinMaxScaler(clip=True) is not linear: leave clip out")
    return Weights(model.W * step.scale_, model.b + model.W @ step.min_)


def _max_abs(step: Any, model: Weights) -> Weights:
    return model.behind(1 / step.scale_, None)


def _components(step: Any, model: Weights) -> Weights:
    """PCA and its kin: rows less their mean, times the components."""
    is_white = getattr(step, "whiten", False)
    W = model.W / np.sqrt(step.explained_variance_) if is_white else model.W
    return Weights(W @ step.components_, model.b).behind(None, getattr(step, "mean_", None))


def _selection(step: Any, model: Weights) -> Weights:
    chosen = step.get_support()
    W = np.zeros((len(model.W), len(chosen)))
    W[:, chosen] = model.W
    return Weights(W, model.b)


def _function(step: Any, model: Weights) -> Weights:
    if step.func is not None:
        raise UsageError(
            f"the step FunctionTransformer({getattr(step.func, '__name__', step.func)}) may be any function, "
            "which cannot be taken into the weights of a linear model"
        )
    return model


FOLDS: Mapping[str, Callable[[Any, Weights], Weights]] = {
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": _max_abs,
    **dict.fromkeys(("PCA", "IncrementalPCA", "TruncatedSVD"), _components),
    "FunctionTransformer": _function,
}
"""The steps of scikit-learn that are linear, by the names of their classes; so is a selection of columns."""


def fold(step: Any, model: Weights) -> Weights:
    """The linear model of what comes into a step of one of what comes out of it.

    Args:
        step: a fitted transformer of scikit-learn; None or "passthrough" for none.
        model: behind it.

    Raises:
        UsageError: the step is not linear, or none that is known to be.
    """
    from sklearn.feature_selection import SelectorMixin

    if step is None or step == "passthrough":
        return model
    name = type(step).__name__
    if isinstance(step, SelectorMixin):
        return _selection(step, model)
    if name not in FOLDS or not type(step).__module__.startswith("sklearn."):
        raise UsageError(
            f"the step {name} cannot be taken into the weights of a linear model: expected "
            f"{', '.join(FOLDS)} or a selection of columns, with a TableEncoder before them or none"
        )
    return FOLDS[name](step, model)
