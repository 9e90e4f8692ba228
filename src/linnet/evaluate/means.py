"""Means over rows with intervals that heed skewness (Hall 1992).

Losses are skewed: a few rows make up most of the mean. Percentiles of a bootstrap, and Student's t, then
miss the mean to one side and cover too seldom with few rows. Hall's monotone transformation T + aT²/3 +
a²T³/27 + a/6 of Student's T, a being the skewness over √N, has next to no skewness, and is inverted.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnet.evaluate.interval import ALIKE, FEW_ROWS, Interval, widened
from linnet.evaluate.proportions import LEVEL

METHOD = "Hall"

FEWEST = 10
"""Rows below which an interval of a mean would promise what nobody can keep."""

ROUNDING = 1e-12
"""Of the values: a spread below it is rounding."""


def mean(
    values: Tensor,
    weights: Tensor | None = None,
    bounds: tuple[float, float] = (0.0, math.inf),
    level: float = LEVEL,
) -> Interval:
    """The mean of some rows' values with its interval.

    Args:
        values: (N,), float64.
        weights: of the rows, (N,); None where all count alike.
        bounds: between which the mean lies.
        level: of the interval.
    """
    w = torch.ones(len(values), dtype=torch.float64) if weights is None else weights.double()
    centre = float((w * values).sum() / w.sum())
    ends = spread(w * (values - centre) / w.sum(), w, float(values.abs().max()), level)
    if isinstance(ends, str):
        return Interval(centre, reason=ends)
    low, high = (min(max(centre + end, bounds[0]), bounds[1]) for end in ends)
    return widened(centre, (low, high), METHOD)


def spread(
    influence: Tensor, weights: Tensor, size: float, level: float = LEVEL
) -> tuple[float, float] | str:
    """How far below and above a figure the ends of its interval lie; or why there is no interval.

    Args:
        influence: what each row adds to the figure's deviation, (N,), of sum 0.
        weights: of the rows, (N,).
        size: of the values whose rounding is no spread.
        level: of the interval.
    """
    from scipy.stats import t

    rows = float(weights.sum().square() / weights.square().sum())
    if rows < FEWEST - 1e-9:
        return FEW_ROWS
    square = float(influence.square().sum())
    if math.sqrt(square) <= ROUNDING * size:
        return ALIKE
    error = math.sqrt(square * rows / (rows - 1))
    a = float((influence**3).sum()) / square**1.5
    quantile = float(t.ppf((1 + level) / 2, rows - 1))
    low, high = (-_inverse(sign * quantile, a) * error for sign in (1, -1))
    return low, high


def _inverse(value: float, a: float) -> float:
    """The T of Hall's transformation with skewness a that gives a value."""
    if abs(a) < 1e-6:
        return value
    return 3 / a * (float(np.cbrt(1 + a * (value - a / 6))) - 1)
