"""Curves of several runs laid over one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from linnet.errors import UsageError
from linnet.plot.look import label, named, style, styled
from linnet.plot.words import Language, say

PANELS = {
    "train_loss": "train loss", "test_loss": "test loss", "train_accuracy": "train acc",
    "test_accuracy": "test acc", "validation_loss": "validation loss",
    "validation_accuracy": "validation acc",
}  # fmt: skip
"""Figures that are drawn, each in a panel of its own, where at least two runs have it."""


def overlay_figure(
    histories: Sequence[Sequence[Mapping[str, float]]],
    names: Sequence[str],
    language: Language = "en",
    loss: str = "",
) -> Figure:
    """A panel a figure, a line a run.

    Args:
        histories: the records of each run.
        names: what each is called.
        language: "en" or "zh".
        loss: what the losses are of, in that language, where other runs have others.

    Raises:
        UsageError: no figure is in two of the histories.
    """
    shared = [key for key in PANELS if sum(any(key in r for r in records) for records in histories) > 1]
    if not shared:
        raise UsageError("the runs have no curve in common to lay over one another")
    rows = (len(shared) + 1) // 2
    figure = Figure(figsize=(4.2 * min(2, len(shared)), 3.1 * rows), layout="constrained")
    with styled(figure, language):
        grid = figure.subplots(rows, min(2, len(shared)), squeeze=False)
        for axes in grid.flat[len(shared) :]:
            axes.set_axis_off()
        for axes, key in zip(grid.flat, shared, strict=False):
            for number, (records, name) in enumerate(zip(histories, names, strict=True)):
                points = [(record["epoch"], record[key]) for record in records if key in record]
                if points:
                    colour, dash = style(number)
                    marker = "o" if len(points) == 1 else None
                    axes.plot(
                        *zip(*points, strict=True), dash, color=colour, label=named(name), marker=marker
                    )
            label(axes, loss, say("epoch", language), say(PANELS[key], language))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        grid.flat[0].legend(fontsize=8)
    return figure
