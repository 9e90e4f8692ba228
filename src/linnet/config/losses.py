"""The losses by name, with what can be said of each without torch.

To add a loss, write its file in `core/losses` and an entry here, which entrances, model files, pages and
exports go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from linnet.i18n import say

Kind = Literal["softmax", "logistic", "regression"]
"""How scores become an answer: by softmax, by sigmoids divided by their sum, or by the inverse link."""

Link = Literal["identity", "log"]
"""What of the mean the scores of a regression are."""


@dataclass(frozen=True)
class LossEntry:
    """A loss that people and files can name.

    Args:
        home: the module and the class of its `Loss`, below `linnet.core.losses`.
        kind: how its scores become an answer.
        link: of a regression.
        inference: the kind of model that `infer` takes it for; empty where it is the likelihood of none.
    """

    home: tuple[str, str]
    kind: Kind = "regression"
    link: Link = "identity"
    inference: str = ""


LOSSES: dict[str, LossEntry] = {
    "softmax": LossEntry(("softmax", "SoftmaxCrossEntropy"), kind="softmax", inference="softmax"),
    "logistic": LossEntry(("logistic", "Logistic"), kind="logistic", inference="logistic"),
    "squared": LossEntry(("squared", "SquaredError"), inference="regression"),
    "absolute": LossEntry(("absolute", "AbsoluteError")),
    "huber": LossEntry(("huber", "Huber")),
    "poisson": LossEntry(("poisson", "Poisson"), link="log", inference="poisson"),
}
"""Losses by the names that options and files give them."""


def name_model(loss: str, language: str = "en") -> str:
    """What a model of a loss is called in a language, "en" or "zh"; of a loss without a name, its own."""
    return say(f"loss.{loss}.model", language) if loss in LOSSES else loss


def name_loss(loss: str, language: str = "en") -> str:
    """What the mean of a loss over rows is called; of a loss without a name, its own."""
    return say(f"loss.{loss}.measured", language) if loss in LOSSES else loss
