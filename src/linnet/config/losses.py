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
        inference: the kind of model that `infer` takes it for; empty where it is the likelihood of none.
    """

    home: tuple[str, str]
    measured: str
    model: tuple[str, str]
    kind: Kind = "regression"
    link: Link = "identity"
    inference: str = ""


LOSSES: dict[str, LossEntry] = {
    "softmax": LossEntry(
        ("softmax", "SoftmaxCrossEntropy"),
        measured="cross-entropy", model=("softmax regression", "softmax 回归"),
        kind="softmax", inference="softmax",
    ),
    "logistic": LossEntry(
        ("logistic", "Logistic"),
        measured="logistic loss, summed over the classes",
        model=("logistic regression, one against the rest", "逻辑回归（一对其余）"),
        kind="logistic", inference="logistic",
    ),
    "squared": LossEntry(
        ("squared", "SquaredError"),
        measured="squared loss, halved", model=("linear regression", "线性回归"), inference="regression",
    ),
    "absolute": LossEntry(
        ("absolute", "AbsoluteError"), measured="absolute loss", model=("median regression", "中位数回归")
    ),
    "huber": LossEntry(("huber", "Huber"), measured="Huber loss", model=("robust regression", "稳健回归")),
    "poisson": LossEntry(
        ("poisson", "Poisson"),
        measured="Poisson deviance, halved", model=("Poisson regression", "泊松回归"),
        link="log", inference="poisson",
    ),
}  # fmt: skip
"""Losses by the names that options and files give them."""


def name_model(loss: str, language: str = "en") -> str:
    """What a model of a loss is called in a language, "en" or "zh"; of a loss without a name, its own."""
    return LOSSES[loss].model[language == "zh"] if loss in LOSSES else loss
