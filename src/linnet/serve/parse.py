"""Parses request bodies into rows (B, D), and says of those that hold none why.

A row is 784 numbers and more: no object is made for each, numpy checks them all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from tokenize import TokenError
from typing import Any

import numpy as np
import orjson
from numpy.lib import format as npy
from numpy.typing import NDArray

from linnet.data.pictures.prepare import as_stored, prepare
from linnet.data.pictures.shape import ImageShape, name_shape
from linnet.errors import FormatError
from linnet.model.card import Card
from linnet.web.refusal import Refusal

Rows = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.uint8]

DTYPES = {"float32": np.dtype("<f4"), "uint8": np.dtype("u1")}
"""What a raw body may hold, little-endian."""

PNG = b"\x89PNG\r\n\x1a\n"
"""How a PNG file begins (W3C PNG, 5.2)."""

MAGIC = npy.MAGIC_PREFIX
"""How an .npy file begins."""

NPY_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Readers of the header of an .npy file, by its version."""

NPY_FAULTS = (
    ValueError, TypeError, KeyError, SyntaxError, TokenError, RecursionError, MemoryError, OverflowError,
)  # fmt: skip
"""Raised by what is no such file."""

KEPT = {np.dtype("float32"), np.dtype("uint8")}
"""Types of an .npy file that are kept; others become float64."""

WANTED = 'expected {"rows": [[…], …]} and no other key'

LARGEST = 1e30
"""A feature's size in JSON, at most: float32 ends at 3e38, and scores are sums of many features."""

LONG = 256 << 10
"""Bytes of JSON whose marks are counted before it is parsed: brackets alone would take 30 times as many."""

MAX_PIXELS = 16_000_000
"""Of a picture, checked before it is decoded."""


@dataclass(frozen=True)
class Limits:
    """How much one request may bring.

    Args:
        rows: at most.
        bytes: of the body, at most.
    """

    rows: int = 4096
    bytes: int = 16 << 20


def load_json(content: bytes) -> Any:
    """A body as values.

    Raises:
        Refusal: 400, it is no JSON.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"the body is not JSON: {error}{_hint(content)}") from None


def from_lists(
    said: Any, content: bytes, features: int, most: int, image_shape: ImageShape | None = None
) -> NDArray[np.float64]:
    """The rows of {"rows": [[…], …]}, in float64.

    Args:
        said: the body, as it was parsed.
        content: its text.
        features: D.
        most: rows.
        image_shape: of a row that may also be so many lists of so many numbers.

    Raises:
        Refusal: 422, it is something else than rows of D finite numbers.
    """
    if not isinstance(said, dict) or list(said) != ["rows"] or not isinstance(said["rows"], list):
        raise Refusal(422, f"{WANTED}, got {_form(said)}")
    rows = said["rows"]
    if rows and not isinstance(rows[0], list):
        raise Refusal(422, _fault(rows, features))
    if not 0 < len(rows) <= most:
        raise Refusal(422, f"expected 1 to {most:,} rows, got {len(rows):,}")
    # numpy takes "1", true and null for numbers. Without them in the text, and with no string but the key
    # (whose two quotes are all), it has only numbers to take.
    if content.count(b'"') != 2 or b"true" in content or b"false" in content or b"null" in content:
        raise Refusal(422, _fault(rows, features, image_shape))
    try:
        X = np.array(rows, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise Refusal(422, _fault(rows, features, image_shape)) from None
    if image_shape is not None and X.shape[1:] == image_shape:
        X = X.reshape(len(rows), features)
    if X.shape != (len(rows), features):
        raise Refusal(422, _fault(rows, features, image_shape))
    check_size(X)
    return X


def _hint(content: bytes) -> str:
    """What makes JSON of a body that usual programs write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or content[1:2] == b"\0":
        return "; it is UTF-16: save it as UTF-8"
    if content.startswith(b"\xef\xbb\xbf"):
        return "; it begins with a byte order mark: save it as UTF-8 without one (tail -c +4 FILE does)"
    if any(word in content for word in (b"NaN", b"Infinity", b"nan", b"inf")):
        return "; a feature is a finite number, and JSON has neither NaN nor Infinity"
    return "; Python writes 'rows' where JSON has \"rows\"" if b"'" in content else ""


def _form(said: object) -> str:
    """What came in place of {"rows": …}, and what makes it right."""
    if isinstance(said, list):
        is_row = bool(said) and not isinstance(said[0], list)
        return 'a bare row: send {"rows": [[…]]}' if is_row else 'a bare list: send {"rows": [[…], …]}'
    if not isinstance(said, dict):
        return kind_of(said)
    others = [name for name in said if name != "rows"]
    if "rows" not in said:
        return f"the key {others[0][:40]!r}: call it rows" if others else "no key"
    return f"{others[0][:40]!r} too: leave it out" if others else f"rows that are {kind_of(said['rows'])}"


def check_marks(content: bytes, features: int, most: int, image_shape: ImageShape | None) -> None:
    """Refuse a long text of more lists, objects or numbers than it may have, before they are made.

    Raises:
        Refusal: 422.
    """
    if len(content) < LONG:
        return
    height, width, *colors = image_shape or (0, 0)
    lists = most * (1 + height * (1 + (width if colors else 0))) + 1
    is_bomb = content.count(b"[") > lists or content.count(b"{") > 1
    if is_bomb or content.count(b",") >= most * features:
        raise Refusal(
            422, f"expected 1 to {most:,} rows, each a list of {features:,} numbers, got more than that"
        )


