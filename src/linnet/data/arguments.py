"""What the entrances take: a data set, or a pair of parts to train on and to test on."""

from __future__ import annotations

from os import PathLike
from typing import Any

from linnet.data import coerce as in_memory
from linnet.data.dataset import Dataset, Splits
from linnet.errors import UsageError

HOW = (
    "make one of what you have: linnet.Dataset(X, y, classes=(…)) of classes by their places, "
    "linnet.Dataset(X, y) of numbers or names of classes, linnet.Dataset(frame.drop(columns='price'), "
    "frame['price']) of a frame, or linnet.load(path) of a file"
)


def parts_of(given: Any, entrance: str) -> Splits:
    """The parts that were given; without a test part where there is none.

    Args:
        given: a data set, `Splits`, or another pair of data sets of which the second may be None.
        entrance: the function, for messages.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(given, Dataset):
        return Splits(given)
    if isinstance(given, tuple | list) and 1 <= len(given) <= 2 and isinstance(given[0], Dataset):
        test = given[1] if len(given) == 2 else None
        if test is None or isinstance(test, Dataset):
            return Splits(given[0], test)
    raise _refused(given, entrance)


def dataset_of(given: Any, what: str) -> Dataset:
    """A data set as it was given.

    Args:
        given: it.
        what: it is, and to whom, for messages.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(given, Dataset):
        raise _refused(given, what)
    return given


def _refused(given: Any, what: str) -> UsageError:
    how = "" if isinstance(given, str | PathLike) else f": {HOW}"
    return UsageError(f"{what} takes a linnet.Dataset, not {in_memory.said(given)}{how}")
