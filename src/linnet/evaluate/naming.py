"""What figures are called, so that none goes by a name under which another is known."""

from __future__ import annotations

from linnet.model.card import Card

LOSSES = {
    "softmax": "cross-entropy",
    "logistic": "logistic loss, summed over the classes",
    "squared": "squared loss, halved",
    "absolute": "absolute loss",
    "huber": "Huber loss",
}
"""The losses by the names that options give them."""

OF_A_CLASS = ("precision", "recall", "f1", "roc_auc", "average_precision")


def loss_name(card: Card) -> str:
    """What the mean loss of a model is of; losses of other names are not compared."""
    named = LOSSES.get(card.loss, card.loss)
    return f"{named}, threshold {card.huber:g}" if card.loss == "huber" else named


def figure_name(name: str, positive: str = "") -> str:
    """A figure's name in words; that of one class of two says of which."""
    of = f" of {positive}" if positive and name in OF_A_CLASS else ""
    return name.replace("_", " ").replace("f1", "F1").replace("roc auc", "ROC AUC") + of
