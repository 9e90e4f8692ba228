"""What tells each class from each other: the pairwise differences of the weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from linnet.errors import ShapeError, UsageError
from linnet.plot.look import styled
from linnet.plot.words import Language, say

LARGEST = 20


def differences(
    W: Tensor, image_shape: tuple[int, int], classes: Sequence[str], language: Language = "en"
) -> Figure:
    """W_i − W_j as an image for every pair: red speaks for the row's class, blue for the column's.

    Args:
        W: weights of one model, (K, D).
        image_shape: (height, width) with height · width = D.
        classes: the K names.
        language: "en" or "zh".

    Raises:
        ShapeError: W does not fit the shape or the names.
        UsageError: there are more classes than can be seen.
    """
    K = len(classes)
    if W.shape != (K, image_shape[0] * image_shape[1]):
        raise ShapeError(f"W {tuple(W.shape)} does not fit {K} classes of {image_shape} images")
    if K > LARGEST:
        raise UsageError(f"pairs of at most {LARGEST} classes can be seen, not of {K}")
    height, width = image_shape
    pictures = (W[:, None] - W[None]).view(K, K, *image_shape)
    pictures[range(K), range(K)] = torch.nan
    # One picture with gaps of a pixel: a hundred axes would take seconds to lay out.
    whole = functional.pad(pictures, (0, 1, 0, 1), value=torch.nan)  # (K, K, height + 1, width + 1)
    mosaic = whole.transpose(1, 2).reshape(K * (height + 1), K * (width + 1)).numpy(force=True)
    limit = float(pictures.nan_to_num(0.0).abs().max()) or 1.0
    figure = Figure(figsize=(2.0 + 0.75 * K, 1.2 + 0.75 * K * height / width), layout="constrained")
    with styled(figure, language):
        axes = figure.add_subplot()
        drawn = axes.imshow(mosaic, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        places = [k + 0.5 for k in range(K)]
        axes.set_xticks([x * (width + 1) - 1 for x in places], classes, rotation=45, ha="left", fontsize=8)
        axes.set_yticks([y * (height + 1) - 1 for y in places], classes, fontsize=8)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(drawn, ax=axes, shrink=0.6, label=say("weight", language))
        axes.set_title(say("differences of weights: row less column", language), fontsize=11)
    return figure
