"""Shares of rows with intervals that cover: Clopper and Pearson (1934), for weighted rows too.

The interval inverts the exact binomial test, so it covers at least as often as is asked, whatever the share
and however few the rows: 69 right of 69 is [0.948, 1]. Rows with weights count as so many equal rows as
would leave the share as uncertain (Korn and Graubard 1998), at most (Σw)²/Σw² (Kish 1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnet.evaluate.interval import Interval, undefined, widened

LEVEL = 0.95
METHOD = "Clopper-Pearson"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums of weights, and of their squares, of which shares are made; any number of them.

    Args:
        right: Σw over the rows that count for the share.
        total: Σw over all its rows.
        right2: Σw² over the former.
        total2: Σw² over the latter.
    """

    right: Tensor
    total: Tensor
    right2: Tensor
    total2: Tensor

    @property
    def share(self) -> Tensor:
        """The shares; NaN of no rows."""
        return self.right / self.total

    @property
    def effective(self) -> Tensor:
        """Equal rows that would leave each share as uncertain."""
        p = self.share
        kish = self.total.square() / self.total2
        variance = (
            self.right2 * (1 - p).square() + (self.total2 - self.right2) * p.square()
        ) / self.total.square()
        equal = torch.where(variance > 0, p * (1 - p) / variance, kish)
        return torch.minimum(kish, equal)

    def intervals(self, reasons: Sequence[str], level: float = LEVEL) -> list[Interval]:
        """The shares with their intervals.

        Args:
            reasons: why each share is not defined where it has no rows.
            level: of the intervals.
        """
        low, high = clopper_pearson(self.share, self.effective, level)
        rows = zip(self.share.tolist(), low.tolist(), high.tolist(), reasons, strict=True)
        return [undefined(why) if p != p else widened(p, (a, b), METHOD) for p, a, b, why in rows]


def tally(right: Tensor, weights: Tensor | None = None) -> Tally:
    """The tally of one share, (1,).

    Args:
        right: which rows count for it, (N,), bool.
        weights: of the rows, (N,); None where all count alike.
    """
    w = torch.ones(len(right), dtype=torch.float64) if weights is None else weights.double()
    chosen = w * right
    return Tally(*(s[None] for s in (chosen.sum(), w.sum(), chosen.square().sum(), w.square().sum())))


def proportion(
    right: Tensor, weights: Tensor | None = None, reason: str = "no rows", level: float = LEVEL
) -> Interval:
    """The share of rows that are right, with its interval.

    Args:
        right: (N,), bool.
        weights: of the rows, (N,); None where all count alike.
        reason: why it is not defined where there are no rows.
        level: of the interval.
    """
    return tally(right, weights).intervals([reason], level)[0]


def clopper_pearson(share: Tensor, rows: Tensor, level: float = LEVEL) -> tuple[Floats, Floats]:
    """The ends of the exact interval of each share.

    Args:
        share: of the rows, from 0 to 1; NaN where it is not defined.
        rows: how many there are; need not be whole.
        level: of the interval.
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    p, n = share.double().numpy(), rows.double().numpy()
    k = p * n
    low = np.where(k <= 0, 0.0, beta.ppf(tail, np.maximum(k, 1e-300), n - k + 1))
    high = np.where(k >= n, 1.0, beta.ppf(1 - tail, k + 1, np.maximum(n - k, 1e-300)))
    return np.where(np.isnan(p), np.nan, low), np.where(np.isnan(p), np.nan, high)
