"""ROC and precision-recall curves, a line a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from linnet.evaluate.forecast import Forecast
from linnet.evaluate.ranking import Curve, precision_recall, roc
from linnet.plot.look import label, named, style, styled
from linnet.plot.words import Language, say

NAMED = 16
"""Classes up to which each has a line of its own; of more, these are the worst and the others grey."""


def roc_figure(forecast: Forecast, title: str = "", language: Language = "en") -> Figure:
    """The ROC curve of each class against the rest, with its area.

    Args:
        forecast: of labelled rows.
        title: above; "ROC, …" when empty.
        language: "en" or "zh".
    """
    title = title or say("ROC, one class against the rest", language)
    names = say("false positive rate", language), say("true positive rate", language)
    return _lines(forecast, roc, title, names, "AUC", False, language)


def precision_recall_figure(forecast: Forecast, title: str = "", language: Language = "en") -> Figure:
    """The precision-recall curve of each class against the rest, with its average precision.

    Args:
        forecast: of labelled rows.
        title: above; "precision-recall, …" when empty.
        language: "en" or "zh".
    """
    title = title or say("precision-recall, one class against the rest", language)
    names = say("recall", language), say("precision", language)
    return _lines(
        forecast, precision_recall, title, names, say("average precision", language), True, language
    )


def _lines(
    forecast: Forecast, of: Callable[[Forecast, int], Curve], title: str, names: tuple[str, str], area: str,
    is_stepped: bool, language: Language,
) -> Figure:  # fmt: skip
    curves = [of(forecast, k) for k in range(len(forecast.classes))]
    chosen = _chosen(curves)
    # Between two thresholds precision is that of the higher recall: the area is one of steps.
    steps = "steps-pre" if is_stepped else "default"
    figure = Figure(figsize=(6.6, 4.4), layout="constrained")
    with styled(figure, language):
        axes = figure.add_subplot()
        others = [curve for k, curve in enumerate(curves) if k not in chosen]
        for number, curve in enumerate(others):
            said = say("{n} other classes", language, n=len(others)) if not number else None
            axes.plot(curve.x, curve.y, color="0.85", linewidth=0.8, label=said, drawstyle=steps)
        for number, k in enumerate(chosen):
            curve, (colour, dash) = curves[k], style(number)
            known = curve.area == curve.area
            shown = f"{curve.area:.3f}" if known else f"– ({say('no rows to tell apart', language)})"
            line = named(f"{forecast.classes[k]} {shown}")
            axes.plot(curve.x, curve.y, dash, color=colour, linewidth=1.2, label=line, drawstyle=steps)
        label(axes, title, *names)
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.legend(title=area, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return figure


def _chosen(curves: Sequence[Curve]) -> list[int]:
    """The classes that get a colour and a name: all of them, or those of the least areas, in their order."""
    if len(curves) <= NAMED:
        return list(range(len(curves)))
    areas = np.array([curve.area for curve in curves])  # NaN, a class without rows, sorts last
    return sorted(np.argsort(areas, kind="stable")[:NAMED].tolist())
