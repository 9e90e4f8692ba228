"""`Category`: a column of levels, a column of 0 and 1 for each; and how levels are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import Cells, is_missing
from linnet.schema.coded import each
from linnet.schema.columns import Seen
from linnet.schema.one_hot import OneHot

OTHER, ABSENT = "(other)", "(missing)"
"""The levels of what was rare in training, and of what was missing there."""


@dataclass(frozen=True)
class Category(OneHot):
    """One of several levels, a column of 0 and 1 for each.

    A level that training did not see is `(other)` where rare levels were taken together, and else none of the
    columns; so is a missing one, of `(missing)`.

    Args:
        levels: in order: of numbers, or of text.
        reference: the level without a column, which the others are compared to; empty where each has one.
        has_other: whether there is a level for what was rare.
        has_missing: whether there is one for what was missing.
    """

    kind: ClassVar[str] = "category"

    levels: tuple[str, ...] = ()
    reference: str = ""
    has_other: bool = False
    has_missing: bool = False

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The levels that have a column."""
        more = ((OTHER,) if self.has_other else ()) + ((ABSENT,) if self.has_missing else ())
        return tuple(level for level in (*self.levels, *more) if level != self.reference)

    @property
    def had_gaps(self) -> bool:
        """See `Column.had_gaps`."""
        return self.has_missing

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        return tuple(f"{self.name}={level}" for level in self.shown)

    @property
    def usual(self) -> tuple[str | bool, ...]:
        """See `Column.usual`."""
        return self.levels

    @property
    def width(self) -> int:
        """See `OneHot.width`."""
        return len(self.shown)

    def choose(self, cells: Cells) -> tuple[NDArray[np.intp], Seen]:
        """See `OneHot.choose`."""
        gaps, place = is_missing(cells), each(cells, self._place)
        columns = {level: at for at, level in enumerate(self.shown)}
        levels = (*self.levels, OTHER, ABSENT)
        at = np.array([columns.get(level, -1) for level in levels])[place]
        return at, Seen(gaps, place == len(self.levels))

    def find_strange(self, cells: Cells) -> NDArray[np.bool_]:
        """Which cells have a level that has no column or that of `(other)`, (N,)."""
        found: NDArray[np.bool_] = each(cells, self._place) == len(self.levels)
        return found

    def _place(self, cells: Cells) -> NDArray[np.intp]:
        """The places of levels, (N,); then those of what is rare or was not seen, and of what is missing."""
        import pandas as pd

        found = np.asarray(pd.Index([*self.levels]).get_indexer(pd.Index(as_text(cells))))
        size = len(self.levels)
        return np.where(is_missing(cells), size + 1, np.where(found < 0, size, found))


WHOLE_TEXT = re.compile(r"^([+-]?(?:0|[1-9][0-9]*))\.0+$")
"""A whole number with decimals that are 0."""


def as_text(cells: Cells) -> NDArray[np.object_]:
    """Cells as the levels of a category are written, each by itself: 1.0 is 1, and text is stripped."""
    return each(cells, _as_text)


def _as_text(cells: Cells) -> NDArray[np.object_]:
    if cells.dtype.kind == "f":
        values = cells.to_numpy(np.float64) + 0.0  # and -0.0 is 0
        return np.array([f"{v:.0f}" if v.is_integer() else repr(v) for v in values.tolist()], object)
    texts = cells.astype(str).str.strip().str.replace(WHOLE_TEXT, r"\1", regex=True)
    return texts.replace("-0", "0").to_numpy(object)
