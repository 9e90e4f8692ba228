"""`Extrapolation`: where a path of penalties goes on, for a start near its next model."""

from __future__ import annotations

import math

from torch import Tensor


class Extrapolation:
    """The next point of a path over l2, on the line through its last two in log l2.

    Penalties are spaced evenly in log l2 as a rule, and models move along them as smoothly.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, Tensor]] = []  # log l2 and the point there, the last two

    def keep(self, l2: float, point: Tensor) -> None:
        """Remember the path's point at a penalty above 0, below all before."""
        self._kept = [*self._kept[-1:], (math.log(l2), point)]

    def at(self, l2: float) -> Tensor | None:
        """The path's point at a lower penalty, as far as those before tell; None before the first."""
        if len(self._kept) < 2:
            return self._kept[-1][1] if self._kept else None
        (before, first), (latest, last) = self._kept
        return last + (last - first) * ((math.log(l2) - latest) / (latest - before))
