"""Figures of one class against the rest: precision, recall, F1, ROC and precision-recall curves, and means.

The F1 of a class is 2J/(1 + J), J being the share TP/(TP + FP + FN) of the rows that are of the class or are
taken for it, so its exact interval is that of J. The area under the ROC curve is the chance that a row of the
class is given a higher probability than one that is not (Fawcett 2006); average precision is the area under
the precision-recall curve in steps. A mean over K classes gets the ends of its members by the recovery of
variances of Zou and Donner (2008): √Σδ²/K, times a factor for how the classes hang together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import (
    LEVEL,
    NEITHER,
    NEVER_PREDICTED,
    NO_CLASS,
    NO_ROWS,
    ONLY_ROWS,
    Array,
    Interval,
    Tally,
    clopper_pearson,
    undefined,
    widen,
)

SHARES, RANKED = ("precision", "recall", "f1"), ("roc_auc", "average_precision")

EDGE = 1e-12
"""Areas nearer than this to 0 or 1 are at it."""


class ByClass:
    """The figures of each class of rows that count differently often; a call gives those of a resample.

    It sorts once, so that a bootstrap of a thousand resamples costs a thousand cumulative sums.

    Args:
        evaluation: of N rows.
        ranking: whether ROC AUC and average precision are among them.
    """

    def __init__(self, evaluation: Evaluation, ranking: bool = True) -> None:
        self.evaluation, self.weights = evaluation, evaluation.row_weights
        self.names = (*SHARES, *(RANKED if ranking else ()))
        self.rankings = [Ranking(evaluation, k) for k in range(len(evaluation.classes))] if ranking else []

    def __call__(self, counts: Array) -> Array:
        """The figures by `names` and class, (F, K), of rows that count so often, (N,); NaN if undefined."""
        weights = counts * self.weights
        found = shares(self.evaluation.count_pairs(weights))
        if not self.rankings:
            return found
        return np.concatenate([found, np.array([ranking.areas(weights) for ranking in self.rankings]).T])

    def intervals(self, drawn: Array | None, level: float | None) -> dict[str, list[Interval]]:
        """Each figure of each class: exact intervals of shares, of the others by the resamples (R, F, K)."""
        sums, squares = (self.evaluation.count_pairs(self.weights**power) for power in (1, 2))
        own, given, there = _margins(sums)
        own2, given2, there2 = _margins(squares)
        either = Tally(own, given + there - own, own2, given2 + there2 - own2)
        found = {
            "precision": Tally(own, given, own2, given2).intervals(NEVER_PREDICTED, level),
            "recall": Tally(own, there, own2, there2).intervals(NO_ROWS, level),
            "f1": [_f1_of(share) for share in either.intervals(NEITHER, level)],
        }
        if not self.rankings:
            return found
        areas, precisions = self(np.ones(len(self.weights)))[len(SHARES) :]
        rest, rest2 = there.sum() - there, there2.sum() - there2
        with np.errstate(invalid="ignore"):
            m, n = (
                there**2 / there2,
                rest**2 / rest2,
            )  # equal rows that those of each class, and others, come to
        pairs = zip(areas.tolist(), m.tolist(), n.tolist(), strict=True)
        found["roc_auc"] = [
            widen(area, auc_interval(area, m, n, level), "Newcombe")
            if area == area
            else undefined(NO_ROWS if m != m else ONLY_ROWS)
            for area, m, n in pairs
        ]
        resamples = precisions[None] if drawn is None else drawn[:, -1]
        found["average_precision"] = _precision_intervals(precisions, resamples, m, level)
        return found


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of one class against the rest.

    Args:
        x: false positive rates, or recalls.
        y: true positive rates, or precisions.
        area: under it: ROC AUC, or average precision; NaN for a class of no rows or of all.
    """

    x: Array
    y: Array
    area: float


NO_CURVE = Curve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]), np.nan)


