"""Precision, recall, F1, ROC AUC and average precision of each class, and their means over classes.

The F1 of a class is 2J/(1 + J), J being the share TP/(TP + FP + FN) of the rows that are of the class or are
taken for it, so its exact interval is that of J. A mean over K classes gets the ends of its members by the
recovery of variances of Zou and Donner (2008): √Σδ²/K, times a factor for how the classes hang together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from linnet.evaluate.bootstrap import percentiles
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.interval import (
    NEITHER,
    NEVER_SAID,
    NO_CLASS,
    NO_ROWS,
    ONLY_ROWS,
    Interval,
    undefined,
    widened,
)  # fmt: skip
from linnet.evaluate.proportions import Tally, clopper_pearson
from linnet.evaluate.ranking import auc_interval

SHARES, RANKED = ("precision", "recall", "f1"), ("roc_auc", "average_precision")
MEAN = "recovered variances"


class Cells:
    """The sums of weights, and of their squares, of rows of class i taken for class j.

    Args:
        forecast: of N rows.
    """

    def __init__(self, forecast: Forecast) -> None:
        K = len(forecast.classes)
        self.weights = torch.ones(len(forecast), dtype=torch.float64) if forecast.weights is None else (
            forecast.weights.double().cpu()
        )  # fmt: skip
        cells = forecast.labels * K + forecast.guesses
        self.sums, self.squares = (
            torch.bincount(cells, w, K * K).view(K, K) for w in (self.weights, self.weights.square())
        )

    def intervals(self, level: float) -> dict[str, list[Interval]]:
        """Precision, recall and F1 of each class with exact intervals."""
        own, given, there = _margins(self.sums)
        own2, given2, there2 = _margins(self.squares)
        K = len(own)
        either = Tally(own, given + there - own, own2, given2 + there2 - own2)
        return {
            "precision": Tally(own, given, own2, given2).intervals([NEVER_SAID] * K, level),
            "recall": Tally(own, there, own2, there2).intervals([NO_ROWS] * K, level),
            "f1": [_f1_of(share) for share in either.intervals([NEITHER] * K, level)],
        }

    def sizes(self) -> tuple[Tensor, Tensor]:
        """Equal rows that those of each class, and the others, come to, (K,)."""
        there, there2 = self.sums.sum(1), self.squares.sum(1)
        rest, rest2 = there.sum() - there, there2.sum() - there2
        return there.square() / there2, rest.square() / rest2


def shares(confusion: Tensor) -> Tensor:
    """Precision, recall and F1 of each class, (3K,), of sums of weights (K, K)."""
    own, given, there = _margins(confusion)
    return torch.cat([own / given, own / there, 2 * own / (given + there)])


def ranked(values: Tensor, drawn: Tensor, cells: Cells, level: float) -> dict[str, list[Interval]]:
    """ROC AUC and average precision of each class with intervals.

    Args:
        values: the AUCs, then the average precisions, (2K,).
        drawn: the same of each resample, (R, 2K).
        cells: of the rows.
        level: of the intervals.
    """
    K = len(values) // 2
    own, rest = cells.sizes()
    areas = [
        widened(area, auc_interval(area, m, n, level), "Newcombe") if area == area else _unranked(m, n)
        for area, m, n in zip(values[:K].tolist(), own.tolist(), rest.tolist(), strict=True)
    ]
    # Resamples of few rows are too much alike; a share of so many rows is not (Boyd et al. 2013).
    low, high = percentiles(drawn[:, K:], level)
    exact = [torch.from_numpy(ends) for ends in clopper_pearson(values[K:], own, level)]
    ends = zip(torch.fmin(low, exact[0]).tolist(), torch.fmax(high, exact[1]).tolist(), strict=True)
    precisions = [
        widened(value, pair, "bootstrap and Clopper-Pearson") if value == value else undefined(NO_ROWS)
        for value, pair in zip(values[K:].tolist(), ends, strict=True)
    ]
    return {"roc_auc": areas, "average_precision": precisions}


def mean_of(members: Sequence[Interval], mean: Tensor | None, each: Tensor | None) -> Interval:
    """The mean over the classes that have the figure, with its interval.

    Args:
        members: the figure of each class.
        mean: of each resample, (R,); None without intervals.
        each: the figure of each class and resample, (R, K).
    """
    known = [one for one in members if one.is_defined]
    if not known:
        return undefined(NO_CLASS)
    value = math.fsum(one.value for one in known) / len(known)
    if mean is None or each is None:
        return Interval(value)
    K = len(known)
    below, above = (
        math.sqrt(math.fsum((end - one.value) ** 2 for one, end in ends)) / K
        for ends in ([(one, one.low) for one in known], [(one, one.high) for one in known])
    )
    factor = _together(mean, each)
    return widened(value, (max(value - factor * below, 0.0), min(value + factor * above, 1.0)), MEAN)


def _together(mean: Tensor, each: Tensor) -> float:
    """How much farther a mean over the classes strays than one of independent figures would.

    At most √2, where each mistake is one of two classes alike; so much is taken where no resample differs.
    """
    kept = each[:, ~each.isnan().all(0)]
    alone = math.hypot(*map(_deviation, kept.T))
    if not alone:
        return math.sqrt(2)
    return max(1.0, _deviation(mean) * kept.shape[1] / alone)


def _deviation(values: Tensor) -> float:
    """The standard deviation of the values that are there, 0 where fewer than two are."""
    there = values[~values.isnan()]
    return float(there.std()) if len(there) > 1 else 0.0


def _margins(confusion: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of each class what is right, what is taken for it, and what there is, (K,)."""
    return confusion.diag(), confusion.sum(0), confusion.sum(1)


def _f1_of(share: Interval) -> Interval:
    value, low, high = (2 * end / (1 + end) for end in (share.value, share.low, share.high))
    return replace(share, value=value, low=low, high=high)


def _unranked(own: float, rest: float) -> Interval:
    """The AUC of a class of no rows, or of all."""
    return undefined(NO_ROWS if own != own else ONLY_ROWS)
