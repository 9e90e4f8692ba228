"""`cut_windows`: whole minibatches of the windows of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from linnet.data.streams.windows import Window


class Rows(NamedTuple):
    """Some rows of a stream.

    Args:
        places: in the epoch, (n,), rising.
        numbers: in the data set, (n,).
        X: features, (n, D).
    """

    places: Tensor
    numbers: Tensor
    X: Tensor

    def before(self, place: int) -> int:
        """How many lie before a place."""
        return int(torch.searchsorted(self.places, place))

    def between(self, low: int, high: int | None = None) -> Rows:
        """Some that follow each other."""
        return Rows(*(part[low:high] for part in self))

    def join(self, other: Rows) -> Rows:
        """These and others behind them."""
        return Rows(*(torch.cat(both) for both in zip(self, other, strict=True)))

    def copy(self) -> Rows:
        """These in memory of their own."""
        return Rows(*(part.clone() for part in self))


def cut_windows(
    windows: Iterator[Window], B: int, height: int, low: int, end: int
) -> Iterator[tuple[int, int, Rows]]:
    """Some whole minibatches at a time: the place of the first row, that behind the last, and the rows.

    What a window leaves, less than a minibatch, begins the next one's first.

    Args:
        windows: of an epoch, from a place on.
        B: rows a minibatch.
        height: rows at a time, whole minibatches.
        low: the place to begin with.
        end: the place to end before.
    """
    rest: Rows | None = None
    for window in windows:
        rows = Rows(*map(torch.from_numpy, window[2:]))
        stop = min(window.stop, end)
        whole = stop if stop == end else stop // B * B  # behind the last minibatch that is complete
        if rest is not None:
            cut = rows.before(low + B)
            rest, rows = rest.join(rows.between(0, cut)), rows.between(cut)
            if whole <= low:
                continue
            yield low, min(low + B, whole), rest
            low, rest = min(low + B, whole), None
        cut = 0
        for first in range(low, whole, height):
            last = min(first + height, whole)
            before, cut = cut, rows.before(last)
            yield first, last, rows.between(before, cut)
        if whole == end:
            return
        low = max(low, whole)
        if window.stop > low:
            rest = rows.between(cut).copy()
