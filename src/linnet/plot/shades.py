"""Numbers as colours, without matplotlib: weights about zero, weights of colours, and stored pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIVERGING = np.array(
    [
        (5, 48, 97), (33, 102, 172), (67, 147, 195), (146, 197, 222), (209, 229, 240), (247, 247, 247),
        (253, 219, 199), (244, 165, 130), (214, 96, 77), (178, 24, 43), (103, 0, 31),
    ]
)  # fmt: skip
"""From blue to red, in equal steps: ColorBrewer's RdBu of 11 colours, which matplotlib has as RdBu_r."""


def as_diverging(weights: ArrayLike, limit: float) -> NDArray[np.uint8]:
    """Numbers about 0 as colours, (..., 3): red above zero, blue below, white at it.

    Args:
        weights: any shape.
        limit: the size of the number that has the full colour.
    """
    shares = np.asarray(weights, np.float64) / (2 * (limit or 1.0)) + 0.5
    steps = np.linspace(0, 1, len(DIVERGING))
    return np.stack([np.interp(shares, steps, part) for part in DIVERGING.T], -1).round().astype(np.uint8)


def as_colors(weights: ArrayLike, limit: float) -> NDArray[np.float64]:
    """Numbers about 0 as colours from 0 to 1: grey is 0, and `limit` the full colour.

    A pixel of positive red and negative green is seen as reddish: the colour that a score is for.

    Args:
        weights: of red, green and blue, (..., 3).
        limit: the size, above 0, of the number that is drawn as 1, or its opposite as 0.
    """
    return 0.5 + np.asarray(weights, np.float64) / (2 * (limit or 1.0))


def as_shares(pixels: ArrayLike, scale: float) -> NDArray[np.float64]:
    """Stored pixels from 0 to 1, black to white; those that lie elsewhere are stretched.

    Args:
        pixels: any shape.
        scale: what they are multiplied by to lie in 0…1.
    """
    values = np.asarray(pixels, np.float64) * scale
    low, high = float(values.min()), float(values.max())
    return (values - low) / ((high - low) or 1.0) if low < 0 or high > 1 else values
