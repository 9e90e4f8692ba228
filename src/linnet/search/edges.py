"""Settings that won at the edge of what was tried, so that better ones may lie beyond it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linnet.core.grids import edge_of
from linnet.evaluate.selection import Configuration
from linnet.train.trials import LogUniform, Uniform

Range = LogUniform | Uniform

NEAR = 0.05
"""The share of a range at each of its ends that is its edge."""

BOUNDS: dict[str, tuple[float, float]] = {
    "momentum": (0, 1), "warmup": (0, 1), "average": (0, 1), "label_smoothing": (0, 1), "dropout": (0, 1),
    "pool": (1, math.inf), "accumulate": (1, math.inf), "batch_size": (1, math.inf),
}  # fmt: skip
"""Between which values a knob lies at all; the others begin at 0."""


@dataclass(frozen=True)
class Edge:
    """A knob whose best value lies at an edge.

    Args:
        knob: its name.
        value: the best.
        widen: "upwards" or "downwards".
        is_range: whether it was searched over a range, and not over several values.
    """

    knob: str
    value: float
    widen: str
    is_range: bool = False

    def __str__(self) -> str:
        which = "largest" if self.widen == "upwards" else "smallest"
        where = f"lies near the {which} of its range" if self.is_range else f"is the {which} that was tried"
        return f"the best {self.knob}, {self.value:g}, {where}: widen {self.knob} {self.widen}"

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"knob": self.knob, "value": self.value, "widen": self.widen, "is_range": self.is_range}


def edges(
    found: Sequence[Configuration],
    values: Mapping[str, Sequence[Any]],
    ranges: Mapping[str, Range],
    metric: str,
) -> list[Edge]:
    """The knobs that won at an edge.

    Args:
        found: the configurations, the best first; one that diverged was tried, and lost.
        values: of each knob that was varied, in the order of the configurations.
        ranges: of the knobs that were searched over one.
        metric: that chose, such as "validation_loss".
    """
    sign = -1.0 if metric.endswith("accuracy") else 1.0
    losses = [math.inf if math.isnan(one.mean) else sign * one.mean for one in found]
    several = (
        _in_range(name, values[name][0], ranges[name]) if name in ranges else _of(name, values[name], losses)
        for name in values
    )
    return [edge for edge in several if edge is not None]


def _of(name: str, values: Sequence[Any], losses: Sequence[float]) -> Edge | None:
    """The edge of several values."""
    best = values[0]
    if not _is_number(best) or best in BOUNDS.get(name, (0, math.inf)):
        return None
    kept = [(float(v), loss) for v, loss in zip(values, losses, strict=True) if _is_number(v)]
    if not (said := edge_of(name, [v for v, _ in kept], [loss for _, loss in kept], float(best), fewest=2)):
        return None
    return Edge(name, float(best), said.rsplit(" ", 1)[1])


def _in_range(name: str, best: float, searched: Range) -> Edge | None:
    """The edge of a range: its outermost parts, unless no value can lie beyond."""
    low, high = BOUNDS.get(name, (0, math.inf))
    if searched.low > low and best <= searched.at(NEAR):
        return Edge(name, float(best), "downwards", True)
    if searched.high < high and best >= searched.at(1 - NEAR):
        return Edge(name, float(best), "upwards", True)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
