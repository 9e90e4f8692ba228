"""Numbers as JSON can say them."""

from __future__ import annotations

import math

from torch import Tensor

Shown = float | str


def shown(value: float) -> Shown:
    """A number, or "inf", "-inf" and "nan", for which JSON has no number."""
    return float(value) if math.isfinite(value) else str(float(value))


def all_shown(values: Tensor) -> list[Shown]:
    """The numbers of a vector."""
    return [shown(value) for value in values.tolist()]
