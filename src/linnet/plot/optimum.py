"""Figures of a solve: the gap to the optimum by the iteration, the regularization path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.i18n import Language, say
from linnet.plot.style import BLUE, GREEN, VERMILION, drawing, label

if TYPE_CHECKING:
    import pandas as pd


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
    least = min(record["objective"] for record in records) - (gap or 0.0)
    above = [(record["epoch"], record["objective"] - least) for record in records]
    shown = [(epoch, distance) for epoch, distance in above if distance > 0]
    with drawing(5.2, 3.6, language) as figure:
        axes = figure.add_subplot()
        called = say("plot.above_bound" if gap else "plot.above_last", language)
        if shown:
            axes.plot(*zip(*shown, strict=True), "o-", color=BLUE, markersize=3, label=called)
        if gap:
            proven = say("plot.proven_gap", language, gap=f"{gap:.2g}")
            axes.axhline(gap, color=GREEN, linestyle="--", label=proven)
        axes.set_yscale("log")
        label(axes, title, say("plot.iteration", language), "", is_counted=True)
        if shown or gap:
            axes.legend()
    return figure


MOST = 200
"""Weights that are drawn; of more, those that get largest."""


def path_figure(
    table: pd.DataFrame, weights: np.ndarray, penalty: str, title: str = "", language: Language = "en"
) -> Figure:
    """The weights, and under them the losses, by the penalty.

    Args:
        table: columns penalty, train_loss, nonzeros and perhaps validation_loss and validation_se, a row a
            penalty.
        weights: (P, J), a row a penalty.
        penalty: what the penalty is called: "l1" or "l2".
        title: above.
        language: "en" or "zh".
    """
    largest = np.argsort(-np.abs(weights).max(0), kind="stable")[:MOST]
    with drawing(5.6, 5.6, language) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        above.set_xscale("log")
        above.plot(table["penalty"], weights[:, np.sort(largest)], linewidth=0.7)
        label(above, title, "", say("plot.weight", language))
        _losses(below, table, language)
        label(below, "", penalty, say("metric.loss", language))
    return figure


def path_losses_figure(table: pd.DataFrame, penalty: str, language: Language = "en") -> Figure:
    """The losses by the penalty, and which was chosen.

    Args:
        table: as `path_figure` takes it.
        penalty: what it is called.
        language: "en" or "zh".
    """
    with drawing(5.6, 3.2, language) as figure:
        axes = figure.subplots()
        axes.set_xscale("log")
        _losses(axes, table, language)
        label(axes, "", penalty, say("metric.loss", language))
    return figure


def _losses(axes: Axes, table: pd.DataFrame, language: Language) -> None:
    penalties = table["penalty"].to_numpy(float)
    axes.plot(penalties, table["train_loss"], "--", color=BLUE, label=say("metric.train_loss", language))
    losses = np.full(len(table), np.nan)
    if "validation_loss" in table:
        losses = table["validation_loss"].to_numpy(float)
        best = float(penalties[int(losses.argmin())])
        axes.plot(penalties, losses, "-", color=VERMILION, label=say("metric.validation_loss", language))
        said = say("plot.best_penalty", language, penalty=f"{best:.3g}")
        axes.axvline(best, color=GREEN, linewidth=1.5, label=said)
    if "validation_se" in table:
        errors, at = table["validation_se"].to_numpy(float), int(losses.argmin())
        axes.fill_between(
            penalties, losses - errors, losses + errors, color=VERMILION, alpha=0.2, linewidth=0
        )
        near = float(penalties[losses <= losses[at] + errors[at]].max())
        said = say("plot.simplest_penalty", language, penalty=f"{near:.3g}")
        axes.axvline(near, color=GREEN, linewidth=1.5, linestyle="--", label=said)
    axes.legend()
