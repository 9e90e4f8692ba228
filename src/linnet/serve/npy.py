"""Rows of an .npy file, whose header says of what type and shape they are."""

from __future__ import annotations

import ast
import re

import numpy as np

from linnet.serve.parse import Rows
from linnet.web.refusal import Refusal

MAGIC = b"\x93NUMPY"
"""How the file begins (numpy.lib.format)."""

LONGEST = 1024
"""Bytes of a header; that of a matrix has some 118."""

KEPT = {np.dtype("float32"), np.dtype("uint8")}
"""Types that are kept; others become float64."""

_NUMBERS = re.compile(r"[<>|=]?[uif]\d{1,2}")


def from_npy(content: bytes, features: int, most: int, image_shape: tuple[int, int] | None) -> Rows:
    """The rows of the file.

    Args:
        content: the file.
        features: D.
        most: rows.
        image_shape: (height, width) of a row that may also be a matrix.

    Raises:
        Refusal: 422, it is no such file, or holds no rows of D numbers.
    """
    try:
        X = _read(content)
    except (
        ValueError,
        TypeError,
        KeyError,
        SyntaxError,
        RecursionError,
        MemoryError,
        OverflowError,
    ) as error:
        raise Refusal(422, f"the body is no whole .npy file of numbers: {error}") from None
    if X.shape == (features,) or X.shape == image_shape:
        X = X[None]
    is_rows = X.ndim > 1 and (X.shape[1:] == (features,) or X.shape[1:] == image_shape)
    if not is_rows or not 0 < len(X) <= most:
        also = "" if image_shape is None else f" or of {image_shape[0]} × {image_shape[1]}"
        raise Refusal(422, f"expected 1 to {most:,} rows of {features}{also}, got the shape {X.shape}")
    plain = X.dtype.newbyteorder("=")
    return X.reshape(len(X), features).astype(plain if plain in KEPT else np.float64)


def _read(content: bytes) -> np.ndarray:
    """The array; numpy's own reader makes one of the size that the header says before it has the numbers."""
    width = 2 if content[6:7] == b"\x01" else 4
    start, length = 8 + width, int.from_bytes(content[8 : 8 + width], "little")
    if not content.startswith(MAGIC) or length > LONGEST:
        raise ValueError("it does not begin as one")
    header = ast.literal_eval(content[start : start + length].decode("utf-8").strip())
    kind, shape = header["descr"], header["shape"]
    if not isinstance(kind, str) or not _NUMBERS.fullmatch(kind):
        raise ValueError(f"it holds {str(kind)[:40]!r}")
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ValueError("it has no shape")
    values = np.frombuffer(content, np.dtype(kind), offset=start + length)
    return values.reshape(shape, order="F" if header["fortran_order"] else "C")
