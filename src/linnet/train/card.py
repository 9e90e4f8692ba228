"""`Card`: what a model must be told apart from its parameters. It is read without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

Kind = Literal["softmax", "logistic", "regression"]
"""How scores become an answer: by softmax, by sigmoids divided by their sum, or as they are."""


@dataclass(frozen=True)
class Card:
    """What a model must be told apart from its parameters, to predict and to name what it predicts.

    Args:
        dataset: the name of what it was trained on.
        classes: their names; empty for a regression.
        image_shape: (height, width) of a row, when it is an image.
        scale: of the features.
        loss: the name of the loss.
        huber: Huber's threshold.
    """

    dataset: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int] | None
    scale: float
    loss: str
    huber: float = 1.0

    @property
    def kind(self) -> Kind:
        """How scores become an answer."""
        if not self.classes:
            return "regression"
        return "logistic" if self.loss == "logistic" else "softmax"

    def to_json(self) -> str:
        """The card as the model file keeps it."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> Card:
        """The card that a model file keeps.

        Raises:
            KeyError, TypeError, ValueError: it is no card.
        """
        card = json.loads(text)
        image_shape = tuple(card["image_shape"]) if card["image_shape"] else None
        return cls(**{**card, "classes": tuple(card["classes"]), "image_shape": image_shape})
