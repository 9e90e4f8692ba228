"""Figures of a search: a study of tune, the learning rates of find_lr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, GREEN, VERMILION, drawing, label
from linnet.plot.sweeps import place_values

if TYPE_CHECKING:
    import pandas as pd

PANEL = 2.6
"""Inches of the panel of a hyperparameter."""


def tune_figure(
    table: pd.DataFrame, hyperparameters: list[str], metric: str, title: str = "", language: Language = "en"
) -> Figure:
    """A panel a hyperparameter with a point a setting, the best one marked.

    Args:
        table: as `evaluate.selection.table` gives, the best first.
        hyperparameters: the hyperparameters that were searched.
        metric: the column that was chosen by.
        title: above.
        language: "en" or "zh".

    Raises:
        UsageError: no hyperparameter was searched.
    """
    if not hyperparameters:
        raise UsageError("there is nothing to plot: no hyperparameter has more than one value")
    with drawing(1 + PANEL * len(hyperparameters), 3.2, language) as figure:
        panels = figure.subplots(1, len(hyperparameters), sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, hyperparameters, strict=True):
            _draw_panel(axes, table[name].tolist(), table[metric].to_numpy(float), name)
        panels[0].set_ylabel(say(f"metric.{metric}", language))
        setting, best = panels[0].collections[:2]
        named = [say("plot.a_setting", language), say("plot.the_best", language)]
        figure.legend([setting, best], named, loc="outside right upper", fontsize=8)
        figure.suptitle(title)
    return figure


def _draw_panel(axes: Axes, values: list[object], scores: np.ndarray, name: str) -> None:
    """The points of one hyperparameter."""
    x = place_values(axes, values, PANEL - 0.4)
    axes.scatter(x, scores, s=14, color=BLUE, alpha=0.6, linewidths=0)
    axes.scatter(x[:1], scores[:1], s=40, color=VERMILION, zorder=3)
    label(axes, "", name, "")


HEADROOM = 1.5
"""Losses beyond so many times that of the lowest rate are off the figure: they say no more."""


def rates_figure(
    table: pd.DataFrame,
    suggestion: float,
    diverges_at: float | None,
    title: str = "",
    language: Language = "en",
) -> Figure:
    """Training and validation loss by the rate, the suggestion marked, and where models diverge.

    Args:
        table: columns lr, train_loss, validation_loss, the lowest rate first; NaN where a model diverged.
        suggestion: a rate.
        diverges_at: from which rate models diverge; None where none does.
        title: above.
        language: "en" or "zh".
    """
    with drawing(5.6, 3.6, language) as figure:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        for name, dash, colour in (("train_loss", "--", BLUE), ("validation_loss", "-", VERMILION)):
            axes.plot(table["lr"], table[name], dash, color=colour, label=say(f"metric.{name}", language))
        said = say("plot.suggestion", language, rate=f"{suggestion:g}")
        axes.axvline(suggestion, color=GREEN, linewidth=1.5, label=said)
        if diverges_at is not None:
            highest = float(table["lr"].to_numpy(float).max())
            axes.axvspan(diverges_at, highest, color="0.85", label=say("plot.diverges", language))
        axes.set_ylim(*_find_limits(table))
        label(axes, title, say("plot.learning_rate", language), say("metric.loss", language))
        axes.legend()
    return figure


def _find_limits(table: pd.DataFrame) -> tuple[float, float]:
    """From below the least loss to above that of the lowest rate that did not diverge."""
    top = HEADROOM * float(table["validation_loss"].dropna().to_numpy(float)[0])
    bottom = float(np.nanmin(table[["train_loss", "validation_loss"]].to_numpy(float)))
    return bottom - 0.05 * (top - bottom), top
