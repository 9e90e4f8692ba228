"""Sentences about an inference that can be translated, and the reasons why a figure is undefined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Remark:
    """A sentence for people.

    Args:
        text: in English, with {blanks}.
        values: of the blanks.
    """

    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.values)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"text": self.text, "values": dict(self.values)}


class Undefined(NamedTuple):
    """A reason.

    Args:
        name: in a word or two.
        reason: in a sentence's words.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


COLLINEAR = Undefined(
    "collinear", "the rows do not determine it: the estimate is one choice of many that fit alike"
)
RISES = Undefined("separated", "the likeliest value is +∞, as classes are told apart without error")
FALLS = Undefined("separated", "the likeliest value is −∞, as classes are told apart without error")
ENDLESS = Undefined(
    "separated", "classes are told apart without error, whatever it is: the likeliest values have no end"
)
CONSTANT = Undefined("constant response", "it never changes, so there is nothing to explain or to test")
ONE_CLASS = Undefined("constant response", "every row is of one class, so there is nothing to explain")
EXACT = Undefined("exact fit", "residuals are the rounding of the data, so there is no error to judge by")
SATURATED = Undefined(
    "no degrees of freedom", "there are no more rows than parameters, so no residuals to judge by"
)
LEVERAGE = Undefined("leverage 1", "a single row decides it, whose residual is 0 whatever its error")
SHRUNK = Undefined("shrunk", "an estimate under L2 is drawn towards 0, so a test against 0 does not hold")
SAMPLED = Undefined("importance weights", "rows of unequal chances make no likelihood to compare models by")
NO_FEATURES = Undefined("no features", "there is nothing beside the constant to test")
FEW_BAGS = Undefined("no bootstraps", "fewer than two bootstraps have an optimum of their own")
