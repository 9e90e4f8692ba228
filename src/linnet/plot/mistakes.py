"""Galleries of what went wrong: the rows of the highest loss, and those whose labels may be wrong."""

from __future__ import annotations

from matplotlib.figure import Figure

from linnet.data.dataset import Dataset
from linnet.evaluate.forecast import Forecast
from linnet.evaluate.label_errors import LabelErrors
from linnet.plot.gallery import gallery
from linnet.plot.words import Language, say

COUNT = 24
COLUMNS = 6


def top_losses_figure(
    dataset: Dataset, forecast: Forecast, count: int = COUNT, language: Language = "en"
) -> Figure:
    """The images of the highest log loss, the worst first: the label, and what was said with which chance.

    Args:
        dataset: the rows, images.
        forecast: of them.
        count: how many.
        language: "en" or "zh".

    Raises:
        UsageError: the rows are not images.
    """
    rows = forecast.worst(count)
    titles = [_said(dataset, forecast, row, language) for row in rows.tolist()]
    return gallery(
        dataset.images(rows), titles, COLUMNS, title=say("top losses", language), language=language
    )


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
    said = "labelled {label}\nperhaps {guess}"
    titles = [
        f"{row}: " + say(said, language, label=dataset.classes[i], guess=dataset.classes[j])
        for row, i, j in zip(rows.tolist(), found.labels.tolist(), found.suggested.tolist(), strict=False)
    ]
    head = say("possible label errors: {n} rows", language, n=f"{len(found.rows):,}")
    if not titles:
        figure = Figure(figsize=(4, 1))
        figure.suptitle(head)
        return figure
    return gallery(dataset.images(rows), titles, COLUMNS, title=head, language=language)


def _said(dataset: Dataset, forecast: Forecast, row: int, language: Language) -> str:
    label, guess = dataset.classes[int(forecast.labels[row])], dataset.classes[int(forecast.guesses[row])]
    chance = f"{float(forecast.confidence[row]):.0%}"
    return f"{row}: " + say(
        "{label}, said\n{guess} {chance}", language, label=label, guess=guess, chance=chance
    )