def check_size(X: NDArray[np.float64], names: Sequence[str] = ()) -> None:
    """Refuse numbers that OpenAPI's description rules out.

    Args:
        X: rows (B, D).
        names: of the features (D,), where they have names.

    Raises:
        Refusal: 422.
    """
    flat = X.ravel()
    with np.errstate(over="ignore"):
        if flat @ flat < LARGEST**2:  # one product, and true of nearly all
            return
    beyond = np.argwhere(~(np.abs(X) <= LARGEST))
    if len(beyond):
        i, j = beyond[0].tolist()
        what = f"column {names[j]!r}" if names else f"feature {j}"
        raise Refusal(422, f"row {i}, {what} is {X[i, j]:g}, expected {-LARGEST:g} to {LARGEST:g}")


def _fault(rows: list[Any], features: int, image_shape: ImageShape | None = None) -> str:
    """Where rows that numpy did not take go wrong."""
    for i, row in enumerate(rows):
        if not isinstance(row, list):
            several = "; one row stands in two pairs of brackets, [[…]]" if i == 0 else ""
            return f"row {i} is {kind_of(row)}, expected a list of {features} numbers{several}"
        if len(row) != features:
            return f"row {i} has {len(row)} numbers, expected {features}{_of_lists(row, image_shape)}"
        for j, value in enumerate(row):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return f"row {i}, feature {j} is {kind_of(value)}, expected a number"
    return f"expected rows of {features} numbers"


def _of_lists(row: list[Any], image_shape: ImageShape | None) -> str:
    """What to say of a row that is nearly a picture in lists."""
    if image_shape is None:
        return ""
    is_line = len(row) == image_shape[1]
    one = "; for one picture put another pair of brackets around its lists" if is_line else ""
    return f", or {' lists of '.join(map(str, image_shape))}{one}"


def kind_of(value: object) -> str:
    """What a value of JSON is, in words."""
    names = {str: "a string", bool: "a boolean", type(None): "null", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")


def from_raw(content: bytes, dtype: str | None, features: int, most: int) -> Rows:
    """The rows of a body of plain numbers, one row after another.

    Args:
        content: the body.
        dtype: "float32" or "uint8", or None where it was left out.
        features: D.
        most: rows.

    Raises:
        Refusal: 422, no dtype, or another number of bytes than whole rows have.
    """
    if dtype is None:
        raise Refusal(422, "a raw body needs ?dtype=float32 or ?dtype=uint8")
    if content.startswith(PNG):
        raise Refusal(422, "the body is a PNG picture, not plain numbers: send it as image/png")
    size = features * DTYPES[dtype].itemsize
    if not content or len(content) % size:
        raise Refusal(
            422, f"expected whole rows of {features} {dtype}, {size} bytes each, got {len(content)} bytes"
        )
    if len(content) // size > most:
        raise Refusal(422, f"expected 1 to {most:,} rows, got {len(content) // size:,}")
    return np.frombuffer(content, DTYPES[dtype]).reshape(-1, features)


def from_npy(content: bytes, features: int, most: int, image_shape: ImageShape | None) -> Rows:
    """The rows of the file.

    Args:
        content: the file.
        features: D.
        most: rows.
        image_shape: (height, width) of a row that may also be a matrix, in colour (height, width, 3).

    Raises:
        Refusal: 422, it is no such file, or holds no rows of D numbers.
    """
    try:
        X = _read_npy(content)
    except NPY_FAULTS as error:
        raise Refusal(422, f"the body is no whole .npy file of numbers: {error}") from None
    if X.shape == (features,) or X.shape == image_shape:
        X = X[None]
    is_rows = X.ndim > 1 and (X.shape[1:] == (features,) or X.shape[1:] == image_shape)
    if not is_rows or not 0 < len(X) <= most:
        also = "" if image_shape is None else f" or of {name_shape(image_shape)}"
        raise Refusal(422, f"expected 1 to {most:,} rows of {features}{also}, got the shape {X.shape}")
    plain = X.dtype.newbyteorder("=")
    return X.reshape(len(X), features).astype(plain if plain in KEPT else np.float64)


def _read_npy(content: bytes) -> np.ndarray:
    """The array; `numpy.load` would make one of the size that the header says before it has the numbers."""
    file = BytesIO(content)
    read_header = NPY_HEADERS[npy.read_magic(file)]
    shape, is_fortran, dtype = read_header(file)
    if dtype.kind not in "uif" or min(shape, default=0) < 0:
        raise ValueError(f"it holds {dtype} in the shape {shape}")
    values = np.frombuffer(content, dtype, offset=file.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")


class NothingSeen(Exception):  # noqa: N818 (it is no error, but an answer)
    """A picture on which nothing is to be seen, which gets no class but says what was done to it."""


def from_picture(content: bytes, invert: bool | None, card: Card) -> NDArray[np.float64]:
    """The row of a picture's file, (1, D).

    Args:
        content: the file.
        invert: None to decide by its border.
        card: whose image_shape and scale it is given.

    Raises:
        Refusal: 415 where the model takes no pictures, 422 where it is none or too large.
        NothingSeen: all pixels are the same once it is made like the model's pictures.
    """
    if card.image_shape is None:
        raise Refusal(415, f"a model of {card.dataset} does not take pictures: send its features")
    try:
        made = prepare(content, card.image_shape, invert, MAX_PIXELS)
    except FormatError as error:
        raise Refusal(422, str(error)) from None
    if made.is_blank:
        raise NothingSeen(made.nothing)
    return as_stored(made.pixels, card.scale)[None]
