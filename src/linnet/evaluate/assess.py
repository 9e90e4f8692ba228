"""Every figure of a classifier at once, with bootstrap intervals where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from linnet.evaluate.bootstrap import RESAMPLES, Interval, bootstrap
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.ranking import Areas
from linnet.evaluate.reliability import BINS, Reliability, reliability

SHARES, RANKED = ("precision", "recall", "f1"), ("roc_auc", "average_precision")


@dataclass(frozen=True, eq=False)
class Assessment:
    """The figures of a forecast. Without intervals the ends of each are NaN.

    Rows with weights count by them in all but the calibration.

    Args:
        rows: N.
        whole: by name: accuracy, top_2 and so on, log_loss (nats), brier, macro_f1, roc_auc and
            average_precision (means over the classes).
        classes: by class and then by name: precision, recall, f1, roc_auc, average_precision.
        calibration: reliability by binning, "width" and "mass".
        expected_ece: the ECE, by the same binnings, that labels drawn from the probabilities
            themselves would give: what noise alone comes to.
    """

    rows: int
    whole: dict[str, Interval]
    classes: dict[str, dict[str, Interval]]
    calibration: dict[str, Reliability]
    expected_ece: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return {
            "rows": self.rows,
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
    level: float = 0.95,
    resamples: int = RESAMPLES,
    bins: int = BINS,
    seed: int = 0,
) -> Assessment:
    """All figures of a forecast.

    Args:
        forecast: of labelled rows.
        top: the k of top-k accuracies, beside accuracy itself.
        intervals: whether to bootstrap; it takes about a second for each ten million rows × resamples.
        ranking: whether to give roc_auc and average_precision, too: most of that time is theirs. The other
            figures and their intervals are the same without.
        level: of the intervals.
        resamples: of the bootstrap.
        bins: of the reliability.
        seed: of the bootstrap.

    Raises:
        UsageError: a k is not within 1…K, or an argument of the bootstrap cannot be.
    """
    statistic = _Figures(forecast, top, ranking)
    if intervals:
        found = bootstrap(statistic, len(forecast), level=level, resamples=resamples, seed=seed)
    else:
        values = statistic(torch.ones(len(forecast), dtype=torch.float64))
        found = [Interval(value, torch.nan, torch.nan) for value in values.tolist()]
    whole = dict(zip(statistic.names, found, strict=False))
    rest, K = found[len(statistic.names) :], len(forecast.classes)
    classes = {
        name: {figure: rest[place * K + k] for place, figure in enumerate(statistic.per_class)}
        for k, name in enumerate(forecast.classes)
    }
    tables = {how: reliability(forecast, bins, how) for how in ("width", "mass")}
    expected = {how: table.expected_ece(forecast, seed=seed) for how, table in tables.items()}
    return Assessment(len(forecast), whole, classes, tables, expected)


class _Figures:
    """The figures of rows that count differently often, as `bootstrap` takes them."""

    def __init__(self, forecast: Forecast, top: Sequence[int], ranking: bool) -> None:
        tops = sorted(set(top) - {1})
        columns = [forecast.hits, *(forecast.in_top(k) for k in tops), forecast.log_losses, forecast.briers]
        self.columns = torch.stack([column.double() for column in columns])  # (S, N)
        self.names = [
            "accuracy", *(f"top_{k}" for k in tops), "log_loss", "brier", "macro_f1",
            *(RANKED if ranking else ()),
        ]  # fmt: skip
        self.per_class = (*SHARES, *(RANKED if ranking else ()))
        self.K = len(forecast.classes)
        self.cells = forecast.labels * self.K + forecast.guesses  # (N,)
        self.areas = Areas(forecast) if ranking else None
        self.weights = None if forecast.weights is None else forecast.weights.double().cpu()

    def __call__(self, counts: Tensor) -> Tensor:
        """The figures of the whole, then of the classes: (S + 3 + 5K,), or (S + 1 + 3K,) without ranking."""
        counts = counts if self.weights is None else counts * self.weights
        means = self.columns @ counts / counts.sum()
        confusion = torch.bincount(self.cells, counts, self.K**2).view(self.K, self.K)
        own, given, there = confusion.diag(), confusion.sum(0), confusion.sum(1)
        f1 = 2 * own / (given + there)
        shares = torch.cat([own / given, own / there, f1])  # (3K,)
        if self.areas is None:
            return torch.cat([means, f1.nanmean()[None], shares])
        areas = self.areas(counts)  # (2K,)
        middle = torch.stack([f1.nanmean(), areas[: self.K].nanmean(), areas[self.K :].nanmean()])
        return torch.cat([means, middle, shares, areas])
