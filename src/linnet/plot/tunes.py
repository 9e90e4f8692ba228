"""A search at a glance: the score of each setting by each knob."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError
from linnet.plot.look import BLUE, VERMILION, styled
from linnet.plot.words import Language, say

if TYPE_CHECKING:
    import pandas as pd


def tune_figure(
    table: pd.DataFrame, knobs: list[str], metric: str, title: str = "", language: Language = "en"
) -> Figure:
    """A panel a knob with a point a setting, the best one marked.

    Args:
        table: as `evaluate.selection.table` gives, the best first.
        knobs: the knobs that were searched.
        metric: the column that was chosen by.
        title: above.
        language: "en" or "zh".

    Raises:
        UsageError: no knob was searched.
    """
    if not knobs:
        raise UsageError("there is nothing to plot: no knob has more than one value")
    figure = Figure(figsize=(1 + 2.6 * len(knobs), 3.2), layout="constrained")
    with styled(figure, language):
        panels = figure.subplots(1, len(knobs), sharey=True, squeeze=False)[0]
        for axes, knob in zip(panels, knobs, strict=True):
            _panel(axes, table[knob].tolist(), table[metric].to_numpy(float), knob)
        panels[0].set_ylabel(say(metric.replace("_", " "), language))
        setting, best = panels[0].collections[:2]
        named = [say("a setting", language), say("the best", language)]
        figure.legend([setting, best], named, loc="outside right upper", fontsize=8)
        figure.suptitle(title)
    return figure


def _panel(axes: Axes, values: list[object], scores: np.ndarray, knob: str) -> None:
    """The points of one knob; what is no number gets a place of its own."""
    if all(isinstance(value, int | float) for value in values):
        x = np.asarray(values, float)
        if (x > 0).all() and x.max() / x.min() > 10:
            axes.set_xscale("log")
    else:
        names = list(dict.fromkeys(map(str, values)))
        x = np.array([names.index(str(value)) for value in values], float)
        axes.set_xticks(range(len(names)), names)
    axes.scatter(x, scores, s=14, color=BLUE, alpha=0.6, linewidths=0)
    axes.scatter(x[:1], scores[:1], s=40, color=VERMILION, zorder=3)
    axes.set_xlabel(knob)
    axes.grid(alpha=0.35)
