"""Grids of images: rows of a data set, mistakes, augmented copies, each with its caption."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from linnet.config import Augmentation
from linnet.data.dataset import Dataset
from linnet.data.pictures.shape import CHANNELS
from linnet.device import generator
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.interval import Array
from linnet.evaluate.label_errors import LabelErrors
from linnet.i18n import Language, say
from linnet.plot.style import draw_picture, drawing, panels


def gallery(
    images: ArrayLike,
    titles: Sequence[str],
    columns: int = 9,
    *,
    title: str = "",
    language: Language = "en",
    scale: float = 1.0,
) -> Figure:
    """Pictures in rows, each under its title.

    Args:
        images: (B, height, width), in colour (B, height, width, 3).
        titles: B of them.
        columns: pictures a row.
        title: above them all.
        language: "en" or "zh", of the titles.
        scale: what images in colour are multiplied by to lie in 0…1.

    Raises:
        ShapeError: no images, or not as many titles.
    """
    images = np.asarray(images)
    is_images = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == CHANNELS)
    if not is_images or not len(images) or len(images) != len(titles):
        raise ShapeError(
            "expected images (B, height, width), or (B, height, width, 3) in colour, and B titles, got "
            f"{images.shape}, {len(titles)}"
        )
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    lines = max(text.count("\n") for text in titles)
    width, height = 1.25 + 0.25 * bool(lines), 1.5 + 0.15 * lines
    with drawing(width * columns, height * rows + 0.3 * bool(title), language) as figure:
        for axes, image, text in zip(panels(figure, len(images), columns), images, titles, strict=True):
            draw_picture(axes, image, scale)
            axes.set_axis_off()
            axes.set_title(text, fontsize=8 if lines else 9)
        if title:
            figure.suptitle(title, fontsize=11)
    return figure


COUNT = 24
COLUMNS = 6


def top_losses_figure(evaluation: Evaluation, count: int = COUNT, language: Language = "en") -> Figure:
    """The images of the highest log loss, the worst first: the label, the prediction and its probability.

    Args:
        evaluation: on rows that are images.
        count: how many.
        language: "en" or "zh".

    Raises:
        UsageError: the rows are not images.
    """
    rows = evaluation.worst(count)
    titles = [_describe_row(evaluation, row, language) for row in rows.tolist()]
    head = say("plot.top_losses", language)
    images, scale = evaluation.rows.images(rows), evaluation.rows.scale
    return gallery(images, titles, COLUMNS, title=head, language=language, scale=scale)


def label_errors_figure(
    dataset: Dataset, found: LabelErrors, count: int = COUNT, language: Language = "en"
) -> Figure:
    """The images whose labels may be wrong, the worst first, with what they may be.

    Args:
        dataset: the rows, images.
        found: of them.
        count: how many; fewer where there are fewer, and one empty picture where there is none.
        language: "en" or "zh".

    Raises:
        UsageError: the rows are not images.
    """
    rows = found.rows[:count]
    titles = [
        f"{row}: " + say("plot.doubtful_label", language, label=dataset.classes[i], guess=dataset.classes[j])
        for row, i, j in zip(rows.tolist(), found.labels.tolist(), found.suggested.tolist(), strict=False)
    ]
    head = say("plot.label_errors", language, n=f"{len(found.rows):,}")
    if not titles:
        figure = Figure(figsize=(4, 1))
        figure.suptitle(head)
        return figure
    images = dataset.images(rows)
    return gallery(images, titles, COLUMNS, title=head, language=language, scale=dataset.scale)


def _describe_row(evaluation: Evaluation, row: int, language: Language) -> str:
    label, guess = (evaluation.classes[int(of[row])] for of in (evaluation.targets, evaluation.predictions))
    chance = f"{evaluation.confidence[row]:.0%}"
    return f"{row}: " + say("plot.said", language, label=label, guess=guess, chance=chance)


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
    images = _draw_copies(dataset, how, count, draws, seed)  # (rows, 1 + draws, height, width, maybe 3)
    rows, columns = images.shape[:2]
    with drawing(1.25 * columns, 1.25 * rows + 0.6, language) as figure:
        figure.suptitle(str(how), fontsize=10)
        grid = panels(figure, rows * columns, columns)
        low, high = images[:, 0].min(), images[:, 0].max()
        for axes, image in zip(grid, images.reshape(-1, *images.shape[2:]), strict=True):
            axes.set_axis_off()
            shown = image if image.ndim == 2 else image.clip(0, 1)  # noise goes beyond
            axes.imshow(shown, cmap="gray", interpolation="nearest", vmin=low, vmax=high)
        grid[0].set_title(say("plot.original", language), fontsize=9)
        grid[1].set_title(say("plot.changed", language), fontsize=9)
    return figure


def _draw_copies(dataset: Dataset, how: Augmentation, count: int, draws: int, seed: int) -> Array:
    """The originals and their draws, scaled, (rows, 1 + draws, *image_shape), float64, on the CPU."""
    import torch

    from linnet.data.augment import augment_

    images = dataset.images(slice(count)).double().cpu() * dataset.scale  # (rows, *image_shape)
    shape = dataset.image_shape
    assert shape is not None, "its rows are images"
    source, plain = generator(seed, "augment"), images.flatten(1)
    changed = [augment_(plain.clone(), shape, how, source, 1.0) for _ in range(draws)]
    return torch.stack([plain, *changed], 1).unflatten(2, shape).numpy()
