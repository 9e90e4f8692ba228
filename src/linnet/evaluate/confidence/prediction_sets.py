"""Prediction sets that hold the right class as often as was asked, whatever the model: learnt, and judged.

`linnet.core.conformal` says what a rule is and what it guarantees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.core.conformal import Conformal, nonconformity, thresholds_of
from linnet.errors import UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import NO_ROWS, Array, Interval, Tally, known, proportion

ASKED = tuple(k / 100 for k in range(50, 100))
"""Coverages that a curve is made for, 1 − α."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Coverage and size of prediction sets on labelled rows.

    Args:
        asked: 1 − α.
        coverage: the share of rows whose set holds their class.
        by_class: the same of each class's rows, (K,), float64; NaN for a class without rows.
        sizes: rows with a set of 0, 1, … K classes, (K + 1,), int64.
        interval: the coverage with its interval.
        class_intervals: those of the classes.
    """

    asked: float
    coverage: float
    by_class: Array
    sizes: Array
    interval: Interval
    class_intervals: tuple[Interval, ...]

    @property
    def mean_size(self) -> float:
        """The mean number of classes in a set."""
        return float(self.sizes @ np.arange(len(self.sizes)) / self.sizes.sum())

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "asked": self.asked, "coverage": self.coverage, "interval": self.interval.as_dict(),
            "mean_size": self.mean_size, "by_class": known(self.by_class),
            "class_intervals": [one.as_dict() for one in self.class_intervals], "sizes": self.sizes.tolist(),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class SetCurve:
    """Coverage and size of the sets of a method for each coverage that is asked for.

    Args:
        method: "lac" or "aps".
        randomised: of APS.
        asked: 1 − α, rising, (T,), float64.
        coverage: the share of rows whose set holds their class, (T,).
        mean_size: the mean number of classes in a set, (T,).
        low: what 19 in 20 such coverages lie above and below by chance alone, (T,): see `Conformal.expected`.
        high: the upper end, (T,).
    """

    method: str
    randomised: bool
    asked: Array
    coverage: Array
    mean_size: Array
    low: Array
    high: Array


def learn_sets(
    evaluation: Evaluation, alpha: float, method: str = "lac", *, randomised: bool = False, seed: int = 0
) -> Conformal:
    """The rule of prediction sets for an error of α, learnt on rows kept from training.

    Args:
        evaluation: on those rows.
        alpha: between 0 and 1.
        method: "lac" or "aps".
        randomised: of APS only.
        seed: of the draws, where it is randomised.

    Raises:
        UsageError: α or the method cannot be, or LAC is to be randomised.
    """
    (rule,) = _learn(evaluation, [alpha], method, randomised, seed)
    return rule


def coverage(rule: Conformal, evaluation: Evaluation, seed: int = 0) -> Coverage:
    """Coverage and size of a rule's sets on other labelled rows."""
    sets = rule.sets(evaluation.probabilities, seed)
    held, K = evaluation.of_targets(sets), len(evaluation.classes)
    own = np.bincount(evaluation.targets, held, K)
    there = np.bincount(evaluation.targets, minlength=K).astype(np.float64)
    each = Tally(own, there, own, there)
    sizes, whole = np.bincount(sets.sum(1), minlength=K + 1), proportion(held)
    intervals = tuple(each.intervals(NO_ROWS))
    return Coverage(1 - rule.alpha, whole.value, each.share, sizes, whole, intervals)


def set_curve(
    seen: Evaluation,
    judged: Evaluation,
    method: str = "lac",
    *,
    randomised: bool = False,
    asked: Sequence[float] = ASKED,
    seed: int = 0,
) -> SetCurve:
    """Learn a threshold for each coverage on some rows and measure its sets on others.

    It agrees with `learn_sets` and `coverage`, but sorts once for all.

    Args:
        seen: of the rows to learn on.
        judged: of the rows to measure on.
        method: "lac" or "aps".
        randomised: of APS only.
        asked: the coverages, between 0 and 1, rising.
        seed: of the draws, where it is randomised.

    Raises:
        UsageError: the method or a coverage cannot be.
    """
    if not asked or not all(0 < share < 1 for share in asked):
        raise UsageError(f"the coverages asked for must lie between 0 and 1, not {list(asked)}")
    rules = _learn(seen, [1 - share for share in asked], method, randomised, seed)
    scores = nonconformity(judged.probabilities, method, randomised, seed, "sets")  # (N, K)
    thresholds = [rule.threshold for rule in rules]
    low, high = np.array([rule.expected(len(judged)) for rule in rules]).T
    held, sizes = (
        np.searchsorted(np.sort(values), thresholds, "right") / len(judged)
        for values in (judged.of_targets(scores), scores.ravel())
    )
    return SetCurve(method, randomised, np.array(asked), held, sizes, low, high)


def _learn(
    evaluation: Evaluation, alphas: Sequence[float], method: str, randomised: bool, seed: int
) -> list[Conformal]:
    """A rule for each error; a threshold is infinite where the rows are too few."""
    scores = nonconformity(evaluation.probabilities, method, randomised, seed, "learn")
    found = thresholds_of(evaluation.of_targets(scores), alphas)
    return [
        Conformal(
            method=method, alpha=alpha, threshold=threshold, randomised=randomised, rows=len(evaluation)
        )
        for alpha, threshold in zip(alphas, found.tolist(), strict=True)
    ]
