"""Checks of the parts of an evaluation: scores, targets and weights that fit each other."""

from __future__ import annotations

from linnet.errors import ShapeError, UsageError
from linnet.evaluate.interval import Array


def check_weights(weights: Array) -> Array:
    """Weights (N,) by which some row counts.

    Raises:
        UsageError: none does.
    """
    if not (weights > 0).any():
        raise UsageError("every row has the weight 0: there is nothing to score")
    return weights


def check_scores(scores: Array, targets: Array, classes: int, weights: Array | None) -> None:
    """Refuse parts of an evaluation that do not fit each other.

    Args:
        scores: (N, K).
        targets: the rows' classes, (N,), or numbers, (N, K).
        classes: K; 0 of a regression.
        weights: (N,), or None.

    Raises:
        ShapeError: their shapes differ.
        UsageError: there are no rows, a target is no class, or no row counts.
    """
    N = len(targets)
    if scores.ndim != 2 or scores.shape != ((N, classes) if classes else targets.shape):
        raise ShapeError(f"expected scores (N, K) of {N} targets and {classes} classes, got {scores.shape}")
    if not N:
        raise UsageError("an evaluation needs at least one row")
    if weights is not None and check_weights(weights).shape != targets.shape[:1]:
        raise ShapeError(f"expected a weight for each of {N} rows")
    if classes and not 0 <= targets.min() <= targets.max() < classes:
        raise UsageError(f"targets must lie in 0…{classes - 1}")
