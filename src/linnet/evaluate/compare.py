"""Which of two models is better, and whether the same rows could as well have said the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from linnet.errors import UsageError
from linnet.evaluate import means
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.interval import Interval, widened
from linnet.evaluate.proportions import LEVEL

SURE = 0.05
"""The probability of chance from which a difference is called noise."""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows. Differences are the first less the second.

    Args:
        rows: N.
        only_first: rows that only the first gets right.
        only_second: rows that only the second gets right.
        p_exact: of as uneven a split of those rows by chance: McNemar's exact test.
        p_mid: the mid-p form of it, which is less cautious (Fagerland, Lydersen and Laake 2013).
        accuracy: the difference of the accuracies, with the interval of Bonett and Price (2012).
        log_loss: the difference of the log losses, in nats, with a paired interval; below zero the first is
            better.
        brier: the difference of the Brier scores, likewise.
    """

    rows: int
    only_first: int
    only_second: int
    p_exact: float
    p_mid: float
    accuracy: Interval
    log_loss: Interval
    brier: Interval

    @property
    def is_noise(self) -> bool:
        """Whether the accuracies could as well be alike, by the mid-p test."""
        return self.p_mid >= SURE

    @property
    def is_loss_noise(self) -> bool | None:
        """Whether the interval of the log losses' difference holds zero; None where that is not known."""
        return holds_zero(self.log_loss)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        named = {k: v.as_dict() if isinstance(v, Interval) else v for k, v in vars(self).items()}
        return {**named, "within_noise": self.is_noise, "log_loss_within_noise": self.is_loss_noise}

    def __str__(self) -> str:
        test = f"McNemar's test p = {self.p_mid:.2g} (mid-p), {self.p_exact:.2g} (exact)"
        alone = f"right alone: {self.only_first} and {self.only_second} rows"
        return (
            f"accuracy  {_signed(self.accuracy)}  {_noise(self.is_noise)}: {test}; {alone}\n"
            f"log loss  {_signed(self.log_loss)}  {_noise(self.is_loss_noise)}\n"
            f"brier     {_signed(self.brier)}  {_noise(holds_zero(self.brier))}"
        )


def compare(first: Forecast, second: Forecast, *, level: float = LEVEL) -> Comparison:
    """Compare two models on the same rows, each of which counts once, whatever its weight.

    Args:
        first: of one model.
        second: of another, on the same rows in the same order.
        level: of the intervals.

    Raises:
        UsageError: the forecasts are of other rows.
    """
    if len(first) != len(second) or not bool((first.labels == second.labels).all()):
        raise UsageError("two models are compared on the same rows, and these forecasts have other labels")
    alone = first.hits & ~second.hits, second.hits & ~first.hits
    b, c = (int(hits.sum()) for hits in alone)
    everywhere = (-math.inf, math.inf)
    log_loss, brier = (
        means.mean(gaps, None, everywhere, level)
        for gaps in (first.log_losses - second.log_losses, first.briers - second.briers)
    )
    accuracy = paired_difference(b, c, len(first), level)
    return Comparison(len(first), b, c, *mcnemar(b, c), accuracy, log_loss, brier)


def paired_difference(b: int, c: int, rows: int, level: float = LEVEL) -> Interval:
    """The difference (b − c)/N of two shares of the same rows, with Bonett and Price's interval.

    A row is added to b and one to c, so that models which never differed on these rows may on others.

    Args:
        b: rows that only the first gets right.
        c: rows that only the second gets right.
        rows: N.
        level: of the interval.
    """
    from scipy.stats import norm

    ours, theirs = (b + 1) / (rows + 2), (c + 1) / (rows + 2)
    middle, n = ours - theirs, rows + 2
    error = float(norm.ppf((1 + level) / 2)) * math.sqrt((ours + theirs - middle * middle) / n)
    return widened((b - c) / rows, (max(middle - error, -1.0), min(middle + error, 1.0)), "Bonett-Price")


def mcnemar(b: int, c: int) -> tuple[float, float]:
    """The two-sided exact p and the mid-p of b against c discordant rows, a fair coin being the null.

    The mid-p counts half the chance of just this split: exact − P(b), or 1 − P(b)/2 where b = c.
    """
    from scipy.stats import binom

    n = b + c
    if not n:
        return 1.0, 1.0
    here = float(binom.pmf(b, n, 0.5))
    exact = min(1.0, 2 * float(binom.cdf(min(b, c), n, 0.5)))
    return exact, 1 - here / 2 if b == c else exact - here


def holds_zero(interval: Interval) -> bool | None:
    """Whether zero is within the interval; None where there is no interval and a difference."""
    if not interval.has_ends:
        return True if interval.value == 0 else None
    return interval.low <= 0 <= interval.high


def _noise(is_noise: bool | None) -> str:
    """What a difference is, in words; None is one of which it is not known."""
    if is_noise is None:
        return "noise or not: unknown"
    return "within noise" if is_noise else "beyond noise"


def _signed(interval: Interval) -> str:
    return interval.text("+.4f")
