"""Parts of rows that keep groups whole, or put later rows behind earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnet.data.dataset import Dataset
from linnet.draws import Draws
from linnet.errors import UsageError
from linnet.schema.classes import in_order

Numbers = NDArray[np.int64]

TRAINED = -1
"""The part of a group without which a class could not be learnt: it is trained on, and judges nowhere."""


def deal(dataset: Dataset, groups: Numbers, shares: Sequence[float], seed: int, parts: str) -> Numbers:
    """The part of each row, (N,), by whole groups, each part having some; see `deal_groups`.

    Args:
        dataset: the rows.
        groups: of them, (N,).
        shares: of the rows that each part is to have.
        seed: of the choice.
        parts: "folds", or "parts", of which the first is to train on.

    Raises:
        UsageError: there are too few groups.
    """
    labels = strata(dataset) if dataset.is_classification else np.zeros(len(dataset), np.int64)
    number = deal_groups(groups, labels, shares, seed, has_training=parts != "folds")
    if len(np.unique(number[number != TRAINED])) < len(shares):
        raise UsageError(
            f"the {len(np.unique(groups))} groups of {dataset.name} cannot make {len(shares)} {parts} of "
            "which each has some and every class is trained on: use fewer folds, more groups, or no groups"
        )
    return number


def strata(dataset: Dataset) -> Numbers:
    """The place of each row's class, (N,), int64, whatever order a table's classes were put into.

    Those of a schema that was edited, or of --positive, come in the order of their names, so that the same
    rows are drawn; other data sets have one order alone.
    """
    labels = dataset.arrays.labels
    if dataset.schema is None:
        return labels
    places = {name: place for place, name in enumerate(in_order(dataset.classes))}
    return np.array([places[name] for name in dataset.classes])[labels]


def latest(dataset: Dataset, times: Numbers, fraction: float) -> NDArray[np.bool_]:
    """Which rows are the latest share of a data set, (N,), bool; rows of one time are on one side.

    Raises:
        UsageError: all are of one time.
    """
    window = cut_times(times, [len(dataset) - round(fraction * len(dataset))])
    if window is None:
        raise UsageError(f"all rows of {dataset.name} are of one time: there is no latest share of them")
    return window == 1


def number_windows(dataset: Dataset, times: Numbers, count: int) -> Numbers:
    """The window of each row, 0…count, (N,), as the folds of scikit-learn's `TimeSeriesSplit` have them.

    Rows of one time are in one window, which `TimeSeriesSplit` does not see to.

    Raises:
        UsageError: there are too few times.
    """
    size = len(dataset) // (count + 1)
    window = cut_times(times, range(len(dataset) - count * size, len(dataset), size)) if size else None
    if window is None:
        raise UsageError(
            f"{count} folds by time need more than {count} different times, and {dataset.name} has "
            f"{len(np.unique(times))}: use fewer folds"
        )
    return window


def deal_groups(
    groups: Numbers, labels: Numbers, shares: Sequence[float], seed: int, *, has_training: bool
) -> Numbers:
    """The part of each row, (N,), int64, by whole groups, with about the same shares of the classes in all.

    Groups are dealt from the largest down, those of about one size in random order, each to the part where
    χ² of the parts' shares of the classes grows least.

    Args:
        groups: the number of each row's group, (N,), int64.
        labels: of each row's class, (N,), int64; all 0 for a regression.
        shares: of the rows that each part is to have, summing to 1.
        seed: of the order.
        has_training: whether the first part, to train on, may have all rows of a class; no other may.
    """
    _, group = np.unique(groups, return_inverse=True)
    classes = int(labels.max()) + 1
    counts = np.zeros((int(group.max()) + 1, classes))  # (G, K)
    np.add.at(counts, (group, labels), 1.0)
    totals, wanted = counts.sum(0), np.asarray(shares)[:, None]
    filled, part = np.zeros((len(shares), classes)), np.full(len(counts), TRAINED)
    is_bound = np.arange(len(shares)) >= has_training
    for one in _order(counts.sum(1), seed):
        own = counts[one] > 0
        added = counts[one, own] / totals[own]  # the share of each of its classes
        there = filled[:, own] / totals[own]
        growth = (added * (added + 2 * (there - wanted)) / wanted).sum(1)
        growth[is_bound & (there + added > 1 - 0.5 / totals[own]).any(1)] = np.inf
        if np.isfinite(growth).any():
            part[one] = int(growth.argmin())
            filled[part[one]] += counts[one]
    if has_training and not (part > 0).any():  # a share below that of a group is the least group there is
        free = ((counts < totals) | (counts == 0)).all(1).nonzero()[0]
        part[free[counts[free].sum(1).argsort(kind="stable")][: len(shares) - 1]] = 1
    return part[group]


def _order(sizes: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """The groups from the largest down, in steps of a factor of 2, within which their order is random."""
    order = Draws(seed, "groups").permutation(len(sizes))
    return order[np.argsort(-np.floor(np.log2(sizes[order])), kind="stable")]


def cut_times(times: Numbers, starts: Sequence[int]) -> Numbers | None:
    """The window of each row, (N,), int64, from the earliest on; rows of one time are in one window.

    Args:
        times: what orders the rows, (N,), int64.
        starts: the place in this order where each window but the first begins, rising; each goes to the
            nearest change of time.

    Returns:
        The windows; None where there are fewer times than windows.
    """
    _, at, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(counts) <= len(starts):
        return None
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])  # rows before each time, (U,)
    window, last = np.zeros(len(first), np.int64), 0
    for number, start in enumerate(starts):
        free = np.arange(last + 1, len(first) - (len(starts) - number) + 1)
        last = int(free[np.abs(first[free] - start).argmin()])
        window[last:] = number + 1
    return window[at]
