"""A sweep at a glance: the score by one hyperparameter or two, over the epochs, and against training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, GREEN, ORANGE, PINK, VERMILION, drawing, label
from linnet.plot.ticks import name_places, set_log, width_of

if TYPE_CHECKING:
    import pandas as pd

FIRST = (VERMILION, BLUE, GREEN, ORANGE, PINK)
TRAIN, VALIDATION = BLUE, VERMILION
WIDTH, HEIGHT = 5.6, 3.8
"""Inches of a figure of scores."""
AROUND_X, AROUND_Y = 1.9, 0.6
"""Inches beside and below a heat map, but for the names along it: its scale, and what the axes are called."""
CELL = (0.4, 0.17)
"""Inches that the number in a cell takes, across and down."""


def sweep_figure(
    table: pd.DataFrame, hyperparameters: list[str], metric: str, title: str = "", language: Language = "en"
) -> Figure:
    """The score by one hyperparameter, with the training loss beside it; a heat map of two.

    Args:
        table: as `evaluate.selection.table` gives.
        hyperparameters: those that were varied; of more than two, the first two are drawn, each cell the best
            over the others.
        metric: the column that was chosen by.
        title: above.
        language: "en" or "zh".

    Raises:
        UsageError: no hyperparameter was varied.
    """
    if not hyperparameters:
        raise UsageError("there is nothing to plot: no hyperparameter has more than one value")
    named = [name for name in hyperparameters if not all(map(_is_number, table[name]))]
    table = table.assign(
        **{name: _order_names(table[name].tolist()) for name in named}
    )  # such as a bound or "none"
    with drawing(WIDTH, HEIGHT, language) as figure:
        axes = figure.add_subplot()
        if len(hyperparameters) == 1:
            _draw_curve(axes, table.sort_values(hyperparameters[0]), hyperparameters[0], metric, language)
        else:
            _draw_map(figure, axes, table, hyperparameters[0], hyperparameters[1], metric, language)
        axes.set_title(title)
    return figure


def name_settings(table: pd.DataFrame, hyperparameters: Sequence[str]) -> list[str]:
    """What the settings are called, by the hyperparameters that were varied."""
    return [
        ", ".join(f"{name} {shorten(row[name])}" for name in hyperparameters)
        for row in table.to_dict("records")
    ]


def epochs_figure(
    curves: Sequence[np.ndarray],
    names: Sequence[str],
    metric: str,
    title: str = "",
    language: Language = "en",
) -> Figure:
    """A line a setting over the epochs, the best ones in colour.

    Args:
        curves: of each setting, the best first, (epochs,); NaN after its end.
        names: what each is called.
        metric: what the curves are of.
        title: above.
        language: "en" or "zh".
    """
    with drawing(WIDTH, HEIGHT, language) as figure:
        _draw_lines(figure.add_subplot(), curves, names, metric, title, language)
    return figure


def _draw_lines(
    axes: Axes,
    curves: Sequence[np.ndarray],
    names: Sequence[str],
    metric: str,
    title: str,
    language: Language,
) -> None:
    finite = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    for number in reversed(range(len(curves))):
        curve, is_named = curves[number], number < len(FIRST)
        colour = FIRST[number] if is_named else "0.8"
        called = (names[number] or say("plot.the_only_setting", language)) if is_named else None
        marker = "o" if len(curve) == 1 else None
        axes.plot(
            np.arange(1, len(curve) + 1), curve, color=colour, label=called, marker=marker, linewidth=1.2
        )
    if len(finite):
        # What diverged or never learned would press the rest together.
        low, high = np.quantile(finite, (0.1, 1) if metric.endswith("accuracy") else (0, 0.9))
        margin = 0.05 * (high - low) or 0.05
        axes.set_ylim(low - margin, high + margin)
    y = say(f"metric.{metric}", language)
    label(axes, title, say("metric.epoch", language), y, is_counted=True)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], fontsize=8)


def generalisation_figure(table: pd.DataFrame, title: str = "", language: Language = "en") -> Figure:
    """Validation loss against training loss, a point a setting: what is far above the line over-fits.

    Args:
        table: as `evaluate.selection.table` gives, the best first.
        title: above.
        language: "en" or "zh".
    """
    names = ("train_loss", "validation_loss", "train_loss_se", "validation_loss_se")
    columns = np.stack([table[name].to_numpy(float) for name in names])
    x, y, *errors = np.nan_to_num(columns[:, np.isfinite(columns[:2]).all(0)])
    with drawing(4.6, 4.2, language) as figure:
        axes = figure.add_subplot()
        label(axes, title, say("metric.train_loss", language), say("metric.validation_loss", language))
        if len(x):
            _draw_points(axes, x, y, errors, language)
        else:
            said = say("plot.all_diverged", language)
            axes.text(0.5, 0.5, said, ha="center", transform=axes.transAxes)
    return figure


def _draw_points(
    axes: Axes, x: np.ndarray, y: np.ndarray, errors: list[np.ndarray], language: Language
) -> None:
    a_setting, the_best, alike = (
        say(t, language) for t in ("plot.a_setting", "plot.the_best", "plot.as_good_on_both")
    )
    axes.errorbar(x, y, errors[1], errors[0], fmt="o", color=TRAIN, markersize=4, alpha=0.7, label=a_setting)
    axes.plot(x[:1], y[:1], "*", color=VALIDATION, markersize=13, label=the_best)
    axes.axline((float(x.min()), float(x.min())), slope=1, color="0.6", linewidth=1, label=alike)
    if x.min() > 0 and max(x.max(), y.max()) / min(x.min(), y.min()) > 10:
        set_log(axes)
    axes.legend()


def _draw_curve(
    axes: Axes, table: pd.DataFrame, hyperparameter: str, metric: str, language: Language
) -> None:
    x = place_values(axes, table[hyperparameter].tolist(), WIDTH - 0.8)
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
            label=say(f"metric.{name}", language),
        )
    # Settings that diverged have a place, too: one that did not makes no axis of logarithms by itself.
    known = table[metric].to_numpy(float)
    if (known := known[np.isfinite(known)]).size:
        axes.update_datalim([(x.min(), known[0]), (x.max(), known[0])])
    label(axes, "", hyperparameter, "")
    axes.legend()


def _draw_map(
    figure: Figure, axes: Axes, table: pd.DataFrame, rows: str, columns: str, metric: str, language: Language
) -> None:
    is_better_high = metric.endswith("accuracy")
    cells = table.pivot_table(
        index=rows, columns=columns, values=metric, aggfunc="max" if is_better_high else "min", dropna=False
    )
    image = axes.imshow(
        cells.to_numpy(float), cmap="cividis" if is_better_high else "cividis_r", aspect="auto"
    )
    names = [_name_place(value) for value in cells.index]
    across, down = WIDTH - AROUND_X - width_of(names), HEIGHT - AROUND_Y
    name_places(axes.yaxis, names, down)
    name_places(axes.xaxis, [_name_place(value) for value in cells.columns], across)
    axes.set_ylabel(rows)
    axes.set_xlabel(columns)
    figure.colorbar(image, label=say(f"metric.{metric}", language))
    if cells.shape[1] * CELL[0] > across or cells.shape[0] * CELL[1] > down:
        return
    low, high = np.nanmin(cells.to_numpy(float)), np.nanmax(cells.to_numpy(float))
    for i, row in enumerate(cells.to_numpy(float)):
        for j, value in enumerate(row):
            share = 0.5 if high == low else (value - low) / (high - low)
            bright = np.isnan(value) or (share if is_better_high else 1 - share) > 0.6
            said = "—" if np.isnan(value) else f"{value:.3f}" if is_better_high else f"{value:.3g}"
            axes.text(j, i, said, ha="center", va="center", fontsize=8, color="black" if bright else "white")


def place_values(axes: Axes, values: list[object], room: float) -> np.ndarray:
    """Places of values on the x axis: by their logarithm beyond a decade, names in their order.

    Args:
        axes: what is drawn on.
        values: as they are in a table.
        room: the axis's length in inches, about.
    """
    if not all(map(_is_number, values)):
        names = list(dict.fromkeys(map(str, values)))
        name_places(axes.xaxis, names, room)
        return np.array([names.index(str(value)) for value in values], float)
    x = np.asarray(values, float)
    above = x[x > 0]
    if (x >= 0).all() and len(above) > 1 and above.max() / above.min() > 10:
        axes.set_xscale("symlog", linthresh=above.min()) if len(above) < len(x) else axes.set_xscale("log")
    return x


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order_names(values: list[object]) -> pd.Categorical:
    """Names in their order: numbers by size, then words."""
    import pandas as pd

    order = sorted(set(values), key=lambda v: (isinstance(v, str), v if _is_number(v) else str(v)))
    return pd.Categorical([shorten(v) for v in values], [shorten(v) for v in order], ordered=True)


def _name_place(value: object) -> str:
    """A value beside a heat map, where its order says the rest."""
    return f"{value:.3g}" if isinstance(value, float) else shorten(value)


def shorten(value: object) -> str:
    """A hyperparameter's value in few characters."""
    if isinstance(value, bool | None):
        return {True: "yes", False: "no", None: "none"}[value]
    return f"{value:g}" if isinstance(value, int | float) else str(value)
