"""A labelled grid of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from linnet.errors import ShapeError
from linnet.plot.look import styled
from linnet.plot.words import Language


def gallery(
    images: Tensor, titles: Sequence[str], columns: int = 9, *, title: str = "", language: Language = "en"
) -> Figure:
    """Pictures in rows, each under its title.

    Args:
        images: (B, height, width).
        titles: B of them.
        columns: pictures a row.
        title: above them all.
        language: "en" or "zh", of the titles.

    Raises:
        ShapeError: no images, or not as many titles.
    """
    if images.ndim != 3 or not len(images) or len(images) != len(titles):
        raise ShapeError(
            f"expected images (B, height, width) and B titles, got {tuple(images.shape)}, {len(titles)}"
        )
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    lines = max(text.count("\n") for text in titles)
    width, height = 1.25 + 0.25 * bool(lines), 1.5 + 0.15 * lines
    figure = Figure(figsize=(width * columns, height * rows + 0.3 * bool(title)), layout="constrained")
    with styled(figure, language):
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, image, text in zip(grid.flat, images, titles, strict=False):
            axes.imshow(image.numpy(force=True), cmap="gray", interpolation="nearest")
            axes.set_title(text, fontsize=8 if lines else 9)
        if title:
            figure.suptitle(title, fontsize=11)
    return figure
