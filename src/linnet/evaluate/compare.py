"""Which of two models is better, and whether the same rows could as well have said the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from linnet.errors import UsageError
from linnet.evaluate.bootstrap import RESAMPLES, Interval, bootstrap
from linnet.evaluate.forecast import Forecast

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
        accuracy: the difference of the accuracies, with its paired bootstrap interval.
        log_loss: the difference of the log losses, in nats, likewise; below zero the first is better.
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
    def is_loss_noise(self) -> bool:
        """Whether the interval of the log losses' difference holds zero."""
        return _holds_zero(self.log_loss)

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
            f"brier     {_signed(self.brier)}  {_noise(_holds_zero(self.brier))}"
        )


def compare(first: Forecast, second: Forecast, *, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Compare two models on the same rows.

    Args:
        first: of one model.
        second: of another, on the same rows in the same order.
        resamples: of the paired bootstrap: each draws rows for both models together.
        seed: of it.

    Raises:
        UsageError: the forecasts are of other rows.
    """
    if len(first) != len(second) or not bool((first.labels == second.labels).all()):
        raise UsageError("two models are compared on the same rows, and these forecasts have other labels")
    alone = first.hits & ~second.hits, second.hits & ~first.hits
    b, c = (int(hits.sum()) for hits in alone)
    gaps = torch.stack([
        first.hits.double() - second.hits.double(),
        first.log_losses - second.log_losses,
        first.briers - second.briers,
    ])  # (3, N)  # fmt: skip
    found = bootstrap(lambda counts: gaps @ counts / counts.sum(), len(first), resamples=resamples, seed=seed)
    return Comparison(len(first), b, c, *mcnemar(b, c), *found)


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


def _holds_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def _noise(is_noise: bool) -> str:
    return "within noise" if is_noise else "beyond noise"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"
