"""The loss by the learning rate, and the rate to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from linnet.plot.look import BLUE, GREEN, VERMILION, label, styled
from linnet.plot.words import Language, say

if TYPE_CHECKING:
    import pandas as pd

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
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    with styled(figure, language):
        axes = figure.add_subplot()
        axes.set_xscale("log")
        for name, dash, colour in (("train loss", "--", BLUE), ("validation loss", "-", VERMILION)):
            axes.plot(
                table["lr"], table[name.replace(" ", "_")], dash, color=colour, label=say(name, language)
            )
        said = say("suggestion {rate}", language, rate=f"{suggestion:g}")
        axes.axvline(suggestion, color=GREEN, linewidth=1.5, label=said)
        if diverges_at is not None:
            highest = float(table["lr"].to_numpy(float).max())
            axes.axvspan(diverges_at, highest, color="0.85", label=say("diverges", language))
        axes.set_ylim(*_limits(table))
        label(axes, title, say("learning rate", language), say("loss", language))
        axes.legend()
    return figure


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """From below the least loss to above that of the lowest rate that did not diverge."""
    top = HEADROOM * float(table["validation_loss"].dropna().to_numpy(float)[0])
    bottom = float(np.nanmin(table[["train_loss", "validation_loss"]].to_numpy(float)))
    return bottom - 0.05 * (top - bottom), top
