"""Learning curves of one run and of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.errors import UsageError
from linnet.i18n import Language, say
from linnet.plot.style import drawing, escape_name, label, panels, style

LINES = {
    "train_loss": ("metric.train_loss", "#0072B2", "-"),
    "train_accuracy": ("plot.train_acc", "#CC79A7", "--"),
    "validation_loss": ("metric.validation_loss", "#D55E00", "-"),
    "validation_accuracy": ("plot.validation_acc", "#E69F00", "--"),
    "test_loss": ("metric.test_loss", "#56B4E9", ":"),
    "test_accuracy": ("plot.test_acc", "#009E73", "-."),
}
"""Label, colour (Okabe and Ito's palette, safe for colour-blind readers) and dash of each figure."""

DECADES = 100.0
"""A loss that falls by more than this is drawn on a logarithmic axis."""


def curves(records: Sequence[Mapping[str, float]], title: str = "", language: Language = "en") -> Figure:
    """Lines over the epochs.

    Args:
        records: an epoch's figures each, as `History.records`. With accuracies it is the book's figure
            (train loss, train acc, test acc); without them the losses.
        title: above the axes.
        language: "en" or "zh".
    """
    with drawing(5.2, 3.6, language) as figure:
        _draw(figure.add_subplot(), records, title, language)
    return figure


def _draw(axes: Axes, records: Sequence[Mapping[str, float]], title: str, language: Language) -> None:
    chosen = [key for key in LINES if records and key in records[0]]
    if "test_accuracy" in chosen:
        chosen = [key for key in chosen if key != "test_loss"]
    epochs = [record["epoch"] for record in records]
    for key in chosen:
        said, colour, dash = LINES[key]
        marker = "o" if len(records) == 1 else None
        values = [record[key] for record in records]
        axes.plot(epochs, values, dash, color=colour, label=say(said, language), marker=marker)
    if _spans_decades(records, chosen):
        axes.set_yscale("log")
    label(axes, title, say("metric.epoch", language), "", is_counted=True)
    if chosen:
        axes.legend()


def _spans_decades(records: Sequence[Mapping[str, float]], keys: Sequence[str]) -> bool:
    if any(key.endswith("accuracy") for key in keys):
        return False
    values = [record[key] for key in keys for record in records]
    return bool(values) and min(values) > 0 and max(values) / min(values) > DECADES


PANELS = {
    "train_loss": "metric.train_loss", "test_loss": "metric.test_loss", "train_accuracy": "plot.train_acc",
    "test_accuracy": "plot.test_acc", "validation_loss": "metric.validation_loss",
    "validation_accuracy": "plot.validation_acc",
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
    with drawing(4.2 * min(2, len(shared)), 3.1 * rows, language) as figure:
        grid = panels(figure, len(shared), min(2, len(shared)))
        for axes, key in zip(grid, shared, strict=True):
            for number, (records, name) in enumerate(zip(histories, names, strict=True)):
                points = [(record["epoch"], record[key]) for record in records if key in record]
                if points:
                    colour, dash = style(number)
                    marker = "o" if len(points) == 1 else None
                    axes.plot(
                        *zip(*points, strict=True), dash, color=colour, label=escape_name(name), marker=marker
                    )
            label(axes, loss, say("metric.epoch", language), say(PANELS[key], language), is_counted=True)
        grid[0].legend(fontsize=8)
    return figure
