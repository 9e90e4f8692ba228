"""Figures of a solve: the gap to the optimum by the iteration, the regularization path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from linnet.plot.style import label, styled
from linnet.plot.words import Language, say

if TYPE_CHECKING:
    import pandas as pd


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


TRAIN, VALIDATION, CHOSEN = "#0072B2", "#D55E00", "#009E73"
"""Of Okabe and Ito's palette, safe for colour-blind readers."""

MOST = 200
"""Weights that are drawn; of more, those that get largest."""


def path_figure(
    table: pd.DataFrame, weights: np.ndarray, knob: str, title: str = "", language: Language = "en"
) -> Figure:
    """The weights, and under them the losses, by the penalty.

    Args:
        table: columns penalty, train_loss, nonzeros and perhaps validation_loss, a row a penalty.
        weights: (P, J), a row a penalty.
        knob: what the penalty is called: "l1" or "l2".
        title: above.
        language: "en" or "zh".
    """
    figure = Figure(figsize=(5.6, 5.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    _weights(above, table["penalty"].to_numpy(float), weights, language)
    above.set_title(title)
    _losses(below, table, language)
    below.set_xlabel(knob)
    return figure


def _weights(axes: Axes, penalties: np.ndarray, weights: np.ndarray, language: Language) -> None:
    largest = np.argsort(-np.abs(weights).max(0), kind="stable")[:MOST]
    axes.set_xscale("log")
    axes.plot(penalties, weights[:, np.sort(largest)], linewidth=0.7)
    axes.set_ylabel(say("weight", language))
    axes.grid(alpha=0.35)


def _losses(axes: Axes, table: pd.DataFrame, language: Language) -> None:
    penalties = table["penalty"].to_numpy(float)
    axes.plot(penalties, table["train_loss"], "--", color=TRAIN, label=say("train loss", language))
    if "validation_loss" in table:
        losses = table["validation_loss"].to_numpy(float)
        best = float(penalties[int(losses.argmin())])
        axes.plot(penalties, losses, "-", color=VALIDATION, label=say("validation loss", language))
        said = say("best {penalty}", language, penalty=f"{best:.3g}")
        axes.axvline(best, color=CHOSEN, linewidth=1.5, label=said)
    axes.set_ylabel(say("loss", language))
    axes.grid(alpha=0.35)
    axes.legend()
