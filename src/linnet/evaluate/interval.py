"""`Interval`: a figure with a confidence interval, of shares and of means over rows.

Shares have the interval of Clopper and Pearson (1934), for weighted rows too. It inverts the exact binomial
test, so it covers at least as often as is asked, whatever the share and however few the rows: 69 right of 69
is [0.948, 1]. Rows with weights count as so many equal rows as would leave the share as uncertain (Korn and
Graubard 1998), at most (Σw)²/Σw² (Kish 1965).

Means have one that heeds skewness (Hall 1992). Losses are skewed: a few rows make up most of the mean.
Percentiles of a bootstrap, and Student's t, then miss the mean to one side and cover too seldom with few
rows. Hall's monotone transformation T + aT²/3 + a²T³/27 + a/6 of Student's T, a being the skewness over √N,
has next to no skewness, and is inverted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnet.errors import UsageError

Array = NDArray[Any]

LEVEL = 0.95

UNDEFINED = "–"
"""What stands for a figure that is not defined."""

FEW_ROWS = "fewer than 10 rows that count"
ALIKE = "all rows are alike"
NO_ROWS = "no rows of this class"
NEVER_PREDICTED = "never predicted"
NEITHER = "no rows of this class, and never predicted"
ONLY_ROWS = "all rows are of this class"
CONSTANT = "the target never differs"
NO_CLASS = "not defined for any class"

FEWEST = 10
"""Rows below which no interval of a mean covers as often as it says."""

ROUNDING = 1e-12
"""Of the values: deviations below it are rounding."""


@dataclass(frozen=True)
class Interval:
    """A figure and a confidence interval over other rows like these.

    Args:
        value: on the rows that were given; NaN where it is not defined.
        low: the lower end; NaN where there is no interval.
        high: the upper end.
        method: how the ends were found; empty without.
        reason: why the figure or its interval is not defined; empty where both are, or none was asked for.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    method: str = ""
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there is a figure."""
        return not math.isnan(self.value)

    @property
    def has_ends(self) -> bool:
        """Whether there is an interval."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def holds_zero(self) -> bool | None:
        """Whether zero is within; of a difference without an interval None, unless it is zero."""
        if not self.has_ends:
            return True if self.value == 0 else None
        return self.low <= 0 <= self.high

    def as_dict(self) -> dict[str, float | str | None]:
        """As plain JSON values: None in place of NaN; the method and the reason where there is one."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        known: dict[str, float | str | None] = {k: None if math.isnan(v) else v for k, v in numbers.items()}
        return {**known, **{k: v for k, v in (("method", self.method), ("reason", self.reason)) if v}}

    def text(self, form: str = ".4f") -> str:
        """The figure and its ends, each in a format of Python's; a dash in place of what is not defined."""
        return f"{self.value:{form}} {self.ends(form)}" if self.is_defined else UNDEFINED

    def ends(self, form: str = ".4f") -> str:
        """The ends in brackets, each in a format of Python's; a dash in place of what is not defined."""
        return f"[{self.low:{form}}, {self.high:{form}}]" if self.has_ends else f"[{UNDEFINED}]"

    def __str__(self) -> str:
        return self.text()


def undefined(reason: str) -> Interval:
    """A figure that is not defined, and why."""
    return Interval(math.nan, reason=reason)


def widen(value: float, ends: tuple[float, float], method: str) -> Interval:
    """A figure with ends that hold it."""
    return Interval(value, min(ends[0], value), max(ends[1], value), method)


def check_level(level: float) -> None:
    """Refuse a level that no interval can have.

    Raises:
        UsageError: it lies outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"the level of an interval must lie between 0 and 1, not {level}")


def known(values: Array) -> list[float | None]:
    """Figures as plain JSON values: None in place of NaN."""
    return [None if value != value else value for value in values.tolist()]


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums of weights, and of their squares, of which shares are made; any number of them.

    Args:
        right: Σw over the rows that count for the share.
        total: Σw over all its rows.
        right2: Σw² over the former.
        total2: Σw² over the latter.
    """

    right: Array
    total: Array
    right2: Array
    total2: Array

    @property
    def share(self) -> Array:
        """The shares; NaN of no rows."""
        with np.errstate(invalid="ignore"):
            return self.right / self.total

    @property
    def effective(self) -> Array:
        """Equal rows that would leave each share as uncertain."""
        p = self.share
        with np.errstate(invalid="ignore", divide="ignore"):
            kish = self.total**2 / self.total2
            variance = (self.right2 * (1 - p) ** 2 + (self.total2 - self.right2) * p**2) / self.total**2
            equal = np.where(variance > 0, p * (1 - p) / variance, kish)
        return np.minimum(kish, equal)

    def intervals(self, reason: str, level: float | None = LEVEL) -> list[Interval]:
        """The shares with their intervals.

        Args:
            reason: why a share is not defined where it has no rows.
            level: of the intervals; None for none, whose ends are NaN.
        """
        low, high = clopper_pearson(self.share, self.effective, level)
        rows = zip(self.share.tolist(), low.tolist(), high.tolist(), strict=True)
        return [undefined(reason) if p != p else widen(p, (a, b), "Clopper-Pearson") for p, a, b in rows]


