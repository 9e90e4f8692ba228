"""Tables without names of columns that may be the pixels of pictures, whose label may stand first or last."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.cells import Cells, Frame
from linnet.schema.schema import Schema

PIXEL = 255
"""The largest value of a pixel."""

PIXELS = re.compile(r"pixel[ _]?\d+|\d+x\d+", re.IGNORECASE)
"""Names of columns that are the pixels of square images."""

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


def image_side(schema: Schema) -> int:
    """The side of the square images whose pixels the columns are named as; 0 where they are none."""
    side = math.isqrt(len(schema.columns))
    is_named = all(PIXELS.fullmatch(column.name) for column in schema.columns)
    return side if is_named and schema.is_plain and side * side == len(schema.columns) else 0


def as_pixels(X: NDArray[np.float64]) -> NDArray[np.uint8] | None:
    """Numbers as bytes; None where they are not all whole ones of 0…255."""
    is_bytes = bool(((X >= 0) & (X <= PIXEL) & (X.round() == X)).all())
    return X.astype(np.uint8) if is_bytes else None
