"""The figure of prediction intervals of a regression: their coverage, their width, and the rows outside."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.evaluate.confidence.prediction_intervals import IntervalCurve
from linnet.evaluate.interval import Array
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, VERMILION, drawing, label

Rows = tuple[Array, Array, Array, Array]
"""Of rows in the order of their predictions, (N,) each: predicted and true numbers, ends of the intervals."""


def intervals_figure(
    curve: IntervalCurve,
    rows: Rows,
    coverage: float,
    alpha: float = 0.1,
    title: str = "",
    language: Language = "en",
) -> Figure:
    """Prediction intervals that were learnt on some rows and are measured on others.

    Left, the coverage for each coverage that is asked for; the grey band is where chance leaves 19 in 20. In
    the middle, their width. Right, for an error of α, each row's true number against the predicted one; those
    outside their interval are marked.

    Args:
        curve: what each coverage that is asked for comes to.
        rows: those that are drawn on the right.
        coverage: the share of all rows inside their intervals, for an error of α.
        alpha: between 0 and 1.
        title: above.
        language: "en" or "zh".
    """
    with drawing(11.4, 3.8, language) as figure:
        shares, widths, numbers = figure.subplots(1, 3)
        _draw_coverage(shares, curve, language)
        finite = np.isfinite(curve.mean_width)
        widths.plot(curve.asked[finite], curve.mean_width[finite], color=BLUE)
        widths.set_ylim(bottom=0)
        label(widths, say("plot.interval_width", language), say("plot.asked_coverage", language), "")
        _draw_rows(numbers, rows, coverage, alpha, language)
        figure.suptitle(title, fontsize=11)
    return figure


def _draw_coverage(axes: Axes, curve: IntervalCurve, language: Language) -> None:
    axes.fill_between(
        curve.asked, curve.low, curve.high, color="0.85", label=say("plot.chance_band", language)
    )
    axes.plot(curve.asked, curve.asked, color="0.4", linewidth=0.8)
    axes.plot(curve.asked, curve.coverage, color=BLUE)
    x, y = say("plot.asked_coverage", language), say("plot.measured", language)
    label(axes, say("plot.coverage", language), x, y)
    axes.legend(loc="upper left", fontsize=8)


def _draw_rows(axes: Axes, rows: Rows, coverage: float, alpha: float, language: Language) -> None:
    predicted, target, low, high = rows
    outside = (target < low) | (target > high)
    if np.isfinite(low).all():
        axes.fill_between(predicted, low, high, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(predicted, predicted, color="0.4", linewidth=0.8)
    axes.plot(predicted[~outside], target[~outside], "o", color=BLUE, markersize=3, alpha=0.6)
    axes.plot(predicted[outside], target[outside], "D", color=VERMILION, markersize=3)
    head = f"{say('plot.prediction_interval', language, asked=f'{1 - alpha:g}')}: {coverage:.3f}"
    label(axes, head, say("plot.predicted_number", language), say("plot.target_number", language))
