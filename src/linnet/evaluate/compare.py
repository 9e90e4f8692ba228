"""Two models on the same rows: differences of their figures, and whether they are beyond noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import LEVEL, Array, Interval, about, mean, widen

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
        return self.log_loss.holds_zero

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        named = {k: v.as_dict() if isinstance(v, Interval) else v for k, v in vars(self).items()}
        return {**named, "within_noise": self.is_noise, "log_loss_within_noise": self.is_loss_noise}

    def __str__(self) -> str:
        test = f"McNemar's test p = {self.p_mid:.2g} (mid-p), {self.p_exact:.2g} (exact)"
        alone = f"right alone: {self.only_first} and {self.only_second} rows"
        return (
            f"accuracy  {self.accuracy.text('+.4f')}  {noise(self.is_noise)}: {test}; {alone}\n"
            f"log loss  {self.log_loss.text('+.4f')}  {noise(self.is_loss_noise)}\n"
            f"brier     {self.brier.text('+.4f')}  {noise(self.brier.holds_zero)}"
        )


def compare(first: Evaluation, second: Evaluation, *, level: float = LEVEL) -> Comparison:
    """Compare two classifiers on the same rows, each of which counts once, whatever its weight.

    Args:
        first: of one model.
        second: of another, on the same rows in the same order.
        level: of the intervals.

    Raises:
        UsageError: the evaluations are of other rows.
    """
    _check_same(first, second)
    b, c = (int(hits.sum()) for hits in (first.hits & ~second.hits, second.hits & ~first.hits))
    log_loss, brier = (
        mean(gaps, None, (-math.inf, math.inf), level)
        for gaps in (first.log_losses - second.log_losses, first.briers - second.briers)
    )
    accuracy = paired_difference(b, c, len(first), level)
    return Comparison(len(first), b, c, *mcnemar(b, c), accuracy, log_loss, brier)


def compare_regressions(
    first: Evaluation, second: Evaluation, *, level: float = LEVEL
) -> dict[str, Interval]:
    """By how much the root mean square and mean absolute error of the first are larger than the second's.

    Args:
        first: of one model.
        second: of another, on the same rows in the same order.
        level: of the intervals.

    Raises:
        UsageError: the evaluations are of other rows.
    """
    _check_same(first, second)
    w, everywhere = first.row_weights, (-math.inf, math.inf)
    (ours, near), (theirs, far) = _root_of(first), _root_of(second)
    influence = (near - far) * w / w.sum()
    gaps = np.abs(first.residuals).mean(1) - np.abs(second.residuals).mean(1)
    return {
        "rmse": about(ours - theirs, influence, w, ours + theirs, level=level),
        "mae": mean(gaps, first.weights, everywhere, level),
    }


def _root_of(evaluation: Evaluation) -> tuple[float, Array]:
    """The mean over the outputs of the root mean square error, and what each row adds to it, (N,)."""
    w, squares = evaluation.row_weights, evaluation.residuals**2
    roots = np.sqrt(w @ squares / w.sum())  # (K,)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.nan_to_num((squares - roots**2) / (2 * roots)).mean(1)
    return float(roots.mean()), parts


def _check_same(first: Evaluation, second: Evaluation) -> None:
    """Refuse evaluations of other rows."""
    if not np.array_equal(first.targets, second.targets):
        raise UsageError("two models are compared on the same rows, and these evaluations have other targets")


def paired_difference(b: int, c: int, rows: int, level: float = LEVEL) -> Interval:
    """The difference (b − c)/N of two shares of the same rows, with Bonett and Price's interval.

    A row is added to b and one to c, so that models which never differed on these rows may on others.

    Args:
        b: rows that only the first gets right.
        c: rows that only the second gets right.
        rows: N.
        level: of the interval.
    """
    from scipy.special import ndtri

    ours, theirs = (b + 1) / (rows + 2), (c + 1) / (rows + 2)
    middle, n = ours - theirs, rows + 2
    error = float(ndtri((1 + level) / 2)) * math.sqrt((ours + theirs - middle * middle) / n)
    return widen((b - c) / rows, (max(middle - error, -1.0), min(middle + error, 1.0)), "Bonett-Price")


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


def noise(is_noise: bool | None) -> str:
    """What a difference is, in words; None is one of which it is not known."""
    if is_noise is None:
        return "noise or not: unknown"
    return "within noise" if is_noise else "beyond noise"
