"""`read_windows`: the rows of a stream in the order of an epoch, a window at a time; `find_sorted`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.data.streams.rows import StreamedRows
from linnet.data.streams.shuffle import Array, Reading, Stretch, mismatch
from linnet.dist.processes import ALONE, Processes
from linnet.draws import state_of

WINDOWS, FAR = 8, 0.5
"""Windows that are looked at, and how far their classes may be from those of all rows (see `mismatch`).

At .4, of 100 classes, the accuracy on new rows was .3 to .8 points below that of rows shuffled at once; at 5
it was 18 points below.
"""


class Window(NamedTuple):
    """Rows that are held at a time.

    Args:
        start: the place in the epoch of the first, whosever it is.
        stop: the place behind the last.
        places: in the epoch, of those that are this process's, (n,), rising.
        numbers: of these among all rows, (n,).
        rows: these, (n, D).
    """

    start: int
    stop: int
    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    rows: Array


class Sorted(NamedTuple):
    """How rows lie by their classes.

    Args:
        shown: about how many classes are among those of a window.
        window: the rows of one.
    """

    shown: int
    window: int


def find_sorted(rows: StreamedRows, classes: NDArray[np.int64]) -> Sorted | None:
    """How rows lie by their classes, where they do so too far for a window to mix them; None where not.

    Args:
        rows: of the stream.
        classes: of each row, (N,).
    """
    windows = rows.first_windows(WINDOWS)
    if len(windows) < 2:  # all rows are shuffled at once
        return None
    far, _ = mismatch(classes, windows)
    N, n, K = len(classes), float(np.mean([len(window) for window in windows])), len(np.unique(classes))
    far -= (K - 1) / n * (1 - n / N)  # which rows at random come to
    return Sorted(round(K / (far + 1)), len(windows[0])) if far > FAR else None


def read_windows(
    rows: StreamedRows, seed: int, epoch: int, first: int = 0, processes: Processes = ALONE
) -> Iterator[Window]:
    """The rows of an epoch, shuffled, a window at a time.

    Sections are taken in a random order, several of them side by side, and a window has some rows of each,
    shuffled. So no more than a window is held, and each section is read once and in order. The order is a
    function of the seed and the epoch alone: several processes share the sections that lie side by side, or
    where any row can be had at once, the rows.

    Args:
        rows: of the stream.
        seed: of the order.
        epoch: which.
        first: the place in the epoch to begin with.
        processes: that share the rows; a window has those of this one.
    """
    opened = dict[int, Reading]()
    stop = 0
    for number, window in enumerate(rows.plan(seed, epoch)):
        start, stop = stop, stop + sum(stretch.high - stretch.low for stretch in window)
        if stop <= first:
            continue
        rows.check_unchanged()
        order = np.random.Generator(
            np.random.PCG64(state_of(seed, "shuffle window", (epoch << 32) + number))
        ).permutation(stop - start)
        begin = max(first, start)
        if rows.is_mapped:
            places = np.arange(begin + (processes.rank - begin) % processes.size, stop, processes.size)
            numbers = rows.numbers_of(window)[order[places - start]]
            yield Window(begin, stop, places, numbers, rows.take_mapped(rows.places_of(numbers)))
            continue
        own = [stretch.lane * processes.size // rows.lanes == processes.rank for stretch in window]
        places, numbers, out = _read_window(rows, window, own, np.argsort(order), opened)
        cut = int(np.searchsorted(places, begin - start))
        yield Window(begin, stop, places[cut:] + start, numbers[cut:], out[cut:])


def _read_window(
    rows: StreamedRows, window: Sequence[Stretch], own: Sequence[bool], to: NDArray[np.int64],
    opened: dict[int, Reading],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:  # fmt: skip
    """The rows of some stretches of a window: their places in it, in order, their numbers, themselves.

    Args:
        rows: of the stream.
        window: its stretches.
        own: which of them are read.
        to: the place in the window of each of its rows.
        opened: the sections that are being read, changed by it.
    """
    is_own = np.repeat(own, [stretch.high - stretch.low for stretch in window])
    places = np.sort(to[is_own])
    into = np.searchsorted(places, to[is_own])  # where each own row goes
    out, done = np.empty((len(places), rows.features), rows.dtype), 0
    for section, low, high, _ in itertools.compress(window, own):
        reading = opened.get(section)
        if reading is None or reading.place != low:
            reading = opened[section] = Reading(rows.read(section, low), low)
        for some in reading.take(high):
            out[into[done : done + len(some)]] = some
            done += len(some)
        if high == rows.starts[section + 1] - rows.starts[section]:
            del opened[section]
    return places, rows.numbers_of(window)[np.argsort(to)][places], out
