"""Tables without names of columns that may be the pixels of pictures, whose label may stand first or last."""

from __future__ import annotations

import math

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.cells import Cells, Frame

PIXEL = 255
"""The largest value of a pixel."""

WIDE = 63
"""Columns from which on numbers of 0…255 without names may be the pixels of images."""


def check_picture(frame: Frame, options: TableOptions) -> None:
    """Refuse a table without names that may be pictures, whose label may stand first or last.

    Raises:
        FormatError: naming the two columns that could be it.
    """
    names = list(map(str, frame.columns))
    if options.target is not None or len(names) <= WIDE or names[0] != "column 1":
        return
    if math.isqrt(len(names) - 1) ** 2 != len(names) - 1:
        return
    import pandas as pd

    ends: list[Cells] = [pd.to_numeric(frame[name], errors="coerce") for name in (names[0], names[-1])]
    if all(bool(((end >= 0) & (end <= PIXEL) & (end % 1 == 0)).all()) for end in ends):
        raise FormatError(
            "its columns have no names and may be pixels of pictures: does the label stand first or last? "
            f"Say --target 'column 1' or --target '{names[-1]}' (target= in Python)"
        )
