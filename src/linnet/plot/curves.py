"""The book's training figure: loss and accuracies against the epoch (the Animator of D2L 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from linnet.plot.look import styled
from linnet.plot.words import Language, say

LINES = {
    "train_loss": ("train loss", "#0072B2", "-"),
    "train_accuracy": ("train acc", "#CC79A7", "--"),
    "validation_loss": ("validation loss", "#D55E00", "-"),
    "validation_accuracy": ("validation acc", "#E69F00", "--"),
    "test_loss": ("test loss", "#56B4E9", ":"),
    "test_accuracy": ("test acc", "#009E73", "-."),
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
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    with styled(figure, language):
        _draw(figure.add_subplot(), records, title, language)
    return figure


def _draw(axes: Axes, records: Sequence[Mapping[str, float]], title: str, language: Language) -> None:
    chosen = [key for key in LINES if records and key in records[0]]
    if "test_accuracy" in chosen:
        chosen = [key for key in chosen if key != "test_loss"]
    epochs = [record["epoch"] for record in records]
    for key in chosen:
        label, colour, dash = LINES[key]
        marker = "o" if len(records) == 1 else None
        values = [record[key] for record in records]
        axes.plot(epochs, values, dash, color=colour, label=say(label, language), marker=marker)
    if _spans_decades(records, chosen):
        axes.set_yscale("log")
    axes.set_xlabel(say("epoch", language))
    axes.set_title(title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.35)
    if chosen:
        axes.legend()


def _spans_decades(records: Sequence[Mapping[str, float]], keys: Sequence[str]) -> bool:
    if any(key.endswith("accuracy") for key in keys):
        return False
    values = [record[key] for key in keys for record in records]
    return bool(values) and min(values) > 0 and max(values) / min(values) > DECADES
