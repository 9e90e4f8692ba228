"""A sweep at a glance: how the score depends on one knob, or on two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

TRAIN, VALIDATION = "#0072B2", "#D55E00"
"""Of Okabe and Ito's palette, safe for colour-blind readers."""


def sweep_figure(table: pd.DataFrame, knobs: list[str], metric: str, title: str = "") -> Figure:
    """The score by one knob, with the training loss beside it; a heat map of two.

    Args:
        table: as `evaluate.selection.table` gives.
        knobs: the knobs that were varied; of more than two, the first two are drawn, each cell the best
            over the others.
        metric: the column that was chosen by.
        title: above.

    Raises:
        UsageError: no knob was varied.
    """
    if not knobs:
        raise UsageError("there is nothing to plot: no knob has more than one value")
    named = [knob for knob in knobs if not all(isinstance(value, int | float) for value in table[knob])]
    table = table.assign(**{knob: table[knob].map(_short) for knob in named})  # such as a bound or "none"
    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axes = figure.add_subplot()
    if len(knobs) == 1:
        _curve(axes, table.sort_values(knobs[0]), knobs[0], metric)
    else:
        _map(figure, axes, table, knobs[0], knobs[1], metric)
    axes.set_title(title)
    return figure


def _curve(axes: Axes, table: pd.DataFrame, knob: str, metric: str) -> None:
    values = table[knob].tolist()
    is_number = all(isinstance(value, int | float) for value in values)
    x = np.asarray(values, float) if is_number else np.arange(len(values))
    lines = [(metric, VALIDATION, "-o")]
    if metric == "validation_loss":
        lines.append(("train_loss", TRAIN, "--s"))
    for name, colour, form in lines:
        error = table[f"{name}_se"].fillna(0)
        axes.errorbar(
            x,
            table[name],
            error,
            fmt=form,
            color=colour,
            capsize=3,
            markersize=4,
            label=name.replace("_", " "),
        )
    if not is_number:
        axes.set_xticks(x, [str(value) for value in values])
    elif _spans(x):
        axes.set_xscale("symlog", linthresh=float(x[x > 0].min())) if (x == 0).any() else axes.set_xscale(
            "log"
        )
    axes.set_xlabel(knob)
    axes.grid(alpha=0.35)
    axes.legend()


def _map(figure: Figure, axes: Axes, table: pd.DataFrame, rows: str, columns: str, metric: str) -> None:
    is_better_high = metric.endswith("accuracy")
    cells = table.pivot_table(
        index=rows, columns=columns, values=metric, aggfunc="max" if is_better_high else "min", dropna=False
    )
    image = axes.imshow(
        cells.to_numpy(float), cmap="cividis" if is_better_high else "cividis_r", aspect="auto"
    )
    axes.set_yticks(range(len(cells.index)), [_short(value) for value in cells.index])
    axes.set_xticks(range(len(cells.columns)), [_short(value) for value in cells.columns])
    axes.set_ylabel(rows)
    axes.set_xlabel(columns)
    figure.colorbar(image, label=metric.replace("_", " "))
    if cells.size > 80:
        return
    low, high = np.nanmin(cells.to_numpy(float)), np.nanmax(cells.to_numpy(float))
    for i, row in enumerate(cells.to_numpy(float)):
        for j, value in enumerate(row):
            share = 0.5 if high == low else (value - low) / (high - low)
            bright = (share if is_better_high else 1 - share) > 0.6
            said = "—" if np.isnan(value) else f"{value:.3f}"
            axes.text(j, i, said, ha="center", va="center", fontsize=8, color="black" if bright else "white")


def _spans(x: np.ndarray) -> bool:
    """Whether numbers are spread over more than a decade, as rates and penalties are."""
    above = x[x > 0]
    return bool((x >= 0).all()) and len(above) > 1 and above.max() / above.min() > 10


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
