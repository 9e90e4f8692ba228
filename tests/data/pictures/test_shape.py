from __future__ import annotations

import torch

from linnet.data.pictures.shape import is_color, name_shape, size_of, to_channels_first


def test_three_numbers_are_of_pictures_in_colour() -> None:
    assert [is_color(shape) for shape in (None, (3, 3), (2, 3, 3))] == [False, False, True]
    assert (size_of((2, 3)), size_of((2, 3, 3))) == (6, 18)
    assert (name_shape((2, 3)), name_shape((2, 3, 3))) == ("2 × 3", "2 × 3 × 3")


def test_modules_get_the_colours_first() -> None:
    X = torch.arange(12.0).view(1, 12)  # two pixels a line, two lines
    reds = [[0, 3], [6, 9]]
    assert to_channels_first(X, (2, 2, 3))[0, 0].tolist() == reds
    assert to_channels_first(X, (3, 4)).shape == (1, 1, 3, 4)
