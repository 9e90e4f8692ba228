"""Accuracy against the share of rows that the model answers."""

from __future__ import annotations

from matplotlib.figure import Figure

from linnet.evaluate.abstain import AbstainCurve
from linnet.plot.look import BLUE, VERMILION, label, styled
from linnet.plot.words import Language, say

FEWEST = 0.02
"""Coverages below it rest on so few rows that the line only jumps."""


def abstain_figure(curve: AbstainCurve, title: str = "", language: Language = "en") -> Figure:
    """The accuracy-coverage curve, and the confidence that each coverage asks for.

    Args:
        curve: of a forecast.
        title: above; "accuracy against coverage" when empty.
        language: "en" or "zh".
    """
    figure = Figure(figsize=(5.4, 3.8), layout="constrained")
    with styled(figure, language):
        axes = figure.add_subplot()
        shown = (curve.coverage >= FEWEST).numpy()
        x = curve.coverage.numpy()[shown]
        right = say("accuracy of what is answered", language)
        sure = say("least confidence answered", language)
        axes.plot(x, curve.accuracy.numpy()[shown], color=BLUE, label=right)
        axes.plot(x, curve.thresholds.numpy()[shown], "--", color=VERMILION, label=sure)
        whole = float(curve.accuracy[-1])
        said = f"{say('right without abstaining', language)} {whole:.3f}"
        axes.axhline(whole, color="0.5", linewidth=0.8, linestyle=":", label=said)
        head = title or say("accuracy against coverage", language)
        label(axes, head, say("share of rows answered (coverage)", language), "")
        axes.set_xlim(0, 1)
        axes.legend(loc="lower left")
    return figure
