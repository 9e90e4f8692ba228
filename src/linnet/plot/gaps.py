"""How a solver went to the optimum: the objective's distance from it by the iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from linnet.plot.look import label, styled
from linnet.plot.words import Language, say

OBJECTIVE, PROVEN = "#0072B2", "#009E73"
"""Of Okabe and Ito's palette, safe for colour-blind readers."""


def gap_figure(
    records: Sequence[Mapping[str, float]], gap: float | None, title: str = "", language: Language = "en"
) -> Figure:
    """Each iteration's objective above a bound below the optimum, and the gap that was proven at the end.

    Args:
        records: an iteration's figures each, `epoch` (its number) and `objective` among them.
        gap: the last objective is at most this much above the optimum; None where nothing is known, and then
            the distance is from the last objective itself.
        title: above.
        language: "en" or "zh".
    """
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    least = min(record["objective"] for record in records) - (gap or 0.0)
    above = [(record["epoch"], record["objective"] - least) for record in records]
    shown = [(epoch, distance) for epoch, distance in above if distance > 0]
    with styled(figure, language):
        axes = figure.add_subplot()
        called = say("objective above the bound" if gap else "objective above the last", language)
        if shown:
            axes.plot(*zip(*shown, strict=True), "o-", color=OBJECTIVE, markersize=3, label=called)
        if gap:
            proven = say("proven gap {gap}", language, gap=f"{gap:.2g}")
            axes.axhline(gap, color=PROVEN, linestyle="--", label=proven)
        axes.set_yscale("log")
        label(axes, title, say("iteration", language), "")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if shown or gap:
            axes.legend()
    return figure
