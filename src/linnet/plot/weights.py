"""Figures of a model's weights: class templates, their pairwise differences, estimates with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from linnet.data.pictures.shape import ImageShape, is_color, size_of
from linnet.errors import ShapeError, UsageError
from linnet.i18n import Language, say
from linnet.plot.shades import as_colors
from linnet.plot.style import draw_signed, drawing, panels

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = 5
TITLE, BAR, NOTE, GAP, RISE = 0.25, 1.2, 0.25, 0.09, 6 / 72
"""Inches: of a title, of the scale beside the pictures, of a line below them, between two pictures, and
between a picture and its title."""


def templates(
    W: ArrayLike, image_shape: ImageShape, names: Sequence[str], language: Language = "en"
) -> Figure:
    """The weights of each class, red for and blue against it, or of each number that is predicted.

    All are on one scale about zero. Of images in colour each pixel has the colour that it is for, grey being
    zero, and each class has a scale of its own.

    Args:
        W: weights of one model, (K, D).
        image_shape: (height, width) with height · width = D, or (height, width, 3) of images in colour.
        names: of the K outputs: of the classes, or of the numbers that are predicted.
        language: "en" or "zh".

    Raises:
        ShapeError: W does not fit the shape or the names.
    """
    W = np.asarray(W)
    if W.shape != (len(names), size_of(image_shape)):
        raise ShapeError(f"W {W.shape} does not fit {len(names)} outputs of {image_shape} images")
    columns = min(COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    with drawing(1.5 * columns + 0.8, 1.75 * rows, language, is_solved=False) as figure:
        axes = _add_axes_in_inches(figure)
        places, scale = _place(figure, columns, rows, image_shape)
        limit = float(np.abs(W).max()) or 1.0
        for name, weights, (left, bottom, right, top) in zip(names, W, places, strict=False):
            axes.text((left + right) / 2, top + RISE, name, ha="center", fontsize=9)
            extent = (left, right, bottom, top)
            if is_color(image_shape):
                own = as_colors(weights.reshape(image_shape), float(np.abs(weights).max()))
                axes.imshow(own, interpolation="nearest", extent=extent)
            else:
                draw_signed(axes, weights.reshape(image_shape), limit, extent)
        if is_color(image_shape):
            figure.supxlabel(say("plot.weight_colors", language), fontsize=7, wrap=True)
        else:
            bar = figure.add_axes(scale)
            figure.colorbar(axes.images[0], cax=bar, label=say("plot.weight", language))
    return figure


def _add_axes_in_inches(figure: Figure) -> Axes:
    """Axes over the whole figure whose numbers are inches: one for all pictures, for each takes its time."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_autoscale_on(False)
    width, height = figure.get_size_inches()
    axes.set(xlim=(0, width), ylim=(0, height))
    return axes


Box = tuple[float, float, float, float]


def _place(figure: Figure, columns: int, rows: int, image_shape: ImageShape) -> tuple[list[Box], Box]:
    """Left, bottom, right and top of each picture, in inches, and of the scale in shares of the figure."""
    width, height = figure.get_size_inches()
    has_note = is_color(image_shape)
    right, bottom = width - (GAP if has_note else BAR), NOTE if has_note else GAP
    wide = (right - GAP - GAP * (columns - 1)) / columns
    high = (height - bottom - TITLE * rows) / rows
    size = min(wide / image_shape[1], high / image_shape[0])  # of a pixel
    half, tall = size * image_shape[1] / 2, size * image_shape[0] / 2
    middles = [
        (GAP + wide / 2 + column * (wide + GAP), height - TITLE - high / 2 - row * (high + TITLE))
        for row in range(rows)
        for column in range(columns)
    ]
    places = [(x - half, y - tall, x + half, y + tall) for x, y in middles]
    return places, ((right + 0.25) / width, 0.12, 0.14 / width, 0.76)


LARGEST = 20


