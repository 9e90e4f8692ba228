"""Each output's weights as an image: what the model looks for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from linnet.errors import ShapeError
from linnet.plot.look import styled
from linnet.plot.words import Language, say

COLUMNS = 5


def templates(
    W: Tensor, image_shape: tuple[int, int], names: Sequence[str], language: Language = "en"
) -> Figure:
    """The weights of each class, red for and blue against it, or of each number that is predicted.

    All are on one scale about zero.

    Args:
        W: weights of one model, (K, D).
        image_shape: (height, width) with height · width = D.
        names: of the K outputs: of the classes, or of the numbers that are predicted.
        language: "en" or "zh".

    Raises:
        ShapeError: W does not fit the shape or the names.
    """
    if W.shape != (len(names), image_shape[0] * image_shape[1]):
        raise ShapeError(f"W {tuple(W.shape)} does not fit {len(names)} outputs of {image_shape} images")
    columns = min(COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(1.5 * columns + 0.8, 1.75 * rows), layout="constrained")
    with styled(figure, language):
        grid = figure.subplots(rows, columns, squeeze=False)
        limit = float(W.abs().max()) or 1.0
        for axes in grid.flat:
            axes.set_axis_off()
        drawn = None
        for axes, name, weights in zip(grid.flat, names, W, strict=False):
            picture = weights.view(image_shape).numpy(force=True)
            drawn = axes.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
            axes.set_title(name, fontsize=9)
        assert drawn is not None  # there is an output
        figure.colorbar(drawn, ax=grid, shrink=0.8, label=say("weight", language))
    return figure
