from __future__ import annotations

import numpy as np
import pytest

from linnet.data.formats.image_arrays import as_rows
from linnet.errors import FormatError

COLORS = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)


def test_a_row_in_colour_has_red_green_and_blue_of_a_pixel_side_by_side() -> None:
    for X in (COLORS, np.moveaxis(COLORS, 3, 1)):
        rows, shape = as_rows(X, "X", color=True)
        assert shape == (4, 5, 3)
        assert rows[0, :6].tolist() == [0, 1, 2, 3, 4, 5]
        assert rows.flags.c_contiguous


def test_grey_images_are_read_as_they_were() -> None:
    for X in (COLORS[..., 0], COLORS[..., :1], COLORS[..., 0][:, None]):
        rows, shape = as_rows(X, "X")
        assert shape == (4, 5)
        assert rows[1].tolist() == COLORS[1, ..., 0].reshape(-1).tolist()


@pytest.mark.parametrize(
    ("shape", "color", "is_known", "why"),
    [
        ((2, 4, 5, 3), None, False, "say --color"),
        ((2, 4, 5, 3), None, True, "the model takes grey ones"),
        ((2, 4, 5), True, False, "which are none"),
        ((2, 4, 5, 4), True, False, r"without transparency they are, X\[..., :3\]"),
        ((2, 4), True, False, "which are none"),
        ((2, 3, 5, 3), True, False, "which 3 are the colours is not clear"),
        ((0, 4, 5, 3), True, False, "which are none"),
        ((2, 4, 5, 6, 7), None, False, "must hold numbers"),
    ],
)
def test_what_cannot_be_read_is_refused(
    shape: tuple[int, ...], color: bool | None, is_known: bool, why: str
) -> None:
    with pytest.raises(FormatError, match=why):
        as_rows(np.zeros(shape, np.uint8), "X", color=color, is_known=is_known)


def test_a_model_in_colour_takes_plain_rows_too() -> None:
    rows, shape = as_rows(np.zeros((2, 60), np.uint8), "X", color=True, is_known=True)
    assert (rows.shape, shape) == ((2, 60), None)
