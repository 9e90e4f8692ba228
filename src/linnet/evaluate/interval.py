"""`Interval`: a figure with a confidence interval, and why either is missing where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNDEFINED = "–"
"""What stands for a figure that is not defined."""

FEW_ROWS = "fewer than 10 rows that count"
ALIKE = "all rows are alike"
NO_ROWS = "no rows of this class"
NEVER_SAID = "never predicted"
NEITHER = "no rows of this class, and never predicted"
ONLY_ROWS = "all rows are of this class"
CONSTANT = "the target never differs"
NO_CLASS = "not defined for any class"


@dataclass(frozen=True)
class Interval:
    """A figure and a confidence interval over other rows like these.

    Args:
        value: on the rows that were given; NaN where it is not defined.
        low: the lower end; NaN where there is no interval.
        high: the upper end.
        method: how the ends were found; empty without.
        reason: why the figure or its interval is not defined; empty where both are, or none was asked for.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    method: str = ""
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there is a figure."""
        return not math.isnan(self.value)

    @property
    def has_ends(self) -> bool:
        """Whether there is an interval."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def as_dict(self) -> dict[str, float | str | None]:
        """As plain JSON values: None in place of NaN; the method and the reason where there is one."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        known: dict[str, float | str | None] = {k: None if math.isnan(v) else v for k, v in numbers.items()}
        return {**known, **{k: v for k, v in (("method", self.method), ("reason", self.reason)) if v}}

    def text(self, form: str = ".4f") -> str:
        """The figure and its ends, each in a format of Python's; a dash in place of what is not defined."""
        if not self.is_defined:
            return UNDEFINED
        return f"{self.value:{form}} {self.ends(form)}"

    def ends(self, form: str = ".4f") -> str:
        """The ends in brackets, each in a format of Python's; a dash in place of what is not defined."""
        return f"[{self.low:{form}}, {self.high:{form}}]" if self.has_ends else f"[{UNDEFINED}]"

    def __str__(self) -> str:
        return self.text()


def undefined(reason: str) -> Interval:
    """A figure that is not defined, and why."""
    return Interval(math.nan, reason=reason)


def widened(value: float, ends: tuple[float, float], method: str) -> Interval:
    """A figure with ends that hold it."""
    return Interval(value, min(ends[0], value), max(ends[1], value), method)
