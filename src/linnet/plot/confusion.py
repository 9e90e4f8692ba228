"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from linnet.errors import ShapeError
from linnet.plot.look import styled
from linnet.plot.words import Language, say

LARGEST = 30
"""Classes up to which cells hold their numbers."""


def confusion_figure(
    confusion: Tensor, classes: Sequence[str], title: str = "", language: Language = "en"
) -> Figure:
    """Rows of class i taken for class j, coloured by their share of class i.

    Args:
        confusion: (K, K), rows or the sums of their weights.
        classes: the K names.
        title: above; "confusion matrix" when empty.
        language: "en" or "zh".

    Raises:
        ShapeError: the matrix does not fit the names.
    """
    K = len(classes)
    if confusion.shape != (K, K):
        raise ShapeError(f"expected a confusion matrix ({K}, {K}), got {tuple(confusion.shape)}")
    shares = (confusion / confusion.sum(1, keepdim=True)).nan_to_num(0.0).numpy(force=True)
    side = 1.8 + 0.5 * min(K, LARGEST)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    with styled(figure, language):
        axes = figure.add_subplot()
        drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(K), classes, rotation=45, ha="right", fontsize=8)
        axes.set_yticks(range(K), classes, fontsize=8)
        axes.set_xlabel(say("predicted", language))
        axes.set_ylabel(say("true", language))
        axes.set_title(title or say("confusion matrix", language), fontsize=11)
        for i, j in ((i, j) for i in range(K) for j in range(K) if K <= LARGEST and confusion[i, j]):
            ink = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, _count(confusion[i, j]), ha="center", va="center", fontsize=7, color=ink)
        bar = figure.colorbar(drawn, ax=axes, shrink=0.8)
        said = "cells are rows; colour is the share of the true class"
        bar.set_label(say(said, language), fontsize=8)
    return figure


def _count(cell: Tensor) -> str:
    return f"{float(cell):.4g}" if cell.is_floating_point() else str(int(cell))
