"""What a figure could be on other rows: bootstrap intervals (Efron and Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from linnet.device import generator
from linnet.errors import UsageError
from linnet.evaluate.interval import ALIKE, Interval, widened
from linnet.evaluate.proportions import LEVEL

RESAMPLES = 1000
METHOD = "bootstrap"

Statistic = Callable[[Tensor], Tensor]
"""Figures (S,) of rows that count as often as the given numbers say, (N,), float64."""


def bootstrap(
    statistic: Statistic, rows: int, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of figures, all from the same resamples of the rows.

    It suits figures of many rows. The interval is widened to hold the figure itself where it would not; where
    the resamples do not differ there is none.

    Args:
        statistic: the figures; a row drawn twice is given as a row that counts twice.
        rows: N.
        resamples: how many draws of N rows with replacement.
        level: the share of the resamples between the ends.
        seed: of the draws.

    Raises:
        UsageError: no rows, fewer than two resamples, or a level outside (0, 1).
    """
    check_level(level)
    values, drawn = resampled(statistic, rows, resamples, seed)
    low, high = percentiles(drawn, level)
    three = zip(values.tolist(), low.tolist(), high.tolist(), strict=True)
    return [widened(v, (a, b), METHOD) if a < b else Interval(v, reason=ALIKE) for v, a, b in three]


def resampled(statistic: Statistic, rows: int, resamples: int, seed: int) -> tuple[Tensor, Tensor]:
    """The figures of the rows, (S,), and of each resample of them, (R, S).

    Raises:
        UsageError: no rows, or fewer than two resamples.
    """
    if rows < 1 or resamples < 2:
        raise UsageError(f"a bootstrap needs rows and at least 2 resamples, not {rows} and {resamples}")
    values = statistic(torch.ones(rows, dtype=torch.float64))
    return values, torch.stack([statistic(counts) for counts in draws(rows, resamples, seed)])


def percentiles(drawn: Tensor, level: float = LEVEL) -> tuple[Tensor, Tensor]:
    """The ends of the percentile interval of each figure, (S,), of resamples (R, S)."""
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    low, high = drawn.nanquantile(tails, 0)
    return low, high


def check_level(level: float) -> None:
    """Refuse a level that no interval can have.

    Raises:
        UsageError: it lies outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"the level of an interval must lie between 0 and 1, not {level}")


def draws(rows: int, resamples: int, seed: int) -> Iterator[Tensor]:
    """How often each row is in each resample, (N,), float64."""
    source = generator(seed, "bootstrap")
    for _ in range(resamples):
        yield torch.randint(rows, (rows,), generator=source).bincount(minlength=rows).double()
