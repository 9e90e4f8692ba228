"""The names that people give arrays: of which part of the data one is, and whether features or targets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from linnet.data.formats.folder_parts import PARTS
from linnet.errors import FormatError

PAIRS = (
    ("x", "y"),
    ("data", "target"),
    ("features", "labels"),
    ("embeddings", "labels"),
    ("images", "labels"),
    ("data", "labels"),
    ("x", "labels"),
    ("inputs", "targets"),
    ("inputs", "labels"),
)
"""What features and targets are called, in any case; of two with an array in common the first holds."""

ROLES = {name for pair in PAIRS for name in pair}
HDF5 = (".h5", ".hdf5")
"""Suffixes of HDF5."""

BESIDE = ("classes", "columns")
"""Arrays that name the classes and the features."""


class ArrayName(NamedTuple):
    """What an array's name says.

    Args:
        part: train, validation or test; "" where it says none.
        role: the rest of it, such as x or labels.
    """

    part: str
    role: str


class Pair(NamedTuple):
    """The names of a part's arrays."""

    features: str
    targets: str


def split_name(name: str) -> ArrayName:
    """Part and role: x_train, train_images and X-val have a part, x has none."""
    words = re.split(r"[_\-. ]", name.lower())
    told = [word for word in words if word in PARTS]
    if len(told) != 1:
        return ArrayName("", name.lower())
    return ArrayName(PARTS[told[0]], "_".join(word for word in words if word not in PARTS))


def is_known(name: str) -> bool:
    """Whether an array of this name is looked at."""
    return name in BESIDE or split_name(name).role in ROLES


def find_pairs(names: Iterable[str], name: str) -> dict[str, Pair]:
    """The arrays of each part, those to train on first, then those to validate on, then to test on.

    Args:
        names: of all arrays, in lower case.
        name: of the file, for messages.

    Raises:
        FormatError: there are none to train on, a part has features or targets alone, or rows to train on or
            one of the parts stand there twice, or under two pairs of names.
    """
    there = sorted(set(names) - set(BESIDE))
    parts = {part: _pair([one for one in there if split_name(one).part == part], name)
             for part in ("", "train", "validation", "test")}  # fmt: skip
    whole, train = parts.pop(""), parts["train"]
    if whole and train:
        raise FormatError(
            f"{name} has {whole.features} and {train.features}: which are the rows to train on? Leave one out"
        )
    if (first := whole or train) is None:
        known = ", ".join(one for one in there if is_known(one)) or "none that is known"
        raise FormatError(f"{name} must have the arrays X and y (or x_train and y_train), and has {known}")
    found = {"train": first, **{part: pair for part, pair in parts.items() if pair and part != "train"}}
    for one in there:
        part = split_name(one).part
        if is_known(one) and part not in ("", *found):
            raise FormatError(f"{name} has {one} without its features or targets: expected both, or neither")
    return found


def find_features(names: Iterable[str], name: str) -> list[str]:
    """The arrays of features among some, whose targets need not be there, part after part.

    Args:
        names: of all arrays, in lower case.
        name: of the file, for messages.

    Raises:
        FormatError: there are none, or a part has several.
    """
    roles = {features for features, _ in PAIRS}
    found: dict[str, str] = {}
    for one in sorted(names):
        part, role = split_name(one)
        if role in roles and (before := found.setdefault(part, one)) != one:
            raise FormatError(f"{name} has {before} and {one}: which are the rows? Leave one out")
    if not found:
        expected = ", ".join(dict.fromkeys(features for features, _ in PAIRS))
        raise FormatError(f"{name} has no rows of features: expected an array called {expected}")
    return [found[part] for part in ("", "train", "validation", "test") if part in found]


def _pair(names: list[str], name: str) -> Pair | None:
    """The features and targets among the names of one part."""
    roles: dict[str, str] = {}
    for one in names:
        if (before := roles.setdefault(split_name(one).role, one)) != one:
            raise FormatError(f"{name} has {before} and {one}, which are the same part: leave one out")
    found = [Pair(roles[x], roles[y]) for x, y in PAIRS if x in roles and y in roles]
    for one in found[1:]:
        if one.features != found[0].features and one.targets != found[0].targets:
            raise FormatError(
                f"{name} has {' and '.join(found[0])}, and {' and '.join(one)}: which are the rows and their "
                "targets? Leave one pair out"
            )
    return found[0] if found else None
