"""The loss by the learning rate, and the rate to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd

TRAIN, VALIDATION, SUGGESTED = "#0072B2", "#D55E00", "#009E73"
"""Of Okabe and Ito's palette, safe for colour-blind readers."""

HEADROOM = 1.5
"""Losses beyond so many times that of the lowest rate are off the figure: they say no more."""


def rates_figure(
    table: pd.DataFrame, suggestion: float, diverges_at: float | None, title: str = ""
) -> Figure:
    """Training and validation loss by the rate, the suggestion marked, and where models diverge.

    Args:
        table: columns lr, train_loss, validation_loss, the lowest rate first; NaN where a model diverged.
        suggestion: a rate.
        diverges_at: from which rate models diverge; None where none does.
        title: above.
    """
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.plot(table["lr"], table["train_loss"], "--", color=TRAIN, label="train loss")
    axes.plot(table["lr"], table["validation_loss"], "-", color=VALIDATION, label="validation loss")
    axes.axvline(suggestion, color=SUGGESTED, linewidth=1.5, label=f"suggestion {suggestion:g}")
    top = HEADROOM * float(table["validation_loss"].dropna().iloc[0])
    bottom = float(table[["train_loss", "validation_loss"]].min().min())
    axes.set_ylim(bottom - 0.05 * (top - bottom), top)
    if diverges_at is not None:
        axes.axvspan(diverges_at, float(table["lr"].max()), color="0.85", label="diverges")
    axes.set_xlabel("learning rate")
    axes.set_title(title)
    axes.grid(alpha=0.35)
    axes.legend()
    return figure
