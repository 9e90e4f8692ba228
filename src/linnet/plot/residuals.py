"""Figures of residuals: against fitted values, normal quantiles and leverage, and, of classes, in bins."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from linnet.evaluate.leverage import Leverage
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, VERMILION, drawing, label, panels

Values = NDArray[np.float64]

MOST = 3000
"""Points that are drawn; of more, evenly spaced ones in their order by the figure's x."""

SIZE = (4.6, 3.6)
"""Inches of a panel."""


def residuals_figure(fitted: Values, residuals: Values, title: str = "", language: Language = "en") -> Figure:
    """Each row's residual by its fitted value: a cloud without a shape where the model is right.

    Args:
        fitted: values, (N,).
        residuals: targets less fitted values, (N,).
        title: above.
        language: "en" or "zh".
    """
    with drawing(*SIZE, language) as figure:
        axes = figure.add_subplot()
        _draw_points(axes, fitted, residuals)
        axes.axhline(0, color="0.4", linewidth=0.8)
        label(axes, title, say("plot.fitted_value", language), say("plot.residual", language))
    return figure


def quantiles_figure(
    residuals: Values, deviation: float, title: str = "", language: Language = "en"
) -> Figure:
    """Residuals in order against normal quantiles: along the line where errors are normal (Q–Q).

    Args:
        residuals: (N,).
        deviation: the residual standard deviation.
        title: above.
        language: "en" or "zh".
    """
    from scipy import special

    shares = (np.arange(len(residuals)) + 0.5) / len(residuals)
    normal, ordered = special.ndtri(shares), np.sort(residuals) / deviation
    with drawing(*SIZE, language) as figure:
        axes = figure.add_subplot()
        ends = [float(normal[0]), float(normal[-1])]
        axes.plot(ends, ends, "--", color="0.4", linewidth=0.8)
        _draw_points(axes, normal, ordered)
        label(axes, title, say("plot.normal_quantile", language), say("plot.standardised_residual", language))
    return figure


NAMED = 3
"""Rows that are named, those that move the fit most."""


def leverage_figure(found: Leverage, title: str = "", language: Language = "en") -> Figure:
    """Standardised residuals by leverage: rows beyond the dashed lines move the fit a good deal.

    The lines are Cook's distances of ½ and 1, the rows of the largest are named.

    Args:
        found: of the rows that the model was trained on; rows of leverage 1 have no residual and no point.
        title: above.
        language: "en" or "zh".
    """
    with drawing(5.4, 4.0, language) as figure:
        axes = figure.add_subplot()
        _draw_points(axes, found.leverage, found.standardised)
        axes.axhline(0, color="0.4", linewidth=0.8)
        low, high = axes.get_ylim()
        h = np.linspace(1e-3, max(float(np.nanmax(found.leverage)) * 1.05, 2e-3), 200)
        h = h[h < 1]
        for distance, dash in ((0.5, ":"), (1.0, "--")):
            reach = np.sqrt(distance * found.rank * (1 - h) / h)
            name = say("plot.cook", language, distance=f"{distance:g}")
            axes.plot(h, reach, dash, color=VERMILION, linewidth=0.9, label=name)
            axes.plot(h, -reach, dash, color=VERMILION, linewidth=0.9)
        for row in found.worst[:NAMED].tolist():
            if not np.isnan(found.cook[row]):
                at = (float(found.leverage[row]), float(found.standardised[row]))
                axes.plot(*at, "D", color=VERMILION, markersize=4)
                said = say("plot.row_number", language, row=row)
                axes.annotate(said, at, textcoords="offset points", xytext=(5, 3), fontsize=8)
        axes.set_ylim(min(low, -3), max(high, 3.6))
        axes.margins(x=0.1)
        axes.legend(loc="lower right", fontsize=8)
        x, y = say("plot.leverage", language), say("plot.standardised_residual", language)
        label(axes, title or say("plot.leverage_title", language), x, y)
    return figure


def binned_figure(
    probabilities: Values, shares: Values, classes: list[str], title: str = "", language: Language = "en"
) -> Figure:
    """Of each class, how much more often it occurs than was said, in bins of alike probabilities.

    The band holds 19 of 20 bins of a right model (Gelman and Hill 2007, 5.5).

    Args:
        probabilities: of the classes, (N, K).
        shares: of the classes in the labels, (N, K).
        classes: the K names.
        title: above.
        language: "en" or "zh".
    """
    across = min(3, len(classes))
    down = -(-len(classes) // across)
    with drawing(0.6 + 3.4 * across, 0.6 + 2.6 * down, language) as figure:
        for k, axes in enumerate(panels(figure, len(classes), across, sharex=True)):
            _draw_bins(axes, probabilities[:, k], shares[:, k])
            label(axes, classes[k], "", "")
        figure.supxlabel(say("plot.predicted_probability", language), fontsize="medium")
        figure.supylabel(say("plot.share_less_predicted", language), fontsize="medium")
        if title:
            figure.suptitle(title)
    return figure


def _draw_bins(axes: Axes, p: Values, share: Values) -> None:
    """Means over bins of about √N rows each, and twice their standard error."""
    order, bins = np.argsort(p, kind="stable"), int(max(1, min(25, np.sqrt(len(p)))))
    parts = [part for part in np.array_split(order, bins) if len(part)]
    middle = np.array([p[part].mean() for part in parts])
    less = np.array([(share[part] - p[part]).mean() for part in parts])
    reach = np.array([2 * np.sqrt((p[part] * (1 - p[part])).sum()) / len(part) for part in parts])
    axes.fill_between(middle, -reach, reach, color=BLUE, alpha=0.15, linewidth=0)
    axes.axhline(0, color="0.4", linewidth=0.8)
    outside = np.abs(less) > reach
    axes.plot(middle[~outside], less[~outside], "o", color=BLUE, markersize=4)
    axes.plot(middle[outside], less[outside], "D", color=VERMILION, markersize=4)


def _draw_points(axes: Axes, x: Values, y: Values) -> None:
    if len(x) > MOST:
        kept = np.argsort(x, kind="stable")[np.linspace(0, len(x) - 1, MOST).round().astype(int)]
        x, y = x[kept], y[kept]
    axes.plot(x, y, "o", color=BLUE, markersize=3, alpha=0.6, markeredgewidth=0)
