"""The losses by name, with what can be said of each without torch.

To add a loss, write its file in `core/losses` and an entry here, which entrances, model files, pages and
exports go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["softmax", "logistic", "regression"]
"""How scores become an answer: by softmax, by sigmoids divided by their sum, or by the inverse link."""

Link = Literal["identity", "log"]
"""What of the mean the scores of a regression are."""


@dataclass(frozen=True)
class LossEntry:
    """A loss that people and files can name.

    Args:
        home: the module and the class of its `Loss`, below `linnet.core.losses`.
        measured: what its mean over rows is called.
        model: what a model of it is called, in English and Chinese.
        kind: how its scores become an answer.
        link: of a regression.
    """

    home: tuple[str, str]
    measured: str
    model: tuple[str, str]
    kind: Kind = "regression"
    link: Link = "identity"


LOSSES: dict[str, LossEntry] = {
    "softmax": LossEntry(
        ("softmax", "SoftmaxCrossEntropy"), "cross-entropy", ("softmax regression", "softmax 回归"), "softmax"
    ),
    "logistic": LossEntry(
        ("logistic", "Logistic"), "logistic loss, summed over the classes",
        ("logistic regression, one against the rest", "逻辑回归（一对其余）"), "logistic",
    ),
    "squared": LossEntry(
        ("squared", "SquaredError"), "squared loss, halved", ("linear regression", "线性回归")
    ),
    "absolute": LossEntry(
        ("absolute", "AbsoluteError"), "absolute loss", ("median regression", "中位数回归")
    ),
    "huber": LossEntry(("huber", "Huber"), "Huber loss", ("robust regression", "稳健回归")),
    "poisson": LossEntry(
        ("poisson", "Poisson"), "Poisson deviance, halved", ("Poisson regression", "泊松回归"), link="log"
    ),
}  # fmt: skip
"""Losses by the names that options and files give them."""


def name_model(loss: str, language: str = "en") -> str:
    """What a model of a loss is called in a language, "en" or "zh"; of a loss without a name, its own."""
    return LOSSES[loss].model[language == "zh"] if loss in LOSSES else loss