class Ranking:
    """The rows by the probability of class k, the highest first.

    Args:
        evaluation: of N rows.
        k: the class.
    """

    def __init__(self, evaluation: Evaluation, k: int) -> None:
        p = evaluation.probabilities[:, k]
        self.order = np.argsort(-p, kind="stable")  # (N,)
        self.is_own = evaluation.targets[self.order] == k
        ranked = p[self.order]
        self.ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # of equal ones, (U,)

    def sums(self, weights: Array) -> tuple[Array, Array]:
        """The weights of the rows of the class, and of the others, above each threshold, (U,)."""
        ranked = weights[self.order]
        own = (ranked * self.is_own).cumsum()[self.ends]
        return own, ranked.cumsum()[self.ends] - own

    def areas(self, weights: Array) -> tuple[float, float]:
        """ROC AUC and average precision of rows of weights (N,); NaN where they are not defined."""
        own, rest = self.sums(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            heights = own + np.append(0.0, own[:-1])
            area = (np.diff(rest, prepend=0.0) * heights).sum() / 2 / (own[-1] * rest[-1])
            precision = np.where(own + rest > 0, own / (own + rest), 0.0)
            return area, (precision * np.diff(own, prepend=0.0)).sum() / own[-1]


def roc(evaluation: Evaluation, k: int) -> Curve:
    """The ROC curve of class k against the rest, each row counting once; corners only."""
    ranking, ones = Ranking(evaluation, k), np.ones(len(evaluation))
    own, rest = (np.append(0.0, sums) for sums in ranking.sums(ones))
    if not own[-1] or not rest[-1]:
        return NO_CURVE
    is_corner = np.concatenate([[True], (np.diff(own, 2) != 0) | (np.diff(rest, 2) != 0), [True]])
    return Curve(rest[is_corner] / rest[-1], own[is_corner] / own[-1], ranking.areas(ones)[0])


def precision_recall(evaluation: Evaluation, k: int) -> Curve:
    """The precision-recall curve of class k against the rest, each row counting once; recall rises."""
    ranking, ones = Ranking(evaluation, k), np.ones(len(evaluation))
    own, rest = ranking.sums(ones)
    if not own[-1]:
        return NO_CURVE
    recall, precision = np.append(0.0, own / own[-1]), np.append(1.0, own / (own + rest))
    return Curve(recall, precision, ranking.areas(ones)[1])


def shares(pairs: Array) -> Array:
    """Precision, recall and F1 of each class, (…, 3, K), of rows of class i taken for class j, (…, K, K)."""
    own, given, there = _margins(pairs)
    with np.errstate(invalid="ignore"):
        return np.stack([own / given, own / there, 2 * own / (given + there)], -2)


def mean_of(members: Sequence[Interval], each: Array | None) -> Interval:
    """The mean over the classes that have the figure, with its interval.

    Args:
        members: the figure of each class.
        each: the figure of each resample and class, (R, K); None without intervals.
    """
    known = [one for one in members if one.is_defined]
    if not known:
        return undefined(NO_CLASS)
    value = math.fsum(one.value for one in known) / len(known)
    if each is None:
        return Interval(value)
    below, above = (
        math.sqrt(math.fsum(gap**2 for gap in gaps)) / len(known)
        for gaps in ([one.low - one.value for one in known], [one.high - one.value for one in known])
    )
    factor = _dependence(each)
    ends = max(value - factor * below, 0.0), min(value + factor * above, 1.0)
    return widen(value, ends, "recovered variances")


def _dependence(each: Array) -> float:
    """How much farther a mean over the classes strays than one of independent figures would.

    At most √2, where each mistake is one of two classes alike; so much is taken where no resample differs.
    """
    kept = each[:, ~np.isnan(each).all(0)]
    alone = math.hypot(*map(_deviation, kept.T))
    if not alone:
        return math.sqrt(2)
    known = [row[~np.isnan(row)] for row in kept]
    means = np.array([row.mean() if len(row) else np.nan for row in known])
    return max(1.0, _deviation(means) * kept.shape[1] / alone)


def _deviation(values: Array) -> float:
    """The standard deviation of the values that are there, 0 where fewer than two are."""
    there = values[~np.isnan(values)]
    return float(there.std(ddof=1)) if len(there) > 1 else 0.0


def _margins(pairs: Array) -> Iterator[Array]:
    """Of each class what is right, what is taken for it, and what there is, (…, K)."""
    yield from (pairs.diagonal(axis1=-2, axis2=-1), pairs.sum(-2), pairs.sum(-1))


def _f1_of(share: Interval) -> Interval:
    value, low, high = (2 * end / (1 + end) for end in (share.value, share.low, share.high))
    return replace(share, value=value, low=low, high=high)


def _precision_intervals(values: Array, drawn: Array, rows: Array, level: float | None) -> list[Interval]:
    """Average precisions of each class by percentiles of resamples (R, K), at least as wide as exact ones."""
    low, high = (np.nan, np.nan) if level is None else percentiles(drawn, level)
    # Resamples of few rows are too much alike; a share of so many rows is not (Boyd et al. 2013).
    exact = clopper_pearson(values, rows, level)
    ends = zip(np.fmin(low, exact[0]).tolist(), np.fmax(high, exact[1]).tolist(), strict=True)
    return [
        widen(value, pair, "bootstrap and Clopper-Pearson") if value == value else undefined(NO_ROWS)
        for value, pair in zip(values.tolist(), ends, strict=True)
    ]


def percentiles(drawn: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """The ends of the percentile interval of each figure, (S,), of resamples (R, S); NaN of none."""
    is_known = ~np.isnan(drawn).all(0)
    ends = np.full((2, drawn.shape[1]), np.nan)
    ends[:, is_known] = np.nanquantile(drawn[:, is_known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends[0], ends[1]


def auc_interval(area: float, own: float, rest: float, level: float | None = LEVEL) -> tuple[float, float]:
    """The interval of an area under a ROC curve, Newcombe's fifth (2006), which holds up at 0 and 1.

    Its ends θ solve |θ − area| = z·√V(θ) with Hanley and McNeil's variance
    V(θ) = θ(1 − θ)·[1 + n·(1 − θ)/(2 − θ) + n·θ/(1 + θ)]/(own·rest), n = (own + rest)/2 − 1.

    Args:
        area: from 0 to 1.
        own: how many rows are of the class.
        rest: how many are not.
        level: of the interval; NaN where None.
    """
    if level is None:
        return math.nan, math.nan
    from scipy.optimize import brentq
    from scipy.special import ndtri

    z, n = float(ndtri((1 + level) / 2)), (own + rest) / 2 - 1

    def beyond(theta: float) -> float:
        excess = 1 + n * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        variance = theta * (1 - theta) * max(excess, 1.0) / (own * rest)
        return abs(theta - area) - z * math.sqrt(variance)

    near, far = min(area, 1 - EDGE), max(area, EDGE)
    low = 0.0 if area <= EDGE else np.asarray(brentq(beyond, 0.0, near)).item()
    high = 1.0 if area >= 1 - EDGE else np.asarray(brentq(beyond, far, 1.0)).item()
    return low, high
