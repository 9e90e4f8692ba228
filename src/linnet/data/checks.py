"""Checks of a data set's targets and weights, each an error that says what was got and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linnet.errors import ShapeError, UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

SHARES = 1e-3
"""How far the shares of a soft label may be from summing to 1."""


def check_labels(y: Tensor, classes: int) -> None:
    """Refuse targets that are no classes.

    Args:
        y: places among the classes, (N,), int64; or shares of each, (N, K), floating.
        classes: K.

    Raises:
        ShapeError: they have another shape or type.
        UsageError: a place is outside the classes, or shares do not sum to 1.
    """
    if y.is_floating_point() and y.ndim == 2:
        return _check_shares(y, classes)
    if y.ndim != 1 or y.dtype != torch.int64:
        raise ShapeError(f"class indices must be int64 with shape (N,), got {y.dtype} {tuple(y.shape)}")
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise UsageError(f"class indices must lie in 0…{classes - 1}, got {int(y.min())}…{int(y.max())}")


def _check_shares(y: Tensor, classes: int) -> None:
    if y.shape[1:] != (classes,):
        raise ShapeError(
            f"soft labels must have shape (N, {classes}), a share of each class, got {tuple(y.shape)}"
        )
    if bool((y < 0).any()) or not bool(((y.sum(1) - 1).abs() <= SHARES).all()):
        raise UsageError("soft labels must be shares of the classes, each row summing to 1")


def check_weights(weights: Tensor, rows: int) -> None:
    """Refuse weights that are not one number of at least 0 for each of so many rows.

    Raises:
        ShapeError, UsageError: they are not.
    """
    if weights.shape != (rows,) or not weights.is_floating_point():
        raise ShapeError(
            f"weights must be floating with shape ({rows},), one a row, got {weights.dtype} "
            f"{tuple(weights.shape)}"
        )
    if not bool(((weights >= 0) & weights.isfinite()).all()):
        raise UsageError("weights must be finite numbers of at least 0")
