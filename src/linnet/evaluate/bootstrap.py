"""What a figure could be on other rows: bootstrap intervals (Efron and Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.device import generator
from linnet.errors import UsageError

RESAMPLES = 1000

Statistic = Callable[[Tensor], Tensor]
"""Figures (S,) of rows that count as often as the given numbers say, (N,), float64."""


@dataclass(frozen=True)
class Interval:
    """A figure and where it would lie on other rows like these.

    Args:
        value: on the rows that were given; NaN where it is not defined.
        low: the lower end.
        high: the upper end.
    """

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """As plain JSON values, None for NaN."""
        return {k: v if v == v else None for k, v in vars(self).items()}

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def bootstrap(
    statistic: Statistic, rows: int, *, resamples: int = RESAMPLES, level: float = 0.95, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of figures, all from the same resamples of the rows.

    It suits means and shares, which resampling does not bias. The interval is widened to hold the figure
    itself where it would not, as with a share of very few rows.

    Args:
        statistic: the figures; a row drawn twice is given as a row that counts twice.
        rows: N.
        resamples: how many draws of N rows with replacement.
        level: the share of the resamples between the ends.
        seed: of the draws.

    Raises:
        UsageError: no rows, fewer than two resamples, or a level outside (0, 1).
    """
    if rows < 1 or resamples < 2 or not 0 < level < 1:
        raise UsageError(
            f"a bootstrap needs rows, at least 2 resamples and a level in (0, 1), not {rows}, {resamples}, "
            f"{level}"
        )
    values = statistic(torch.ones(rows, dtype=torch.float64))  # (S,)
    drawn = torch.stack([statistic(counts) for counts in draws(rows, resamples, seed)])  # (R, S)
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    ends = drawn.nanquantile(tails, 0)  # (2, S)
    low, high = torch.fmin(ends[0], values), torch.fmax(ends[1], values)
    return [Interval(*three) for three in zip(values.tolist(), low.tolist(), high.tolist(), strict=True)]


def draws(rows: int, resamples: int, seed: int) -> Iterator[Tensor]:
    """How often each row is in each resample, (N,), float64."""
    source = generator(seed, "bootstrap")
    for _ in range(resamples):
        yield torch.randint(rows, (rows,), generator=source).bincount(minlength=rows).double()
