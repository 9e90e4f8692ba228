"""Every figure of a classifier at once, with intervals where they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linnet.draws import Draws
from linnet.errors import UsageError
from linnet.evaluate.confidence.reliability import BINS, Reliability, reliability
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import LEVEL, Array, Interval, check_level, mean, proportion
from linnet.evaluate.one_vs_rest import RANKED, SHARES, ByClass, mean_of, shares

BINARY = 2
RESAMPLES = 1000
MACRO = ("f1", *RANKED)
"""Of which means over the classes are given, as scikit-learn has them."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """The figures of a classifier. Without intervals the ends of each are NaN.

    Rows with weights count by them in all but the calibration.

    Args:
        rows: N.
        whole: by name: accuracy, top_2 and so on, log_loss (nats) and brier. Of two classes then precision,
            recall, f1, roc_auc and average_precision of the positive one, and macro_f1; of more macro_f1,
            macro_roc_auc and macro_average_precision, the means over the classes that have them.
        classes: by class and then by name: precision, recall, f1, roc_auc, average_precision.
        calibration: reliability by binning, "width" and "mass".
        expected_ece: the ECE, by the same binnings, that labels drawn from the probabilities
            themselves would give: what noise alone comes to.
        positive: of two classes the one that precision, recall, f1, roc_auc and average_precision are of;
            empty where there are more.
    """

    rows: int
    whole: dict[str, Interval]
    classes: dict[str, dict[str, Interval]]
    calibration: dict[str, Reliability]
    expected_ece: dict[str, float]
    positive: str = ""

    @property
    def undefined(self) -> list[tuple[str, str, str]]:
        """The figures that are not defined: of each the class, the name, and why."""
        return [
            (name, figure, found.reason)
            for name, figures in self.classes.items()
            for figure, found in figures.items()
            if not found.is_defined
        ]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return {
            "rows": self.rows,
            **({"positive": self.positive} if self.positive else {}),
            "figures": {name: interval.as_dict() for name, interval in self.whole.items()},
            "classes": {
                name: {key: interval.as_dict() for key, interval in figures.items()}
                for name, figures in self.classes.items()
            },
            "calibration": {
                name: {**table.as_dict(), "expected_ece": self.expected_ece[name]}
                for name, table in self.calibration.items()
            },
        }


def assess(
    evaluation: Evaluation,
    *,
    top: Sequence[int] = (),
    intervals: bool = False,
    ranking: bool = True,
    positive: str | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    bins: int = BINS,
    seed: int = 0,
) -> Assessment:
    """All figures of a classifier.

    Args:
        evaluation: of a classifier.
        top: the k of top-k accuracies, beside accuracy itself.
        intervals: whether to give them; the bootstrap that some of them take needs about a second for each
            ten million rows × resamples.
        ranking: whether to give ROC AUC and average precision, too: most of that time is theirs. The other
            figures and their intervals are the same without.
        positive: the class that the figures of two classes are of; the second when None.
        level: of the intervals.
        resamples: of the bootstrap.
        bins: of the reliability.
        seed: of the bootstrap.

    Raises:
        UsageError: a k is not within 1…K, the positive class is none of two, or an argument of the bootstrap
            cannot be.
    """
    check_level(level)
    chosen = positive_of(evaluation.classes, positive)
    statistic = ByClass(evaluation, ranking)
    drawn = resample_classes(statistic, resamples, seed) if intervals else None
    shown = level if intervals else None
    each = statistic.intervals(drawn, shown)
    classes = {
        name: {figure: found[k] for figure, found in each.items()}
        for k, name in enumerate(evaluation.classes)
    }
    whole = of_rows(evaluation, top, shown)
    if chosen:
        whole |= classes[chosen]
    for place, figure in enumerate(each):
        if figure in (("f1",) if chosen else MACRO):
            whole[f"macro_{figure}"] = mean_of(each[figure], None if drawn is None else drawn[:, place])
    tables = {how: reliability(evaluation, bins, how) for how in ("width", "mass")}
    expected = {how: table.expected_ece(evaluation, seed=seed) for how, table in tables.items()}
    if not intervals:
        whole = {name: _alone(one) for name, one in whole.items()}
        classes = {name: {k: _alone(one) for k, one in found.items()} for name, found in classes.items()}
    return Assessment(len(evaluation), whole, classes, tables, expected, chosen)


def positive_of(classes: Sequence[str], asked: str | None = None) -> str:
    """Of two classes the one that binary figures are of; empty where there are more.

    Args:
        classes: the K names.
        asked: the class that is wanted; the second when None, as in scikit-learn.

    Raises:
        UsageError: it is none of them, or there are not two.
    """
    if asked is None:
        return classes[1] if len(classes) == BINARY else ""
    if len(classes) != BINARY:
        raise UsageError(
            f"a positive class is of two classes, and the model has {len(classes)}: {list(classes)[:10]}"
        )
    if asked not in classes:
        raise UsageError(f"the positive class must be {classes[0]!r} or {classes[1]!r}, not {asked!r}")
    return asked


def of_rows(evaluation: Evaluation, top: Sequence[int], level: float | None) -> dict[str, Interval]:
    """The figures that are means over the rows."""
    weights = evaluation.weights
    hits = {
        "accuracy": evaluation.hits,
        **{f"top_{k}": in_top(evaluation, k) for k in sorted(set(top) - {1})},
    }
    found = {name: proportion(right, weights, level=level) for name, right in hits.items()}
    found["log_loss"] = mean(evaluation.log_losses, weights, level=level)
    most = 1.0 if len(evaluation.classes) == BINARY else 2.0
    found["brier"] = mean(evaluation.briers, weights, (0.0, most), level)
    return found


def in_top(evaluation: Evaluation, count: int) -> Array:
    """Which rows have their class among the `count` likeliest, the first of equal ones, (N,), bool.

    Raises:
        UsageError: the count is not within 1…K.
    """
    K = len(evaluation.classes)
    if not 1 <= count <= K:
        raise UsageError(f"top-k takes k in 1…{K}, the number of classes, not {count}")
    order = np.argsort(-evaluation.logits, axis=1, kind="stable")
    return (order[:, :count] == evaluation.targets[:, None]).any(1)


def resample_classes(statistic: ByClass, resamples: int, seed: int) -> Array:
    """The figures of each class of resamples, (R, F, K); see `resample`."""
    evaluation = statistic.evaluation
    rows, K = len(evaluation), len(evaluation.classes)

    def figures(drawn: Array) -> Array:
        return statistic(np.bincount(drawn, minlength=rows).astype(np.float64))

    if statistic.rankings or evaluation.weights is not None:
        return resample(figures, rows, resamples, seed)
    cells = evaluation.targets * K + evaluation.predictions  # which are all that counts, in half of the time

    def pairs(drawn: Array) -> Array:
        return np.bincount(cells[drawn], minlength=K * K).reshape(K, K).astype(np.float64)

    return shares(resample(pairs, rows, resamples, seed))


def resample(statistic: Callable[[Array], Array], rows: int, resamples: int, seed: int) -> Array:
    """Figures of resamples of the rows, (R, …), for percentiles (Efron and Tibshirani 1993, chapter 13).

    Args:
        statistic: the figures of rows by their numbers, (N,), of which those drawn twice are there twice.
        rows: N.
        resamples: R, how many draws of N rows with replacement.
        seed: of the draws.

    Raises:
        UsageError: no rows, or fewer than two resamples.
    """
    if rows < 1 or resamples < 2:
        raise UsageError(f"a bootstrap needs rows and at least 2 resamples, not {rows} and {resamples}")
    return np.stack([statistic(drawn) for drawn in draws(rows, resamples, seed)])


def draws(rows: int, resamples: int, seed: int) -> Iterator[Array]:
    """The numbers of the rows in each resample, (N,), int64."""
    source = Draws(seed, "bootstrap")
    for _ in range(resamples):
        yield source.integers(rows, rows)


def figure_name(name: str, positive: str = "") -> str:
    """A figure's name in words; that of one class of two says of which."""
    of = f" of {positive}" if positive and name in (*SHARES, *RANKED) else ""
    return name.replace("_", " ").replace("f1", "F1").replace("roc auc", "ROC AUC") + of


def _alone(one: Interval) -> Interval:
    """A figure without its interval."""
    return replace(one, low=np.nan, high=np.nan, method="", reason="" if one.is_defined else one.reason)
