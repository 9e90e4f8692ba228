"""How much rows count: what `sample_weight` and `class_weight` say together."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import _check_sample_weight, check_non_negative
from torch import Tensor

from linnet.estimators.arrays import as_numpy, tensor


def row_weights(sample_weight: Any, X: Any, device: torch.device) -> Tensor | None:
    """The weights of rows, (N,), float64; None where all count alike.

    Raises:
        ValueError: they are not one a row, negative, not finite, or all 0.
    """
    if sample_weight is None:
        return None
    checked = _check_sample_weight(sample_weight, X)
    check_non_negative(checked, "`sample_weight`")
    weights = tensor(checked).to(device).double()
    if not bool((weights > 0).any()):
        raise ValueError("Sample weights must contain at least one non-zero number: all are zero.")
    return weights


def with_classes(
    weights: Tensor | None, class_weight: Any, classes: Any, y: Tensor, *, is_partial: bool = False
) -> Tensor | None:
    """The weights of rows times those of their classes, (N,), float64.

    Args:
        weights: of the rows.
        class_weight: None, "balanced", or class to weight; classes that are not named weigh 1.
        classes: the labels, (K,), an array.
        y: each row's class, (N,), int64.
        is_partial: whether there are other rows, so that no balance can be struck.

    Raises:
        ValueError: it names a class that is not there, or a balance is asked for of some rows.
    """
    if class_weight is None:
        return weights
    if is_partial and isinstance(class_weight, str):
        raise ValueError(
            f"class_weight {class_weight!r} is not supported for partial_fit, which sees some rows only: "
            "compute the weights with compute_class_weight from rows that stand for all, and give them as "
            "a dict."
        )
    labels, indices = as_numpy(classes), as_numpy(y)
    given = None if weights is None else as_numpy(weights)
    try:
        of_class = compute_class_weight(class_weight, classes=labels, y=labels[indices], sample_weight=given)
    except TypeError:  # scikit-learn before 1.7 has no sample_weight here
        of_class = compute_class_weight(class_weight, classes=labels, y=labels[indices])
    factors = torch.from_numpy(of_class).double().to(y.device)[y]
    return factors if weights is None else weights * factors
