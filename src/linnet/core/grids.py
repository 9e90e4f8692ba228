"""The settings that grids and ranges of hyperparameters make, and whether the best lies at an edge."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from linnet.config import BOUNDS, HYPERPARAMETERS, Bounds, Hyperparameters
from linnet.config.ranges import Range, list_values
from linnet.device import generator
from linnet.errors import UsageError

NAMES = ("lr", *HYPERPARAMETERS)

NEAR = 0.05
"""The share of a range at each of its ends that is its edge."""

SLIGHT = 0.1
"""The share of a standard error below which a loss is not worth a wider grid."""


def check_names(names: Iterable[str]) -> None:
    """Refuse what is no hyperparameter.

    Raises:
        UsageError: naming it.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise UsageError(f"unknown hyperparameter {unknown[0]!r}: expected {', '.join(NAMES)}")


def expand_grid(values: Mapping[str, Any], base: Hyperparameters) -> list[Hyperparameters]:
    """Every combination of some hyperparameters' values.

    Args:
        values: of each, one or several.
        base: those that are not named.

    Raises:
        UsageError: an unknown name, no value for one, or a value that cannot be.
    """
    check_names(values)
    lists = {name: list_values(name, value) for name, value in values.items()}
    combinations = itertools.product(*lists.values())
    return [dataclasses.replace(base, **dict(zip(lists, chosen, strict=True))) for chosen in combinations]


def draw_settings(
    values: Mapping[str, Any], base: Hyperparameters, count: int, seed: int
) -> list[Hyperparameters]:
    """Settings drawn at random: from a `Range`, or with equal chance from several values.

    Args:
        values: of each hyperparameter a range, a value, or several.
        base: those that are not named.
        count: how many settings; each comes once for every seed.
        seed: of the draws.

    Raises:
        UsageError: as `expand_grid` does.
    """
    check_names(values)
    starts = list_values("seed", values.get("seed", base.seed))  # each setting from every start
    varied = [name for name in values if name != "seed"]
    source, drawn = generator(seed, "trials"), []
    for _ in range(count):
        chosen = {}
        for name in varied:
            share = float(torch.rand((), generator=source, dtype=torch.float64))
            chosen[name] = _pick(name, values[name], share)
        drawn += [dataclasses.replace(base, **chosen, seed=start) for start in starts]
    return drawn


def _pick(name: str, value: Any, share: float) -> Any:
    """The value below which a share of a range lies, or of a list."""
    if isinstance(value, Range):
        return value.at(share)
    several = list_values(name, value)
    return several[min(int(share * len(several)), len(several) - 1)]


@dataclass(frozen=True)
class Edge:
    """A setting whose best value lies at the edge of what was tried, so that a better one may lie beyond.

    Args:
        hyperparameter: its name.
        value: the best.
        widen: "upwards" or "downwards".
        is_range: whether it was searched over a range, and not over several values.
    """

    hyperparameter: str
    value: float
    widen: str
    is_range: bool = False

    def __str__(self) -> str:
        which = "largest" if self.widen == "upwards" else "smallest"
        where = f"lies near the {which} of its range" if self.is_range else f"is the {which} that was tried"
        name = self.hyperparameter
        return f"the best {name}, {self.value:g}, {where}: widen {name} {self.widen}"


def edge_of(
    name: str, values: Sequence[float], losses: Sequence[float], best: float, fewest: int = 3,
    error: float = math.nan,
) -> Edge | None:  # fmt: skip
    """The edge that the best value lies at, where nothing was tried on one side of it.

    It lies at none where fewer than `fewest` values were tried (of two none lies within), where the values
    next to the edge do as well, so that the loss has levelled off; and at 0, below which nothing lies. Nor
    does a penalty lie at its smallest where no penalty at all would gain nothing to speak of.

    Args:
        name: of the setting, such as "l2".
        values: that were tried, in any order, not negative.
        losses: of each, less being better.
        best: the one that was chosen.
        fewest: values, at least 2, from which on it is worth a word.
        error: of a penalty, the standard error of the best loss; NaN of other settings, or where not known.
    """
    tried = zip(values, losses, strict=True)
    kept = sorted((value, loss) for value, loss in tried if loss == loss)  # without NaN
    if len({value for value, _ in kept}) < fewest:
        return None
    least = min(loss for value, loss in kept if value == best)
    low, high = kept[0][0], kept[-1][0]
    if best == low and best > 0 and min(loss for value, loss in kept if value > low) > least:
        return None if _gain_at_0(kept) < SLIGHT * error else Edge(name, best, "downwards")
    if best == high and min(loss for value, loss in kept if value < high) > least:
        return Edge(name, best, "upwards")
    return None


def _gain_at_0(kept: Sequence[tuple[float, float]]) -> float:
    """What no penalty would gain over the smallest, along the line through the losses of the smallest two.

    The loss of a penalty is smooth at 0, so it goes straight there, once the penalty is small beside what the
    data say. Where it is not, the next slope is far less steep, and nothing is known: infinity.

    Args:
        kept: penalties and their losses, the smallest first.
    """
    least = dict[float, float]()
    for penalty, loss in kept:
        least.setdefault(penalty, loss)
    if len(least) < 3:
        return math.inf
    (low, loss), (second, second_loss), (third, third_loss) = list(least.items())[:3]
    slope, following = (second_loss - loss) / (second - low), (third_loss - second_loss) / (third - second)
    return slope * low if following > slope / 2 else math.inf


def edges(
    values: Mapping[str, Sequence[Any]], losses: Sequence[float], ranges: Mapping[str, Range]
) -> list[Edge]:
    """The edges that the best of several settings lies at.

    Args:
        values: of each hyperparameter that was varied, in the settings, the best first.
        losses: of the settings, less being better; infinite for one that diverged, which was tried and lost.
        ranges: of those that were searched over one.
    """
    found = (
        _range_edge(name, tried[0], ranges[name]) if name in ranges else _grid_edge(name, tried, losses)
        for name, tried in values.items()
    )
    return [edge for edge in found if edge is not None]


def _grid_edge(name: str, values: Sequence[Any], losses: Sequence[float]) -> Edge | None:
    """The edge of several values; those that are no numbers lie at none."""
    best = values[0]
    bounds = BOUNDS.get(name, Bounds())
    if not _is_number(best) or best in (bounds.low, bounds.high):
        return None
    tried = [(float(value), loss) for value, loss in zip(values, losses, strict=True) if _is_number(value)]
    return edge_of(name, [value for value, _ in tried], [loss for _, loss in tried], float(best), fewest=2)


def _range_edge(name: str, best: float, searched: Range) -> Edge | None:
    """The edge of a range: its outermost parts, unless no value can lie beyond."""
    bounds = BOUNDS.get(name, Bounds())
    if searched.low > bounds.low and best <= searched.at(NEAR):
        return Edge(name, float(best), "downwards", True)
    if searched.high < bounds.high and best >= searched.at(1 - NEAR):
        return Edge(name, float(best), "upwards", True)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
