"""The order of a stream's rows in an epoch: windows that have some rows of several sections each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.draws import state_of

Array = NDArray[Any]


class Stretch(NamedTuple):
    """Rows of a section that follow each other.

    Args:
        section: which.
        low: its first row.
        high: the row behind its last.
        lane: the place among the sections that are read side by side, which one after another takes.
    """

    section: int
    low: int
    high: int
    lane: int = 0


def plan_windows(
    counts: Sequence[int] | NDArray[np.int64], lanes: int, piece: int, seed: int, epoch: int
) -> Iterator[list[Stretch]]:
    """Which rows of which sections make up each window of an epoch.

    Args:
        counts: the rows of each section.
        lanes: sections of which a window has rows.
        piece: rows of a section that a window has.
        seed: of the order of the sections.
        epoch: which.
    """
    draws = np.random.Generator(np.random.PCG64(state_of(seed, "shuffle sections", epoch)))
    order = iter(draws.permutation(np.flatnonzero(np.asarray(counts) > 0)).tolist())
    going, free = list[Stretch](), list(range(lanes))
    while True:
        fresh = itertools.islice(order, len(free))
        opened = [*going, *(Stretch(section, 0, 0, lane) for section, lane in zip(fresh, free, strict=False))]
        if not opened:
            return
        window, going, free = list[Stretch](), list[Stretch](), list[int]()
        for section, _, low, lane in opened:
            high = min(low + piece, int(counts[section]))
            window.append(Stretch(section, low, high, lane))
            if high < counts[section]:
                going.append(window[-1])
            else:
                free.append(lane)
        yield window


class Reading:
    """A section that is being read.

    Args:
        blocks: its rows from one on.
        place: that row.
    """

    def __init__(self, blocks: Iterator[Array], place: int) -> None:
        self._blocks, self.place = blocks, place
        self._rest: Array | None = None

    def take(self, high: int) -> Iterator[Array]:
        """The rows up to one, some at a time."""
        while self.place < high:
            rows = next(self._blocks) if self._rest is None else self._rest
            taken = rows[: high - self.place]
            self._rest = rows[len(taken) :] if len(taken) < len(rows) else None
            self.place += len(taken)
            yield taken


def mismatch(classes: NDArray[np.int64], windows: Sequence[NDArray[np.int64]]) -> tuple[float, float]:
    """How far the classes of windows are from those of all rows, and about how many a window has.

    Args:
        classes: of all rows, (N,).
        windows: the numbers of the rows of some.

    Returns:
        The mean over windows of Σ_k (share in it − share in all)² / share in all: 0 where all are alike, and
        K/c − 1 where each has c of K classes of equal shares. And c by that formula.
    """
    shares = np.bincount(classes) / len(classes)
    known = shares > 0
    found = []
    for rows in windows:
        own = np.bincount(classes[rows], minlength=len(shares)) / len(rows)
        found.append(float(((own - shares)[known] ** 2 / shares[known]).sum()))
    mean = float(np.mean(found))
    return mean, int(known.sum()) / (mean + 1)
