"""What a body is, by its content type, and what the query says of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

from linnet.serve.parse import DTYPES
from linnet.web.refusal import Refusal

Media = Literal["json", "raw", "npy", "picture", "form"]

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif")

MEDIA: dict[str, Media] = {
    "application/json": "json", "application/octet-stream": "raw", "application/x-npy": "npy",
    "multipart/form-data": "form", **dict.fromkeys(PICTURES, "picture"),
}  # fmt: skip
"""What a body may be."""

ALIASES: dict[str, Media] = {
    "text/json": "json", "application/x-json": "json", "image/jpg": "picture", "image/pjpeg": "picture",
    "image/x-png": "picture", "image/tif": "picture", "image/x-ms-bmp": "picture",
    "application/npy": "npy", "application/x-numpy": "npy", "application/numpy": "npy",
}  # fmt: skip
"""Other names that clients have for them."""

YES, NO = ("true", "1", "True"), ("false", "0", "False")

VALUES = {"dtype": tuple(DTYPES), "invert": (*YES, *NO)}
"""The query parameters, and what each may be."""

FORM = "application/x-www-form-urlencoded"
"""What `curl -d` and a form of a page say, unless told otherwise."""


@dataclass(frozen=True)
class Options:
    """What the query, or the fields of a form, say of a body.

    Args:
        dtype: of plain numbers; None where it was left out.
        invert: of a picture, "true" or "false"; None where it was left out.
    """

    dtype: str | None = None
    invert: str | None = None


@lru_cache(maxsize=64)
def media_of(said: bytes) -> Media:
    """What a body is; a service is told the same few content types again and again.

    Args:
        said: the content type without its parameters.

    Raises:
        Refusal: 415.
    """
    name = said.strip().lower().decode("latin-1")
    media = MEDIA.get(name) or ALIASES.get(name)
    if media is None:
        why = f"expected a content type of {', '.join(MEDIA)}, got {name[:60]!r}"
        if name in ("", FORM, "text/plain"):
            why += ": say what the body is, as in curl -H 'content-type: application/json'"
        raise Refusal(415, why)
    return media


@lru_cache(maxsize=64)
def options_of(query: bytes) -> Options:
    """The last value of each of a query's parameters.

    Raises:
        Refusal: 422, a parameter has a value that it cannot have, whatever the body is.
    """
    return checked(dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)))


def checked(given: dict[str, str]) -> Options:
    """Options by name; others are let pass.

    Raises:
        Refusal: 422, one has a value that it cannot have.
    """
    for name, values in VALUES.items():
        if (value := given.get(name)) is not None and value not in values:
            raise Refusal(422, f"{name} must be {' or '.join(_shown(name))}, got {value[:20]!r}")
    invert = given.get("invert")
    return Options(given.get("dtype"), None if invert is None else "true" if invert in YES else "false")


def _shown(name: str) -> tuple[str, ...]:
    """The values to tell of."""
    return ("true", "false") if name == "invert" else VALUES[name]
