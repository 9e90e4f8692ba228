"""Estimates with their intervals, one under the other: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError
from linnet.plot.look import styled
from linnet.plot.words import Language, say

if TYPE_CHECKING:
    import pandas as pd

CLEAR, UNCLEAR, UNKNOWN = "#0072B2", "0.55", "#D55E00"
"""Of Okabe and Ito's palette: an interval without 0, one with it, an estimate that has none."""

MOST = 40
"""Rows of a panel that can still be read."""

ACROSS = 4
"""Panels beside each other."""


def coefficients_figure(
    table: pd.DataFrame,
    title: str = "",
    *,
    level: float | None = None,
    bias: bool = False,
    top: int = MOST,
    language: Language = "en",
) -> Figure:
    """A panel an output: estimates and their intervals, those that leave out 0 in colour.

    Args:
        table: as `linnet.inference.infer.infer` gives: output, feature, estimate, low, high.
        title: above.
        level: of the intervals, to be named; not named when None.
        bias: whether to show the bias, which seldom is of the size of the rest.
        top: at most so many features a panel, those whose intervals are furthest from 0.
        language: "en" or "zh".

    Raises:
        UsageError: there is nothing to draw.
    """
    shown = table if bias else table.query("feature != 'bias'")
    outputs = list(dict.fromkeys(shown["output"]))
    if not outputs or top < 1:
        raise UsageError("there are no estimates to draw: give a table with features, and top of at least 1")
    panels = [_chosen(rows, top) for _, rows in shown.groupby("output", sort=False)]
    across, tallest = min(ACROSS, len(panels)), max(map(len, panels))
    down = -(-len(panels) // across)
    size = (1.2 + 3.4 * across, down * (0.9 + 0.24 * tallest) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    text = "estimate" if level is None else "estimate and {share} % interval"
    said = say(text, language, share=f"{100 * (level or 0):g}")
    with styled(figure, language):
        grid = figure.subplots(down, across, squeeze=False).flatten()
        for axes, output, panel in zip(grid, outputs, panels, strict=False):
            _panel(axes, panel)
            axes.set_xlabel(said)
            axes.set_title(str(output) if len(panels) > 1 else title, fontsize="medium")
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        if len(panels) > 1:
            figure.suptitle(title)
    return figure


def _chosen(rows: pd.DataFrame, top: int) -> pd.DataFrame:
    """The rows of a panel, in the table's order."""
    if len(rows) <= top:
        return rows
    error = ((rows["high"] - rows["low"]) / 2).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.nan_to_num(np.abs(rows["estimate"].to_numpy(float)) / error, nan=-1.0)
    return rows.iloc[np.sort(np.argsort(-weight, kind="stable")[:top])]


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    """One output's estimates, the first on top."""
    estimate, low, high = (rows[name].to_numpy(float) for name in ("estimate", "low", "high"))
    place = np.arange(len(rows))
    is_known = np.isfinite(low) & np.isfinite(high)
    is_clear = is_known & ((low > 0) | (high < 0))
    groups = ((is_clear, CLEAR, "o"), (is_known & ~is_clear, UNCLEAR, "o"), (~is_known, UNKNOWN, "x"))
    for chosen, colour, mark in groups:
        axes.hlines(place[chosen & is_known], low[chosen & is_known], high[chosen & is_known], color=colour)
        axes.plot(estimate[chosen], place[chosen], mark, color=colour, markersize=5)
    axes.axvline(0, color="0.3", linewidth=0.8, zorder=0)
    _bound(axes, estimate, low, high, is_known)
    axes.set_yticks(place, [str(name) for name in rows["feature"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.35)


def _bound(axes: Axes, estimate: np.ndarray, low: np.ndarray, high: np.ndarray, is_known: np.ndarray) -> None:
    """Let intervals decide what is seen: an estimate without one may be anywhere, and is put at the edge."""
    if not is_known.any() or is_known.all():
        return
    first, last = min(0.0, low[is_known].min()), max(0.0, high[is_known].max())
    room = 0.05 * (last - first)
    axes.set_xlim(first - room, last + room)
    for line in axes.get_lines():
        if line.get_marker() == "x":
            line.set_xdata(np.clip(estimate[~is_known], first, last))
