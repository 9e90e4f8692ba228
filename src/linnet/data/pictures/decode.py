"""Picture files decoded to upright grey levels without transparency; `Prepared`, one made for a model."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from linnet.errors import FormatError

SAID = {
    "frame": "only its first frame was taken",
    "turned": "turned upright by its orientation tag, {tag}",
    "whole": "levels of 0…{full} scaled to 0…255",
    "fraction": "floating levels of 0…1 scaled to 0…255",
    "white": "transparency laid on white",
    "black": "transparency laid on black, as the drawing is light",
    "resized": "{width} × {height} pixels padded and resized to {to_width} × {to_height}",
    "inverted": "inverted, its border being light",
    "told": "inverted, as asked",
}
"""Each step in a sentence's words."""


@dataclass(frozen=True)
class Step:
    """One thing that was done to a picture.

    Args:
        name: a key of `SAID`.
        values: what stands in its blanks.
    """

    name: str
    values: dict[str, int]

    def __str__(self) -> str:
        return SAID[self.name].format(**self.values)

    @property
    def plain(self) -> dict[str, Any]:
        """The step as JSON has it."""
        return {"name": self.name, "values": self.values}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as a model takes it.

    Args:
        pixels: uint8, (height, width), light on dark.
        steps: what was done to it, in order.
    """

    pixels: NDArray[np.uint8]
    steps: tuple[Step, ...]

    @property
    def is_blank(self) -> bool:
        """Whether all pixels are the same, so that there is nothing to be seen."""
        return is_blank(self.pixels)

    @property
    def history(self) -> str:
        """What was done to it, in words."""
        return "; ".join(map(str, self.steps)) or "taken as it is"

    @property
    def nothing(self) -> str:
        """What is said in place of an answer where the picture is blank."""
        level = int(self.pixels.flat[0])
        return f"nothing was seen on the picture: every pixel is {level} after preparation ({self.history})"


def is_blank(pixels: NDArray[np.generic]) -> bool:
    """Whether several pixels are all the same."""
    return pixels.size > 1 and bool(pixels.min() == pixels.max())


FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
"""Of pictures that come from elsewhere: over a connection, or in a zip."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
"""Of the files of a folder that are pictures."""

ORIENTATION, PHOTOMETRIC = 0x0112, 262
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by Exif's orientation tag (Exif 3.0, 4.6.5.1.6); 1 is upright already."""

LAYERED = ("RGBA", "LA", "PA", "RGBa", "La")
LOST = 2.0
"""How many times the contrast on white that on black has to be for a drawing to be laid on black."""
OVERSHOOT = 1e-3
"""How far floating levels may be outside of 0…1, as resampling leaves them."""


def decode(
    content: bytes,
    name: Path | str,
    max_pixels: int,
    formats: tuple[str, ...] | None = FORMATS,
) -> tuple[Image.Image, list[Step]]:
    """A picture file's grey levels, and what was done to have them.

    Args:
        content: of the file: Pillow maps a path's pixels, which a turned TIFF does not survive.
        name: what to call it in an error.
        max_pixels: more than these are refused before they are decoded.
        formats: Pillow's names of what it may be; all that Pillow reads when None.

    Returns:
        A picture of mode "L", and the steps.

    Raises:
        FormatError: it is no picture, damaged, too large, or its levels mean nothing that is known.
    """
    with _open(content, name, max_pixels, formats) as picture:
        return _decode(picture, name)


def upright_size(content: bytes, name: str, small: int, max_pixels: int) -> tuple[int, int]:
    """A picture's height and width; those of its file where a side is larger than `small`.

    A larger one is not decoded for it, and not turned. Arguments and errors are as `decode` has them.
    """
    with _open(content, name, max_pixels, FORMATS) as picture:
        if max(picture.size) > small:
            return picture.height, picture.width
        grey, _ = _decode(picture, name)
        return grey.height, grey.width


