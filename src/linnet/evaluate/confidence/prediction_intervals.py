"""Prediction intervals that hold a number as often as was asked, whatever the model: learnt, and judged.

The nonconformity of a row is how far its prediction is off, |y − ŷ|; of counts in units of √μ, as their
deviation grows with the mean (locally weighted: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.core.conformal import ConformalInterval, spread_of, thresholds_of
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import ASKED
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array, Interval, proportion


@dataclass(frozen=True, eq=False)
class IntervalCoverage:
    """Coverage and width of prediction intervals on labelled rows.

    Args:
        asked: 1 − α.
        coverage: the share of rows whose interval holds their number, with its own interval; a row of
            several outputs counts by each.
        mean_width: in the target's units, of each output, (K,).
        below: the share of rows whose number lies below its interval.
        above: the share of those above it.
    """

    asked: float
    coverage: Interval
    mean_width: Array
    below: float
    above: float

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "asked": self.asked, "coverage": self.coverage.value, "interval": self.coverage.as_dict(),
            "mean_width": self.mean_width.tolist(), "below": self.below, "above": self.above,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class IntervalCurve:
    """Coverage and width of intervals for each coverage that is asked for: whether they are calibrated.

    Args:
        asked: 1 − α, rising, (T,), float64.
        coverage: the share of rows whose interval holds their number, (T,).
        mean_width: in the target's units, the mean over outputs, (T,); infinite where rows were too few.
        low: what 19 in 20 such coverages lie above and below by chance alone, (T,).
        high: the upper end, (T,).
    """

    asked: Array
    coverage: Array
    mean_width: Array
    low: Array
    high: Array


def learn_intervals(evaluation: Evaluation, alpha: float) -> ConformalInterval:
    """The rule of prediction intervals for an error of α, learnt on rows kept from training.

    Args:
        evaluation: of a regression on those rows, each of which counts once.
        alpha: the share of intervals that may lack their number, between 0 and 1.

    Raises:
        UsageError: α cannot be, or the model is a classifier.
    """
    (rule,) = _learn(evaluation, [alpha])
    return rule


def interval_coverage(rule: ConformalInterval, evaluation: Evaluation) -> IntervalCoverage:
    """Coverage and width of a rule's intervals on other labelled rows, each of which counts once."""
    low, high = rule.ends(evaluation.predicted)
    below, above = evaluation.targets < low, evaluation.targets > high
    return IntervalCoverage(
        1 - rule.alpha, proportion(~(below | above).ravel()), (high - low).mean(0), float(below.mean()),
        float(above.mean()),
    )  # fmt: skip


def interval_curve(seen: Evaluation, judged: Evaluation, asked: Sequence[float] = ASKED) -> IntervalCurve:
    """Learn half-widths for each coverage on some rows and measure their intervals on others.

    Args:
        seen: of the rows to learn on.
        judged: of the rows to measure on.
        asked: the coverages, between 0 and 1, rising.

    Raises:
        UsageError: a coverage cannot be, or the model is a classifier.
    """
    rules = _learn(seen, [1 - share for share in asked])
    found = [interval_coverage(rule, judged) for rule in rules]
    low, high = np.array([rule.expected(len(judged)) for rule in rules]).T
    return IntervalCurve(
        np.array(asked), np.array([one.coverage.value for one in found]),
        np.array([one.mean_width.mean() for one in found]), low, high,
    )  # fmt: skip


def _learn(evaluation: Evaluation, alphas: Sequence[float]) -> list[ConformalInterval]:
    if evaluation.classes:
        raise UsageError("a classifier has prediction sets (learn_sets), not intervals of numbers")
    if evaluation.rows_have_exposure:
        raise UsageError(
            "a rate is known the better the longer it was counted, so that one rule of prediction intervals "
            "does not suit rows of different exposure: none is learnt"
        )
    spread = "root" if evaluation.is_of_counts else "constant"
    scores = np.abs(evaluation.residuals) / spread_of(evaluation.predicted, spread)  # (N, K)
    widths = np.stack([thresholds_of(column, alphas) for column in scores.T], axis=1)  # (T, K)
    return [
        ConformalInterval(alpha=alpha, rows=len(evaluation), half_widths=tuple(each.tolist()), spread=spread)
        for alpha, each in zip(alphas, widths, strict=True)
    ]
