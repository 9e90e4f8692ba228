"""`ImageShape`: the size of the pictures that rows are, and of how many colours; without torch.

A row of a grey picture is its pixels, line by line. In colour each pixel is three numbers beside each other,
red, green and blue: the row is (height, width, 3), flattened.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 3
"""Of a picture in colour: red, green, blue."""

ImageShape = tuple[int, int] | tuple[int, int, int]
"""(height, width) of grey pictures, (height, width, 3) of those in colour."""


def is_color(shape: ImageShape | None) -> bool:
    """Whether pictures of a shape are in colour; rows that are no pictures are not."""
    return shape is not None and len(shape) == CHANNELS


def size_of(shape: ImageShape) -> int:
    """D, the numbers of a picture's row."""
    return math.prod(shape)


def name_shape(shape: ImageShape) -> str:
    """A shape as people write it: "28 × 28", or "28 × 28 × 3"."""
    return " × ".join(map(str, shape))


def to_channels_first(X: Tensor, shape: ImageShape) -> Tensor:
    """Rows (B, D) as modules of PyTorch take pictures, (B, channels, height, width)."""
    if not is_color(shape):
        return X.view(-1, 1, *shape)
    return X.view(-1, *shape).movedim(3, 1).contiguous()
