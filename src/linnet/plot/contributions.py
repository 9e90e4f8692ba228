"""The contribution of each feature to each score of one row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from linnet.data.pictures.shape import ImageShape, is_color
from linnet.evaluate.contributions import Contributions
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, VERMILION, draw_picture, draw_signed, drawing, panels

COLUMNS = 4
CLASSES = 15
"""Classes that are shown, those of the highest scores."""
FEATURES = 12
"""Columns of a table that are shown, those of the largest contributions."""
NARROWEST = 5.2
"""Inches that a title needs."""


def contributions_figure(
    found: Contributions,
    classes: Sequence[str],
    x: ArrayLike,
    image_shape: ImageShape | None = None,
    title: str = "",
    language: Language = "en",
    columns: Sequence[str] = (),
    scale: float = 1.0,
) -> Figure:
    """The parts of each class's score, the highest score first: red for, blue against.

    A pixel's part is that of its colours together. Of more than 15 classes those of the highest scores are
    shown.

    Args:
        found: of one row.
        classes: the K names.
        x: the row as stored, (D,), shown beside images.
        image_shape: (height, width) where the row is an image, (height, width, 3) where it is one in colour;
            bars a column otherwise.
        title: above; "contributions to each score" when empty.
        language: "en" or "zh".
        columns: the D names of the columns; numbered when empty.
        scale: what x is multiplied by to lie in 0…1, where it is an image in colour.
    """
    order = np.argsort(-found.scores, kind="stable")[:CLASSES].tolist()
    x = np.asarray(x)
    called = columns or [f"{say('plot.column', language)} {d}" for d in range(len(x))]
    count = len(order) + (image_shape is not None)
    width = min(COLUMNS, count)
    rows = math.ceil(count / width)
    size = (2.1 * width + 0.8, 2.5 * rows + 0.5) if image_shape else (3.4 * width, 3.2 * rows + 0.5)
    with drawing(max(NARROWEST, size[0]), size[1], language) as figure:
        first, *others = grid = panels(figure, count, width)
        if image_shape:
            draw_picture(first, x.reshape(image_shape), scale)
            first.set_axis_off()
            first.set_title(say("plot.the_input", language), fontsize=9)
        parts = found.parts
        if image_shape:
            parts = found.by_pixel(image_shape).parts.reshape(len(parts), *image_shape[:2])
        limit = float(np.abs(parts).max()) or 1.0
        for axes, k in zip(others if image_shape else grid, order, strict=True):
            score = say(
                "plot.score_and_bias", language,
                score=f"{float(found.scores[k]):.4g}", bias=f"{float(found.bias[k]):+.4g}",
            )  # fmt: skip
            axes.set_title(f"{classes[k]}\n{score}", fontsize=9)
            _draw_part(axes, parts[k], limit, called)
        if image_shape:
            figure.colorbar(others[0].images[0], ax=grid, shrink=0.7)
        if is_color(image_shape):
            figure.supxlabel(say("plot.contribution_colors", language), fontsize=8)
        figure.suptitle(title or say("plot.contributions", language), fontsize=11)
    return figure


def _draw_part(axes: Axes, part: np.ndarray, limit: float, called: Sequence[str]) -> None:
    """One score's contributions: of an image (height, width), of columns (D,)."""
    if part.ndim == 2:
        draw_signed(axes, part, limit)
        axes.set_axis_off()
        return
    top = np.argsort(-np.abs(part), kind="stable")[:FEATURES][::-1]
    axes.barh(range(len(top)), part[top], color=np.where(part[top] > 0, VERMILION, BLUE))
    axes.set_yticks(range(len(top)), [called[int(d)] for d in top], fontsize=7)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.axvline(0, color="0.3", linewidth=0.8)
