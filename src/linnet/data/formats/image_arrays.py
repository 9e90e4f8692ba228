"""Arrays of numbers or images as rows, in grey or in colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.pictures.shape import CHANNELS, ImageShape
from linnet.errors import FormatError

Array = NDArray[Any]


def as_rows(
    X: Array, what: str, *, color: bool | None = None, is_known: bool = False
) -> tuple[Array, ImageShape | None]:
    """The rows (N, D) of an array, and the shape of images.

    Args:
        X: numbers (N, D), grey images (N, H, W), (N, H, W, 1) or (N, 1, H, W), or, where their colours are to
            be kept, (N, H, W, 3) or (N, 3, H, W).
        what: to call it in messages.
        color: whether they are images in colour.
        is_known: whether they are rows for a model that is there, which says what it takes.

    Raises:
        FormatError: it is another array.
    """
    if color and not (is_known and X.ndim == 2):
        X = _colors_last(X, what)
    elif X.ndim == 4 and 1 in (X.shape[1], X.shape[3]):
        X = X.reshape(len(X), *(X.shape[1:3] if X.shape[3] == 1 else X.shape[2:]))  # one channel
    elif X.ndim == 4 and X.size and CHANNELS in (X.shape[1], X.shape[3]):
        todo = "the model takes grey ones" if is_known else "say --color (color=True) to keep the colours"
        raise FormatError(
            f"{what} holds images in colour, {X.shape}: {todo}, or give their mean over the colours"
        )
    if not (2 <= X.ndim <= 3 or (color and X.ndim == 4)) or not X.size or X.dtype.kind not in "biuf":
        raise FormatError(
            f"{what} must hold numbers, (N, D), grey images, (N, H, W), or with --color images in colour, "
            f"(N, H, W, 3), not {X.dtype} {X.shape}"
        )
    shape: ImageShape | None = None if X.ndim == 2 else X.shape[1:]
    return np.ascontiguousarray(X.reshape(len(X), -1)), shape


def _colors_last(X: Array, what: str) -> Array:
    """Images in colour as (N, H, W, 3)."""
    places = [axis for axis in (1, 3) if X.ndim == 4 and X.shape[axis] == CHANNELS]
    if not X.size or len(places) != 1:
        found = "; which 3 are the colours is not clear" if len(places) > 1 else ", which are none"
        if X.ndim == 4 and X.shape[3] == CHANNELS + 1:
            found = ": without transparency they are, X[..., :3]"
        raise FormatError(
            f"{what}: --color (color=True) is of images in colour, (N, H, W, 3) or (N, 3, H, W), and it has "
            f"the shape {X.shape}{found}"
        )
    return X if places == [3] else np.moveaxis(X, 1, 3)