def differences(
    W: ArrayLike, image_shape: ImageShape, classes: Sequence[str], language: Language = "en"
) -> Figure:
    """W_i − W_j as an image for every pair: red speaks for the row's class, blue for the column's.

    Of images in colour each pixel has the colour that speaks for the row's class, grey being zero.

    Args:
        W: weights of one model, (K, D).
        image_shape: (height, width) with height · width = D, or (height, width, 3) of images in colour.
        classes: the K names.
        language: "en" or "zh".

    Raises:
        ShapeError: W does not fit the shape or the names.
        UsageError: there are more classes than can be seen.
    """
    K, W = len(classes), np.asarray(W)
    if W.shape != (K, size_of(image_shape)):
        raise ShapeError(f"W {W.shape} does not fit {K} classes of {image_shape} images")
    if K > LARGEST:
        raise UsageError(f"pairs of at most {LARGEST} classes can be seen, not of {K}")
    height, width = image_shape[:2]
    # One picture with gaps of a pixel: a hundred axes would take seconds to lay out.
    pictures = np.full((K, K, height + 1, width + 1, *image_shape[2:]), np.nan)
    pictures[:, :, :-1, :-1] = (W[:, None] - W[None]).reshape(K, K, *image_shape)
    pictures[range(K), range(K)] = np.nan
    mosaic = pictures.swapaxes(1, 2).reshape(K * (height + 1), K * (width + 1), *image_shape[2:])
    limit = float(np.nan_to_num(np.abs(mosaic)).max()) or 1.0
    with drawing(2.0 + 0.75 * K, 1.2 + 0.75 * K * height / width, language) as figure:
        axes = figure.add_subplot()
        if is_color(image_shape):
            axes.imshow(np.nan_to_num(as_colors(mosaic, limit), nan=1.0), interpolation="nearest")  # on paper
            axes.set_xlabel(say("plot.difference_colors", language), fontsize=8)
        else:
            drawn = draw_signed(axes, mosaic, limit)
            figure.colorbar(drawn, ax=axes, shrink=0.6, label=say("plot.weight", language))
        places = [k + 0.5 for k in range(K)]
        axes.set_xticks([x * (width + 1) - 1 for x in places], classes, rotation=45, ha="left", fontsize=8)
        axes.set_yticks([y * (height + 1) - 1 for y in places], classes, fontsize=8)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(say("plot.weight_differences", language), fontsize=11)
    return figure


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
    parts = [_choose_rows(rows, top) for _, rows in shown.groupby("output", sort=False)]
    across, tallest = min(ACROSS, len(parts)), max(map(len, parts))
    height = -(-len(parts) // across) * (0.9 + 0.24 * tallest) + 0.5
    text = "plot.estimate" if level is None else "plot.estimate_and_interval"
    said = say(text, language, share=f"{100 * (level or 0):g}")
    with drawing(1.2 + 3.4 * across, height, language) as figure:
        for axes, output, part in zip(panels(figure, len(parts), across), outputs, parts, strict=True):
            _draw_panel(axes, part)
            axes.set_xlabel(said)
            axes.set_title(str(output) if len(parts) > 1 else title, fontsize="medium")
        if len(parts) > 1:
            figure.suptitle(title)
    return figure


def estimates_figure(
    rows: Sequence[Mapping[str, Any]], level: float | None = None, language: Language = "en"
) -> Figure:
    """`coefficients_figure` of a table's rows as dictionaries, None being a figure that is not known."""
    import pandas as pd

    table = pd.DataFrame(rows).astype({"estimate": float, "low": float, "high": float})
    return coefficients_figure(table, level=level, language=language)


def _choose_rows(rows: pd.DataFrame, top: int) -> pd.DataFrame:
    """The rows of a panel, in the table's order."""
    if len(rows) <= top:
        return rows
    error = ((rows["high"] - rows["low"]) / 2).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.nan_to_num(np.abs(rows["estimate"].to_numpy(float)) / error, nan=-1.0)
    return rows.iloc[np.sort(np.argsort(-weight, kind="stable")[:top])]


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
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
    _bound_axis(axes, estimate, low, high, is_known)
    axes.set_yticks(place, [str(name) for name in rows["feature"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.35)


def _bound_axis(
    axes: Axes, estimate: np.ndarray, low: np.ndarray, high: np.ndarray, is_known: np.ndarray
) -> None:
    """Let intervals decide what is seen: an estimate without one may be anywhere, and is put at the edge."""
    if not is_known.any() or is_known.all():
        return
    first, last = min(0.0, low[is_known].min()), max(0.0, high[is_known].max())
    room = 0.05 * (last - first)
    axes.set_xlim(first - room, last + room)
    for line in axes.get_lines():
        if line.get_marker() == "x":
            line.set_xdata(np.clip(estimate[~is_known], first, last))
