"""Ranges and lists of values that a search takes a hyperparameter from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from linnet.errors import UsageError


@dataclass(frozen=True)
class Range(ABC):
    """A range that settings are drawn from."""

    low: float
    high: float

    @abstractmethod
    def at(self, share: float) -> float:
        """The value below which a share of the range lies."""


@dataclass(frozen=True)
class LogUniform(Range):
    """A range whose logarithm is drawn evenly, such as that of the learning rate.

    Args:
        low: above 0.
        high: at least low.

    Raises:
        UsageError: ends that cannot be.
    """

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < math.inf:
            raise UsageError(f"a log-uniform range needs 0 < low ≤ high, got {self.low}…{self.high}")

    def at(self, share: float) -> float:
        """The value below which a share of the range lies."""
        return math.exp(math.log(self.low) + share * math.log(self.high / self.low))


@dataclass(frozen=True)
class Uniform(Range):
    """A range that is drawn from evenly, such as that of the momentum.

    Args:
        low: finite.
        high: finite, at least low.

    Raises:
        UsageError: ends that cannot be.
    """

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise UsageError(f"a uniform range needs low ≤ high, got {self.low}…{self.high}")

    def at(self, share: float) -> float:
        """The value below which a share of the range lies."""
        return self.low + share * (self.high - self.low)


def list_values(name: str, value: Any) -> list[Any]:
    """The values of a hyperparameter, whether one or several.

    Raises:
        UsageError: there is none.
    """
    several = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    if not several:
        raise UsageError(f"{name} needs at least one value")
    return several