@contextmanager
def _open(
    content: bytes, name: Path | str, max_pixels: int, formats: tuple[str, ...] | None
) -> Iterator[Image.Image]:
    """A picture whose pixels are not read yet; what goes wrong with it meanwhile is a `FormatError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Pillow mends by itself, such as odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=formats) as picture:
                check_pixels(name, picture.width * picture.height, max_pixels)
                yield picture
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        why = "" if isinstance(error, UnidentifiedImageError) else f": {error}"  # which names an object
        raise FormatError(
            f"{name} is not a picture that can be read: expected {', '.join(FORMATS)}{why}"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"{name} is damaged: {error}") from error


def check_pixels(name: Path | str, pixels: int, most: int) -> None:
    """Refuse too many.

    Raises:
        FormatError: there are more than `most`.
    """
    if pixels > most:
        raise FormatError(f"{name} has {pixels:,} pixels, more than {most:,}")


def levels_of(name: Path | str, values: NDArray[np.generic]) -> tuple[NDArray[np.uint8], list[Step]]:
    """Numbers as bytes: whole ones of 0…255, or floating ones of 0…1 or 0…255.

    Raises:
        FormatError: they are neither.
    """
    if values.dtype.kind not in "uifb" or not np.isfinite(values).all():
        raise FormatError(f"{name}: expected finite numbers, got {values.dtype}")
    low, high = float(values.min()), float(values.max())
    is_floating = values.dtype.kind == "f"
    is_share = values.dtype.kind == "b" or (is_floating and high <= 1 + OVERSHOOT)
    slack = OVERSHOOT if is_share and is_floating else 0.0
    # Floats that end just above 1 are neither: taken for 0…255 they would all be black.
    if low < -slack or high > 255 or (is_floating and not is_share and high <= 2):
        raise FormatError(
            f"{name}: pixels must lie in 0…255, or as floats in 0…1 or 0…255; got {low:g}…{high:g}"
        )
    full = values.astype(np.float64) * (255 if is_share else 1)
    return np.rint(full).clip(0, 255).astype(np.uint8), [Step("fraction", {})] if is_share else []


def grey_of(picture: Image.Image) -> tuple[Image.Image, list[Step]]:
    """A picture of 8 bits a channel in grey, what is transparent laid on paper."""
    if picture.mode not in LAYERED and "transparency" not in picture.info:
        return (picture.getchannel("L") if picture.mode == "LAB" else picture.convert("L")), []
    layered = picture.convert("LA" if picture.mode in ("La", "LA") else "RGBA").convert("RGBA")
    if layered.getchannel("A").getextrema()[0] == 255:
        return layered.convert("L"), []
    white, black = (
        Image.alpha_composite(Image.new("RGBA", layered.size, paper), layered).convert("L")
        for paper in ("white", "black")
    )
    is_light = np.std(np.asarray(black)) > LOST * np.std(np.asarray(white))
    return (black, [Step("black", {})]) if is_light else (white, [Step("white", {})])


def _decode(picture: Image.Image, name: Path | str) -> tuple[Image.Image, list[Step]]:
    steps = [Step("frame", {})] if getattr(picture, "is_animated", False) else []
    _mend_transparency(picture)
    if picture.format != "TIFF":  # Pillow reads a PNG's pixels for its tags; a second look hides their damage
        picture.load()
    tag = _orientation(picture)
    picture.load()
    left = _orientation(picture)  # TIFFs have turned themselves meanwhile
    if picture.mode == "F" or picture.mode.startswith("I"):
        grey, done = _from_numbers(picture, name)
    else:
        grey, done = grey_of(picture)
    turned = [Step("turned", {"tag": tag})] if tag in TURNS else []
    return (grey.transpose(TURNS[left]) if left in TURNS else grey), [*steps, *turned, *done]


def _orientation(picture: Image.Image) -> int:
    """The orientation tag; 1, upright, where there is none that can be read."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # metadata is written by anyone, and no reason to refuse the pixels
        return 1


def _mend_transparency(picture: Image.Image) -> None:
    """Say the transparent grey of a PNG of 2 or 4 bits in the 8 bits that Pillow brings its pixels to."""
    tiles = getattr(picture, "tile", None) if picture.format == "PNG" else None
    raw = str(tiles[0][3]) if tiles else ""
    if raw in ("L;2", "L;4") and isinstance(key := picture.info.get("transparency"), int):
        picture.info["transparency"] = key * 255 // (2 ** int(raw[2:]) - 1)
    elif raw == "RGB;16B":  # the colour is of 16 bits, the pixels are brought to 8
        picture.info.pop("transparency", None)


def _from_numbers(picture: Image.Image, name: Path | str) -> tuple[Image.Image, list[Step]]:
    """Grey of more than 8 bits; a transparent level, which 16-bit PNGs may have, hides nothing."""
    values = np.asarray(picture)
    if picture.mode == "F" or (_bits(picture) == 32 and values.max(initial=0) <= 255):
        levels, steps = levels_of(name, values)
    else:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 65535:
            raise FormatError(f"{name}: whole levels must lie in 0…255 or 0…65535, got {low}…{high}")
        full = 4095 if _bits(picture) == 12 else 65535  # Pillow leaves 12 bits as they are
        levels, steps = np.rint(values * (255 / full)).astype(np.uint8), [Step("whole", {"full": full})]
    is_negative = _tiff_tag(picture, PHOTOMETRIC) == 0  # white is 0
    return Image.fromarray(255 - levels if is_negative else levels), steps


def _bits(picture: Image.Image) -> int:
    """Bits of a TIFF's sample; 0 of other files."""
    found = _tiff_tag(picture, 258)
    return int(found[0] if isinstance(found, tuple) else found or 0)


def _tiff_tag(picture: Image.Image, tag: int) -> Any:
    return picture.tag_v2.get(tag) if picture.format == "TIFF" else None  # pyright: ignore[reportAttributeAccessIssue]
