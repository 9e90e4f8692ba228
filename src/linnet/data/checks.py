"""Checks of a data set's targets and weights, each an error that says what was got and what was expected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from linnet.data.pictures.shape import size_of
from linnet.data.row_fields import to_array
from linnet.errors import ShapeError, UsageError
from linnet.lazy import held

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset

SHARES = 1e-3
"""How far the shares of a soft label may be from summing to 1."""


def check_labels(y: np.ndarray, classes: int) -> None:
    """Refuse targets that are no classes.

    Args:
        y: places among the classes, (N,), int64; or shares of each, (N, K), floating.
        classes: K.

    Raises:
        ShapeError: they have another shape or type.
        UsageError: a place is outside the classes, or shares do not sum to 1.
    """
    if y.dtype.kind == "f" and y.ndim == 2:
        return _check_shares(y, classes)
    if y.ndim != 1 or y.dtype != np.int64:
        raise ShapeError(f"class indices must be int64 with shape (N,), got {y.dtype} {tuple(y.shape)}")
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise UsageError(f"class indices must lie in 0…{classes - 1}, got {int(y.min())}…{int(y.max())}")


def _check_shares(y: np.ndarray, classes: int) -> None:
    if y.shape[1:] != (classes,):
        raise ShapeError(
            f"soft labels must have shape (N, {classes}), a share of each class, got {tuple(y.shape)}"
        )
    if bool((y < 0).any()) or not bool((np.abs(y.sum(1, dtype=np.float64) - 1) <= SHARES).all()):
        raise UsageError("soft labels must be shares of the classes, each row summing to 1")


def check_weights(weights: np.ndarray, rows: int) -> None:
    """Refuse weights that are not one number of at least 0 for each of so many rows.

    Raises:
        ShapeError, UsageError: they are not.
    """
    if weights.shape != (rows,) or weights.dtype.kind != "f":
        raise ShapeError(
            f"weights must be floating with shape ({rows},), one a row, got {weights.dtype} "
            f"{tuple(weights.shape)}"
        )
    if not bool(((weights >= 0) & np.isfinite(weights)).all()):
        raise UsageError("weights must be finite numbers of at least 0")
    check_sum(weights)


def check_sum(weights: np.ndarray) -> None:
    """Refuse weights whose sum float64 cannot hold with all its digits, for shares are taken of it.

    Raises:
        UsageError: it is infinite, or all but 0.
    """
    with np.errstate(over="ignore"):
        total = float(weights.sum(dtype=np.float64))
    if not (total == 0 or np.finfo(np.float64).tiny <= total < np.inf):
        raise UsageError(
            f"the weights sum to {total:.3g}, which is too {'large' if total > 1 else 'small'}: bring them "
            "near 1 by a common factor, which changes no model"
        )


def check_dataset(dataset: Dataset) -> None:
    """Refuse features, targets and the rest of a data set that do not fit each other.

    Raises:
        ShapeError, UsageError: naming what does not fit.
    """
    X, y, weights = held(dataset, "X"), dataset.arrays.y, held(dataset, "weights")
    if X.ndim != 2:
        raise ShapeError(
            f"X must have shape (N, D), got {tuple(X.shape)}: flatten it to rows, "
            "X.reshape(len(X), -1), and of images give image_shape=(height, width), in colour (height, "
            "width, 3)"
        )
    if not dataset.features:
        raise ShapeError("X has no columns: a data set has at least one feature")
    if y.ndim == 0 or len(y) != len(X):
        raise ShapeError(f"X has {len(X)} rows but y has {len(y) if y.ndim else 'none'}")
    if dataset.classes:
        check_labels(y, len(dataset.classes))
    elif y.ndim != 2 or y.dtype.kind != "f":
        raise ShapeError(
            f"without classes y must be floating with shape (N, K), got {y.dtype} "
            f"{tuple(y.shape)}: for a classification give the class names, as classes=('cat', "
            "'dog') or as y itself, y.astype(str); for a regression give floating numbers"
        )
    if not dataset.classes and not y.shape[1]:
        raise ShapeError("y has no columns: a data set has at least one number to predict")
    if dataset.image_shape and size_of(dataset.image_shape) != dataset.features:
        raise ShapeError(f"an image of {dataset.image_shape} does not have {dataset.features} features")
    if dataset.columns and len(dataset.columns) != dataset.features:
        raise ShapeError(f"{len(dataset.columns)} names of columns do not fit {dataset.features} features")
    if weights is not None:
        check_weights(to_array(weights), len(dataset))
    if not (math.isfinite(dataset.scale) and dataset.scale > 0):
        raise UsageError(f"scale must be a finite number above 0, not {dataset.scale}")
    kept = dataset.validation
    if kept is not None and (kept.features, kept.classes) != (dataset.features, dataset.classes):
        raise ShapeError(
            f"the rows to validate on have {kept.features} features and the classes {kept.classes}: "
            f"expected {dataset.features} and {dataset.classes}"
        )
    if kept is not None and kept.scale != dataset.scale:
        raise UsageError(
            f"the rows to validate on have the scale {kept.scale:g}, those to train on {dataset.scale:g}: "
            "bring them to the same units"
        )
