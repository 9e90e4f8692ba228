"""What an augmentation makes of some images of a data set."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch import Tensor

from linnet.config import Augmentation
from linnet.data.augment import augment_
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.errors import UsageError
from linnet.plot.look import styled
from linnet.plot.words import Language, say


def augmentation_figure(
    dataset: Dataset,
    how: Augmentation,
    count: int = 8,
    draws: int = 5,
    seed: int = 0,
    language: Language = "en",
) -> Figure:
    """Images of a data set, each a row: the original, then what random draws make of it.

    Args:
        dataset: has images, of which the first are shown.
        how: what is done to them.
        count: how many images; all of them where the data set has fewer.
        draws: how many times each is changed.
        seed: of the draws.
        language: "en" or "zh".

    Raises:
        UsageError: the rows are not images, or there is nothing to show.
    """
    if count < 1 or draws < 1 or not len(dataset):
        raise UsageError(
            f"a figure needs at least one image and one draw, not count={count}, draws={draws} "
            f"of {len(dataset)} rows"
        )
    images = _drawn(dataset, how, count, draws, seed)  # (rows, 1 + draws, height, width)
    rows, columns = images.shape[:2]
    figure = Figure(figsize=(1.25 * columns, 1.25 * rows + 0.6), layout="constrained")
    with styled(figure, language):
        figure.suptitle(str(how), fontsize=10)
        grid = figure.subplots(rows, columns, squeeze=False)
        low, high = float(images[:, 0].min()), float(images[:, 0].max())
        for axes, image in zip(grid.flat, images.flatten(0, 1), strict=True):
            axes.set_axis_off()
            axes.imshow(image.numpy(), cmap="gray", interpolation="nearest", vmin=low, vmax=high)
        grid[0, 0].set_title(say("original", language), fontsize=9)
        if columns > 1:
            grid[0, 1].set_title(say("changed", language), fontsize=9)
    return figure


def _drawn(dataset: Dataset, how: Augmentation, count: int, draws: int, seed: int) -> Tensor:
    """The originals and their draws, scaled, (rows, 1 + draws, height, width), float64, on the CPU."""
    images = dataset.images(slice(count)).double().cpu() * dataset.scale  # (rows, height, width)
    height, width = images.shape[1:]
    source, plain = generator(seed, "augment"), images.flatten(1)
    changed = [augment_(plain.clone(), (height, width), how, source, 1.0) for _ in range(draws)]
    return torch.stack([plain, *changed], 1).unflatten(2, (height, width))