def proportion(
    right: ArrayLike, weights: ArrayLike | None = None, reason: str = "no rows", level: float | None = LEVEL
) -> Interval:
    """The share of rows that are right, with its interval.

    Args:
        right: (N,), bool.
        weights: of the rows, (N,); None where all count alike.
        reason: why it is not defined where there are no rows.
        level: of the interval; None for none.
    """
    right = np.asarray(right)
    w = np.ones(len(right)) if weights is None else np.asarray(weights, np.float64)
    sums = (w[right].sum(), w.sum(), (w[right] ** 2).sum(), (w**2).sum())
    return Tally(*(np.array([s]) for s in sums)).intervals(reason, level)[0]


def clopper_pearson(share: Array, rows: Array, level: float | None = LEVEL) -> tuple[Array, Array]:
    """The ends of the exact interval of each share.

    Args:
        share: of the rows, from 0 to 1; NaN where it is not defined.
        rows: how many there are; need not be whole.
        level: of the interval; NaN where None.
    """
    if level is None:  # what is not shown does not wait for scipy.special, a third of a second
        return np.full(share.shape, np.nan), np.full(share.shape, np.nan)
    from scipy.special import betaincinv  # as scipy.stats has it, which takes a second to import

    tail = (1 - level) / 2
    k = share * rows
    low = np.where(k <= 0, 0.0, betaincinv(np.maximum(k, 1e-300), rows - k + 1, tail))
    high = np.where(k >= rows, 1.0, betaincinv(k + 1, np.maximum(rows - k, 1e-300), 1 - tail))
    return np.where(np.isnan(share), np.nan, low), np.where(np.isnan(share), np.nan, high)


def mean(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    bounds: tuple[float, float] = (0.0, math.inf),
    level: float | None = LEVEL,
) -> Interval:
    """The mean of some rows' values with its interval.

    Args:
        values: (N,).
        weights: of the rows, (N,); None where all count alike.
        bounds: between which the mean lies.
        level: of the interval; None for none.
    """
    values = np.asarray(values, np.float64)
    w = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    centre = float((w * values).sum() / w.sum())
    return about(centre, w * (values - centre) / w.sum(), w, float(np.abs(values).max()), bounds, level)


def about(
    value: float,
    influence: Array,
    weights: Array,
    size: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    level: float | None = LEVEL,
) -> Interval:
    """A figure with Hall's interval.

    Args:
        value: the figure.
        influence: what each row adds to its deviation, (N,), of sum 0.
        weights: of the rows, (N,).
        size: of the values whose rounding is no deviation.
        bounds: between which the figure lies.
        level: of the interval; None for none.
    """
    rows = float(weights.sum() ** 2 / (weights**2).sum())
    if rows < FEWEST - 1e-9:
        return Interval(value, reason=FEW_ROWS)
    square = float((influence**2).sum())
    if math.sqrt(square) <= ROUNDING * size:
        return Interval(value, reason=ALIKE)
    if level is None:
        return Interval(value)
    from scipy.special import stdtrit

    error = math.sqrt(square * rows / (rows - 1))
    a = float((influence**3).sum()) / square**1.5
    quantile = float(stdtrit(rows - 1, (1 + level) / 2))
    low, high = (value - _invert(sign * quantile, a) * error for sign in (1, -1))
    return widen(value, (max(low, bounds[0]), min(high, bounds[1])), "Hall")


def _invert(value: float, a: float) -> float:
    """The T of Hall's transformation with skewness a that gives a value."""
    if abs(a) < 1e-6:
        return value
    return 3 / a * (float(np.cbrt(1 + a * (value - a / 6))) - 1)
