"""A labelled grid of pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from linnet.errors import ShapeError


def gallery(images: Tensor, titles: Sequence[str], columns: int = 9) -> Figure:
    """Pictures in rows, each under its title.

    Args:
        images: (B, height, width).
        titles: B of them.
        columns: pictures a row.

    Raises:
        ShapeError: no images, or not as many titles.
    """
    if images.ndim != 3 or not len(images) or len(images) != len(titles):
        raise ShapeError(
            f"expected images (B, height, width) and B titles, got {tuple(images.shape)}, {len(titles)}"
        )
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(1.25 * columns, 1.5 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, image, title in zip(grid.flat, images, titles, strict=False):
        axes.imshow(image.numpy(force=True), cmap="gray", interpolation="nearest")
        axes.set_title(title, fontsize=9)
    return figure
