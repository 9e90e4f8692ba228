"""Columns that number the rows, or look like it."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from linnet.i18n import say

IDS = re.compile(r"(^|[_\W])(id|uuid|guid|index|idx|row|nr|no|number|编号|序号)$|[a-z]ID$|Id$", re.IGNORECASE)
"""The ends of names that columns of identifiers have."""


def are_counting(values: NDArray[np.float64], places: NDArray[np.int64] | None = None) -> bool:
    """Whether numbers go up by one from each row to the next.

    Args:
        values: (N,).
        places: of the rows in their table, (N,), rising; 0…N − 1 when None.
    """
    steps = 1 if places is None else np.diff(places)
    return len(values) > 1 and bool((np.diff(values) == steps).all())


def are_row_numbers(name: str, values: NDArray[np.float64], places: NDArray[np.int64] | None = None) -> bool:
    """Whether whole numbers count the rows, or differ in all of them under the name of an identifier.

    Args:
        name: of the column.
        values: (N,); NaN where there is none.
        places: as of `are_counting`.
    """
    known = values[np.isfinite(values)]
    if not len(known) or not bool((known == np.floor(known)).all()):
        return False
    return are_counting(values, places) or (
        IDS.search(name) is not None and len(np.unique(known)) == len(known)
    )


def row_number_note(name: str) -> str:
    """What is said of such a column that is kept."""
    return say("schema.note.row_number", "en", name=name)
