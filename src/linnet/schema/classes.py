"""The classes of rows by their names, and their places among a model's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.category import as_text
from linnet.schema.cells import MISSING, Cells, is_missing

NONE = frozenset(("",))
"""Cells without a class."""


def gap_words(classes: Iterable[str]) -> frozenset[str]:
    """Words that stand for no class, in lower case: those of other columns, unless a class is called so."""
    return MISSING - {name.lower() for name in classes}


def in_order(names: Iterable[str]) -> list[str]:
    """Names of classes or levels by number where all are numbers, else by text."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)


def class_names(cells: Cells) -> NDArray[np.object_]:
    """The classes of rows by their names, (N,): 1, 1.0 and " 1" are one; empty where there is none."""
    import pandas as pd

    places, several = pd.factorize(cells)
    different: Cells = pd.Series(several)
    names = as_text(different)
    names[is_missing(different, NONE)] = ""
    return np.append(names, "")[places]  # -1 where there is none


def number_classes(found: Sequence[str], known: Sequence[str], name: str) -> NDArray[np.int64]:
    """The number that each class has in a model, (n,).

    Args:
        found: classes of the data.
        known: classes of the model.
        name: of the data, for messages.

    Raises:
        FormatError: one is none of the model's.
    """
    if new := [text for text in found if text not in known]:
        shown = ", ".join(map(repr, new[:5])) + ", …" * (len(new) > 5)
        told = ", ".join(map(repr, known[:10])) + ", …" * (len(known) > 10)
        raise FormatError(
            f"{name} has rows of {shown}, which the model does not know: it tells {told} apart. Write the "
            "classes as they were in training, or leave those rows out"
        )
    return np.array([known.index(text) for text in found], np.int64)
