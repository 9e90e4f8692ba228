"""How much rows count: what `sample_weight` and `class_weight` say together."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import _check_sample_weight, check_non_negative
from torch import Tensor

from linnet.config import Knobs
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


def counted(y: Tensor, weights: Tensor | None, classes: int) -> Tensor:
    """How many rows of each class there are, by weight, (K,), float64.

    Args:
        y: each row's class, (N,), int64.
        weights: of the rows, (N,), or None.
        classes: K.
    """
    return torch.bincount(y, weights, minlength=classes).double().cpu()


def class_factors(class_weight: Any, classes: Any, counts: Tensor) -> Tensor:
    """How much each class counts, (K,), float64.

    Args:
        class_weight: "balanced", or class to weight; classes that are not named weigh 1.
        classes: the labels, (K,), an array.
        counts: how many rows each class has, (K,); a class without any weighs 0 in a balance.

    Raises:
        ValueError: a weight for a class that is not there.
    """
    if class_weight == "balanced":
        given = Knobs(class_weight="balanced").weights_of_classes(counts.tolist())
        return torch.tensor(given, dtype=torch.float64)
    labels = as_numpy(classes)
    return torch.from_numpy(compute_class_weight(class_weight, classes=labels, y=labels)).double()
