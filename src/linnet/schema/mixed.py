"""Columns in which words stand among numbers: refused, or kept as categories, of which that is said."""

from __future__ import annotations

import numpy as np

from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.cells import is_missing, rows_of
from linnet.schema.coded import tally
from linnet.schema.counted import CountedColumn, weights_of
from linnet.schema.target import FEW, check_finite, numbers_among, strip

MANY_NUMBERS = 20
"""Different numbers from which on a column of numbers and words is no category by itself."""


def check_mixed(column: CountedColumn, name: str) -> None:
    """Refuse a column of many numbers and some words, which would be a category with a level a number."""
    cells, counts = column.cells, weights_of(column.cells, column.counts)
    numbers = numbers_among(cells)
    check_finite(numbers, cells, name)
    is_number = ~np.isnan(numbers)
    is_word = ~is_number & ~is_missing(cells)
    if not is_number.any() or not is_word.any():
        return
    rows, different = int(counts[is_number | is_word].sum()), len(tally(cells, is_missing, strip))
    is_each = counts[is_number].sum() > 0.5 * rows and different == rows > FEW
    if is_each or len(tally(cells[is_number], is_missing, strip)) > MANY_NUMBERS:
        numbers, words = (f"{counts[where].sum():,}" for where in (is_number, is_word))
        shown = rows_of(is_word, cells)
        raise FormatError(
            say("schema.problem.mixed", "en", name=name, numbers=numbers, words=words, cells=shown)
        )


def say_mixture(column: CountedColumn, name: str) -> list[str]:
    """What is to be said of a category most of whose cells are numbers."""
    cells, counts = column.cells, weights_of(column.cells, column.counts)
    if cells.dtype.kind in "iufb":
        return []
    is_known = ~is_missing(cells)
    is_word = is_known & np.isnan(numbers_among(cells))
    if not is_word.any() or 2 * counts[is_word].sum() > counts[is_known].sum():
        return []
    first = str(cells.iloc[int(is_word.argmax())]).strip()
    return [say("schema.note.mixture", "en", name=name, cell=first[:20])]
