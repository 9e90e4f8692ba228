"""Picture files decoded to upright levels, grey or RGB, without transparency."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from linnet.data.pictures.prepared import Step
from linnet.errors import FormatError

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
"""Of pictures that come from elsewhere: over a connection, or in a zip."""

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

GREYS = ("1", "L", "LA", "La")
LAYERED = ("RGBA", "LA", "PA", "RGBa", "La")
LOST = 2.0
"""How many times the contrast on white that on black has to be for a drawing to be laid on black."""
_IS_BESIDE: ContextVar[bool] = ContextVar("pictures are read beside other threads", default=False)

OVERSHOOT = 1e-3
"""How far floating levels may be outside of 0…1, as resampling leaves them."""


def decode(
    content: bytes,
    name: Path | str,
    max_pixels: int,
    formats: tuple[str, ...] | None = FORMATS,
    *,
    color: bool = False,
) -> tuple[Image.Image, list[Step]]:
    """A picture file's levels, and what was done to have them.

    Args:
        content: of the file: Pillow maps a path's pixels, which a turned TIFF does not survive.
        name: what to call it in an error.
        max_pixels: more than these are refused before they are decoded.
        formats: Pillow's names of what it may be; all that Pillow reads when None.
        color: whether to keep red, green and blue; of a grey picture they are the same.

    Returns:
        A picture of mode "L", or "RGB" in colour, and the steps.

    Raises:
        FormatError: it is no picture, damaged, too large, or its levels mean nothing that is known.
    """
    with _open(content, name, max_pixels, formats) as picture:
        return _decode(picture, name, color)


def has_colors(content: bytes, name: Path | str, max_pixels: int) -> bool:
    """Whether a pixel of a picture is not grey. Arguments and errors are as `decode` has them."""
    with _open(content, name, max_pixels, FORMATS) as picture:
        if picture.mode in GREYS or _is_of_numbers(picture):
            return False
        return not is_grey(np.asarray(_decode(picture, name, color=True)[0]))


def is_grey(pixels: NDArray[np.uint8]) -> bool:
    """Whether red, green and blue, the last axis, are the same everywhere."""
    return bool((pixels[..., 1:] == pixels[..., :1]).all())


def upright_size(content: bytes, name: str, small: int, max_pixels: int) -> tuple[int, int]:
    """A picture's height and width; those of its file where a side is larger than `small`.

    A larger one is not decoded for it, and not turned. Arguments and errors are as `decode` has them.
    """
    with _open(content, name, max_pixels, FORMATS) as picture:
        if max(picture.size) > small:
            return picture.height, picture.width
        grey, _ = _decode(picture, name, color=False)
        return grey.height, grey.width


def quiet_pillow() -> None:
    """Show no warnings of Pillow's from here on, for readers in threads, see `beside_threads`."""
    warnings.filterwarnings("ignore", module=r"PIL\.")


@contextmanager
def beside_threads() -> Iterator[None]:
    """Within it pictures are read without a change of which warnings are shown, one setting of all threads.

    Two threads that each change it and bring back what they found can leave it as neither found it.
    """
    token = _IS_BESIDE.set(True)
    try:
        yield
    finally:
        _IS_BESIDE.reset(token)


@contextmanager
def _filter_warnings() -> Iterator[None]:
    """What Pillow mends by itself, such as odd metadata, is not said; sizes that are attacks are errors."""
    if _IS_BESIDE.get():  # what is too large is refused by its size
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _open(
    content: bytes, name: Path | str, max_pixels: int, formats: tuple[str, ...] | None
) -> Iterator[Image.Image]:
    """A picture whose pixels are not read yet; what goes wrong with it meanwhile is a `FormatError`."""
    try:
        with _filter_warnings(), Image.open(BytesIO(content), formats=formats) as picture:
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


def flatten(picture: Image.Image, *, color: bool) -> tuple[Image.Image, list[Step]]:
    """A picture of 8 bits a channel in grey or RGB, what is transparent laid on paper."""
    mode = "RGB" if color else "L"
    if picture.mode not in LAYERED and "transparency" not in picture.info:
        return (_from_lab(picture, color=color) if picture.mode == "LAB" else picture.convert(mode)), []
    layered = picture.convert("LA" if picture.mode in ("La", "LA") else "RGBA").convert("RGBA")
    if layered.getchannel("A").getextrema()[0] == 255:
        return layered.convert(mode), []
    white, black = (
        Image.alpha_composite(Image.new("RGBA", layered.size, paper), layered) for paper in ("white", "black")
    )
    is_light = np.std(np.asarray(black.convert("L"))) > LOST * np.std(np.asarray(white.convert("L")))
    laid, step = (black, "black") if is_light else (white, "white")
    return laid.convert(mode), [Step(step, {})]


def _from_lab(picture: Image.Image, *, color: bool) -> Image.Image:
    """CIE L*a*b* as sRGB, or its lightness alone."""
    if not color:
        return picture.getchannel("L")
    from PIL import ImageCms

    ends = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    made = ImageCms.applyTransform(picture, ImageCms.buildTransform(*ends, "LAB", "RGB"))
    assert made is not None, "it was not asked to change the picture in place"
    return made


def _decode(picture: Image.Image, name: Path | str, color: bool) -> tuple[Image.Image, list[Step]]:
    steps = [Step("frame", {})] if getattr(picture, "is_animated", False) else []
    _mend_transparency(picture)
    if picture.format != "TIFF":  # Pillow reads a PNG's pixels for its tags; a second look hides their damage
        picture.load()
    tag = _orientation(picture)
    picture.load()
    left = _orientation(picture)  # TIFFs have turned themselves meanwhile
    if _is_of_numbers(picture):
        levels, done = _from_numbers(picture, name)
        levels = levels.convert("RGB") if color else levels
    else:
        levels, done = flatten(picture, color=color)
    turned = [Step("turned", {"tag": tag})] if tag in TURNS else []
    return (levels.transpose(TURNS[left]) if left in TURNS else levels), [*steps, *turned, *done]


def _is_of_numbers(picture: Image.Image) -> bool:
    """Whether its levels, which are grey, have more than 8 bits."""
    return picture.mode == "F" or picture.mode.startswith("I")


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
