"""Figures of a classifier: confusion matrix, reliability diagram, ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from linnet.errors import ShapeError
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, VERMILION, drawing, escape_name, label, style

if TYPE_CHECKING:  # a process that draws imports no torch
    from linnet.evaluate.confidence.reliability import Reliability
    from linnet.evaluate.evaluation import Evaluation
    from linnet.evaluate.one_vs_rest import Curve

LARGEST = 30
"""Classes up to which cells hold their numbers."""


def confusion_figure(
    confusion: ArrayLike, classes: Sequence[str], title: str = "", language: Language = "en"
) -> Figure:
    """Rows of class i taken for class j, coloured by their share of class i.

    Args:
        confusion: (K, K), rows or the sums of their weights.
        classes: the K names.
        title: above; "confusion matrix" when empty.
        language: "en" or "zh".

    Raises:
        ShapeError: the matrix does not fit the names.
    """
    K, confusion = len(classes), np.asarray(confusion)
    if confusion.shape != (K, K):
        raise ShapeError(f"expected a confusion matrix ({K}, {K}), got {confusion.shape}")
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1e-300)
    form = "d" if np.issubdtype(confusion.dtype, np.integer) else ".4g"  # rows, or sums of their weights
    side = 1.8 + 0.5 * min(K, LARGEST)
    with drawing(side + 0.9, side, language) as figure:
        axes = figure.add_subplot()
        drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(K), classes, rotation=45, ha="right", fontsize=8)
        axes.set_yticks(range(K), classes, fontsize=8)
        label(
            axes,
            title or say("plot.confusion_matrix", language),
            say("plot.predicted", language),
            say("plot.true", language),
        )
        axes.grid(visible=False)
        for i, j in ((i, j) for i in range(K) for j in range(K) if K <= LARGEST and confusion[i, j]):
            ink = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, f"{confusion[i, j]:{form}}", ha="center", va="center", fontsize=7, color=ink)
        bar = figure.colorbar(drawn, ax=axes, shrink=0.8)
        bar.set_label(say("plot.confusion_colour", language), fontsize=8)
    return figure


def reliability_figure(table: Reliability, title: str = "", language: Language = "en") -> Figure:
    """Accuracy by confidence against the diagonal, gaps marked, and how many rows each bin has.

    Args:
        table: of an evaluation.
        title: above; "reliability" when empty.
        language: "en" or "zh".
    """
    with drawing(4.8, 5.4, language) as figure:
        upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
        _draw_bars(upper, table, language)
        error = say(f"plot.ece_{table.binning}", language, ece=f"{table.ece:.4f}", bins=table.bins)
        label(
            upper,
            f"{title or say('plot.reliability', language)}\n{error}",
            "",
            say("metric.accuracy", language),
        )
        edges = table.edges
        lower.bar(edges[:-1], table.counts, edges[1:] - edges[:-1], align="edge", color=BLUE, alpha=0.6)
        label(lower, "", say("plot.confidence", language), say("plot.rows", language))
    return figure


def _draw_bars(axes: Axes, table: Reliability, language: Language) -> None:
    edges, known = table.edges, table.counts > 0
    left, width = edges[:-1][known], (edges[1:] - edges[:-1])[known]
    accuracy, confidence = table.accuracy[known], table.confidence[known]
    axes.bar(left, accuracy, width, align="edge", color=BLUE, alpha=0.25)
    axes.vlines(confidence, accuracy, confidence, color=VERMILION, linewidth=2)
    axes.plot(confidence, accuracy, "o", color=BLUE, markersize=4)
    axes.plot([0, 1], [0, 1], "--", color="0.4", label=say("plot.perfect_calibration", language))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend(loc="upper left")


NAMED = 16
"""Classes up to which each has a line of its own; of more, these are the worst and the others grey."""


def roc_figure(evaluation: Evaluation, title: str = "", language: Language = "en") -> Figure:
    """The ROC curve of each class against the rest, with its area.

    Args:
        evaluation: of a classifier.
        title: above; "ROC, …" when empty.
        language: "en" or "zh".
    """
    from linnet.evaluate.one_vs_rest import roc

    title = title or say("plot.roc_title", language)
    names = say("plot.false_positive_rate", language), say("plot.true_positive_rate", language)
    return _draw_curves(evaluation, roc, title, names, "AUC", False, language)


def precision_recall_figure(evaluation: Evaluation, title: str = "", language: Language = "en") -> Figure:
    """The precision-recall curve of each class against the rest, with its average precision.

    Args:
        evaluation: of a classifier.
        title: above; "precision-recall, …" when empty.
        language: "en" or "zh".
    """
    from linnet.evaluate.one_vs_rest import precision_recall

    title = title or say("plot.precision_recall_title", language)
    names = say("metric.recall", language), say("metric.precision", language)
    return _draw_curves(
        evaluation, precision_recall, title, names, say("plot.average_precision", language), True, language
    )


def _draw_curves(
    evaluation: Evaluation, of: Callable[[Evaluation, int], Curve], title: str, names: tuple[str, str],
    area: str, is_stepped: bool, language: Language,
) -> Figure:  # fmt: skip
    evaluation.check_classes()
    curves = [of(evaluation, k) for k in range(len(evaluation.classes))]
    chosen = _choose_classes(curves)
    # Between two thresholds precision is that of the higher recall: the area is one of steps.
    steps = "steps-pre" if is_stepped else "default"
    with drawing(6.6, 4.4, language) as figure:
        axes = figure.add_subplot()
        others = [curve for k, curve in enumerate(curves) if k not in chosen]
        for number, curve in enumerate(others):
            said = say("plot.other_classes", language, n=len(others)) if not number else None
            axes.plot(curve.x, curve.y, color="0.85", linewidth=0.8, label=said, drawstyle=steps)
        for number, k in enumerate(chosen):
            curve, (colour, dash) = curves[k], style(number)
            known = curve.area == curve.area
            shown = f"{curve.area:.3f}" if known else f"– ({say('plot.no_rows_to_rank', language)})"
            line = escape_name(f"{evaluation.classes[k]} {shown}")
            axes.plot(curve.x, curve.y, dash, color=colour, linewidth=1.2, label=line, drawstyle=steps)
        label(axes, title, *names)
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.legend(title=area, loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return figure


def _choose_classes(curves: Sequence[Curve]) -> list[int]:
    """The classes that get a colour and a name: all of them, or those of the least areas, in their order."""
    if len(curves) <= NAMED:
        return list(range(len(curves)))
    areas = np.array([curve.area for curve in curves])  # NaN, a class without rows, sorts last
    return sorted(np.argsort(areas, kind="stable")[:NAMED].tolist())
