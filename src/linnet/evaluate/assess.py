"""Every figure of a classifier at once, with intervals where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from linnet.errors import UsageError
from linnet.evaluate import means
from linnet.evaluate.bootstrap import RESAMPLES, check_level, resampled
from linnet.evaluate.by_class import RANKED, SHARES, Cells, mean_of, ranked, shares
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.interval import Interval
from linnet.evaluate.proportions import LEVEL, proportion
from linnet.evaluate.ranking import Areas
from linnet.evaluate.reliability import BINS, Reliability, reliability

BINARY = 2
MACRO = ("f1", *RANKED)
"""Of which means over the classes are given, as scikit-learn has them."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """The figures of a forecast. Without intervals the ends of each are NaN.

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
    forecast: Forecast,
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
    """All figures of a forecast.

    Args:
        forecast: of labelled rows.
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
    chosen = positive_of(forecast.classes, positive)
    statistic = ByClass(forecast, ranking)
    values = statistic(torch.ones(len(forecast), dtype=torch.float64))
    drawn = resampled(statistic, len(forecast), resamples, seed)[1] if intervals else None
    each = _each(values, drawn, statistic, level)
    classes = {
        name: {figure: found[k] for figure, found in each.items()} for k, name in enumerate(forecast.classes)
    }
    whole = of_rows(forecast, top, level)
    if chosen:
        whole |= classes[chosen]
    for place, figure in enumerate(each):
        if figure in (("f1",) if chosen else MACRO):
            whole |= _macro(figure, each[figure], statistic, drawn, place)
    tables = {how: reliability(forecast, bins, how) for how in ("width", "mass")}
    expected = {how: table.expected_ece(forecast, seed=seed) for how, table in tables.items()}
    if not intervals:
        whole = {name: _alone(one) for name, one in whole.items()}
        classes = {name: {k: _alone(one) for k, one in found.items()} for name, found in classes.items()}
    return Assessment(len(forecast), whole, classes, tables, expected, chosen)


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


class ByClass:
    """The figures of each class of rows that count differently often, as `resampled` takes them."""

    def __init__(self, forecast: Forecast, ranking: bool) -> None:
        self.names = (*SHARES, *(RANKED if ranking else ()))
        self.K = len(forecast.classes)
        self.rows = forecast.labels * self.K + forecast.guesses  # (N,)
        self.areas = Areas(forecast) if ranking else None
        self.cells = Cells(forecast)

    def __call__(self, counts: Tensor) -> Tensor:
        """Precision, recall and F1 of the classes, with ranking AUC and average precision, (5K,)."""
        counts = counts * self.cells.weights
        found = shares(torch.bincount(self.rows, counts, self.K**2).view(self.K, self.K))
        return found if self.areas is None else torch.cat([found, self.areas(counts)])

    def part(self, of: Tensor, place: int) -> Tensor:
        """The values of a figure, (…, K)."""
        return of[..., place * self.K : (place + 1) * self.K]


def of_rows(forecast: Forecast, top: Sequence[int], level: float) -> dict[str, Interval]:
    """The figures that are means over the rows."""
    weights = forecast.weights
    hits = {"accuracy": forecast.hits, **{f"top_{k}": forecast.in_top(k) for k in sorted(set(top) - {1})}}
    found = {name: proportion(right, weights, level=level) for name, right in hits.items()}
    found["log_loss"] = means.mean(forecast.log_losses, weights, level=level)
    most = 1.0 if len(forecast.classes) == BINARY else 2.0
    found["brier"] = means.mean(forecast.briers, weights, (0.0, most), level)
    return found


def _each(values: Tensor, drawn: Tensor | None, of: ByClass, level: float) -> dict[str, list[Interval]]:
    """The figures of each class by name."""
    found = of.cells.intervals(level)
    if of.areas is None:
        return found
    first = len(SHARES) * of.K
    spread = values[None] if drawn is None else drawn
    return {**found, **ranked(values[first:], spread[:, first:], of.cells, level)}


def _macro(
    figure: str, found: list[Interval], of: ByClass, drawn: Tensor | None, place: int
) -> dict[str, Interval]:
    """The mean of a figure over the classes."""
    each = None if drawn is None else of.part(drawn, place)
    return {f"macro_{figure}": mean_of(found, None if each is None else each.nanmean(1), each)}


def _alone(one: Interval) -> Interval:
    """A figure without its interval."""
    return replace(one, low=torch.nan, high=torch.nan, method="", reason="" if one.is_defined else one.reason)
