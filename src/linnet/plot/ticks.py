"""Ticks that do not overprint each other: names along an axis, numbers along a logarithmic one."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import LogFormatterSciNotation

SIZE = 9
"""Points of a name."""
ACROSS, DOWN = 0.62 * SIZE / 72, 1.4 * SIZE / 72
"""Inches that a character takes along its line, and that a line takes."""
GAP = 0.1
"""Inches between two names on a line."""


def width_of(names: Sequence[str]) -> float:
    """Inches of the longest of some names, about, without drawing it."""
    return ACROSS * max(map(len, names), default=0)


def name_places(axis: Axis, names: Sequence[str], room: float) -> None:
    """Name the places 0, 1, … along an axis; those that find no room have no tick, the ends always have one.

    Args:
        axis: names under an x axis that are too long to stand side by side are turned.
        names: of all places.
        room: the axis's length in inches.
    """
    is_turned = isinstance(axis, XAxis) and len(names) * (width_of(names) + GAP) > room
    is_beside = isinstance(axis, XAxis) and not is_turned
    chosen = range(len(names)) if is_beside else thin(len(names), room / DOWN)
    axis.set_ticks(list(chosen), [names[place] for place in chosen], fontsize=SIZE)
    if is_turned:
        for text in axis.get_ticklabels():
            text.set(rotation=45, ha="right", rotation_mode="anchor")


def thin(count: int, most: float) -> list[int]:
    """Places of 0 … count − 1, the ends among them, at equal distances that leave at most so many.

    Args:
        count: at least 1.
        most: as they would stand side by side; 2 or more.
    """
    step = -(-count // max(1, int(most)))
    chosen = list(range(0, count, step))
    if count - 1 - chosen[-1] and len(chosen) > 1:  # the last one moves to the end, away from its neighbour
        chosen[-1] = count - 1
    return chosen


class PlainLogFormatter(LogFormatterSciNotation):
    """Labels where matplotlib puts them, as 2 and 0.5 rather than 2 × 10⁰, which finds no room."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label; empty where there is none."""
        return f"{x:g}" if super().__call__(x, pos) else ""


def set_log(axes: Axes) -> None:
    """Make both axes logarithmic, with short labels."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PlainLogFormatter())
        axis.set_minor_formatter(PlainLogFormatter(labelOnlyBase=False))
