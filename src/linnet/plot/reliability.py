"""The reliability diagram: how often a confidence is right."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.evaluate.reliability import Reliability
from linnet.plot.look import BLUE, VERMILION, label, styled
from linnet.plot.words import Language, say


def reliability_figure(table: Reliability, title: str = "", language: Language = "en") -> Figure:
    """Accuracy by confidence against the diagonal, gaps marked, and how many rows each bin has.

    Args:
        table: of a forecast.
        title: above; "reliability" when empty.
        language: "en" or "zh".
    """
    figure = Figure(figsize=(4.8, 5.4), layout="constrained")
    with styled(figure, language):
        upper, lower = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
        _bars(upper, table, language)
        said = f"ECE {{ece}}, {{bins}} bins of equal {table.binning}"
        error = say(said, language, ece=f"{table.ece:.4f}", bins=table.bins)
        label(upper, f"{title or say('reliability', language)}\n{error}", "", say("accuracy", language))
        edges = table.edges.numpy()
        lower.bar(
            edges[:-1], table.counts.numpy(), edges[1:] - edges[:-1], align="edge", color=BLUE, alpha=0.6
        )
        label(lower, "", say("confidence", language), say("rows", language))
    return figure


def _bars(axes: Axes, table: Reliability, language: Language) -> None:
    edges, known = table.edges.numpy(), table.counts.numpy() > 0
    left, width = edges[:-1][known], (edges[1:] - edges[:-1])[known]
    accuracy, confidence = table.accuracy.numpy()[known], table.confidence.numpy()[known]
    axes.bar(left, accuracy, width, align="edge", color=BLUE, alpha=0.25)
    axes.vlines(confidence, accuracy, confidence, color=VERMILION, linewidth=2)
    axes.plot(confidence, accuracy, "o", color=BLUE, markersize=4)
    axes.plot([0, 1], [0, 1], "--", color="0.4", label=say("perfect calibration", language))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend(loc="upper left")
