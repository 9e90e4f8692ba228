"""User pictures made like those a model was trained on, as its rows; without torch."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from linnet.data.pictures.decode import check_pixels, decode, flatten, levels_of
from linnet.data.pictures.prepared import Prepared, Step
from linnet.data.pictures.shape import ImageShape, is_color
from linnet.errors import BlankPictureWarning, DataNotFoundError, FormatError, warn

MAX_BYTES = 50 << 20
MAX_PIXELS = 50_000_000
LIGHT = 127.5
"""A border lighter than this is paper, and the picture is inverted."""


def read_image(path: Path | str, size: ImageShape, invert: bool | None = None) -> np.ndarray:
    """The pixels of `prepare`, uint8, of the shape `size`; arguments and errors as there.

    A picture that is blank after that warns: `BlankPictureWarning`.
    """
    made = prepare(path, size, invert)
    if made.is_blank:
        warn(f"{path}: {made.nothing}", BlankPictureWarning)
    return made.pixels


def prepare(
    given: Path | str | bytes, size: ImageShape, invert: bool | None = None,
    max_pixels: int = MAX_PIXELS, name: str = "the picture",
) -> Prepared:  # fmt: skip
    """A picture in grey, light on dark, or in colour, at a given size.

    It is turned upright by its orientation tag, and of several frames the first is taken. Transparency is
    laid on white, or on black where the drawing would be lost on white; colours become grey unless they are
    asked for, and levels of more than 8 bits 0…255. The picture is padded to the right proportions in the
    shade of its border, and shrunk with antialiasing. Fashion-MNIST shows light clothes on black, so a grey
    picture whose border is light is inverted; one in colour is not unless that is asked for.

    Args:
        given: the path of a PNG, a JPEG or anything Pillow reads, or of an .npy of shape (H, W), (1, H, W),
            (H, W, 3) or (H, W, 4), whole numbers 0…255, or floats 0…1 or 0…255; or the content of a PNG,
            JPEG, WebP, TIFF, BMP or GIF file.
        size: (height, width), or (height, width, 3) to keep the colours.
        invert: always or never invert; by the border when None, but of pictures in colour never.
        max_pixels: more than these are refused before they are decoded.
        name: what to call the content of a file in messages.

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is no picture, damaged, or too large.
    """
    color = is_color(size)
    if isinstance(given, bytes):
        return _fit_and_invert(*decode(given, name, max_pixels, color=color), size, invert)
    return _fit_and_invert(*_read(Path(given), max_pixels, color), size, invert)


def as_stored(pixels: np.ndarray, scale: float) -> np.ndarray:
    """A picture as a row that a model takes.

    Args:
        pixels: uint8, any shape, as `read_image` gives it.
        scale: of the model's features, whose pixels run from 0 to 1/scale.

    Returns:
        float64, (D,).
    """
    return pixels.reshape(-1).astype(np.float64) * (round(1 / scale) / 255)


def png_of(pixels: np.ndarray) -> bytes:
    """A picture, uint8 (height, width), in colour (height, width, 3), as a PNG file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def _read(path: Path, max_pixels: int, color: bool) -> tuple[Image.Image, list[Step]]:
    """A file's levels, and what was done to have them."""
    if not path.is_file():
        raise DataNotFoundError(f"no picture at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    if path.suffix.lower() == ".npy":
        return _read_array(path, max_pixels, color)
    return decode(path.read_bytes(), path, max_pixels, None, color=color)


def _fit_and_invert(
    levels: Image.Image, steps: list[Step], size: ImageShape, invert: bool | None
) -> Prepared:
    pixels = np.asarray(levels)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    border = np.median(edge, axis=0)  # its shade, of each channel
    height, width = size[:2]
    fitted = np.asarray(_fit(levels, height, width, border))
    if (levels.height, levels.width) != (height, width):
        steps = [*steps, Step("resized", {"width": levels.width, "height": levels.height,
                                          "to_width": width, "to_height": height})]  # fmt: skip
    is_drawing = not is_color(size) and border > LIGHT  # on paper; a photograph's colours mean something
    if not (is_drawing if invert is None else invert):
        return Prepared(fitted.copy(), tuple(steps))
    return Prepared(255 - fitted, (*steps, Step("inverted" if invert is None else "told", {})))


def _read_array(path: Path, max_pixels: int, color: bool) -> tuple[Image.Image, list[Step]]:
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False, mmap_mode=None)
    except (ValueError, EOFError, OSError) as error:
        raise FormatError(f"{path} is not a .npy file: {error}") from error
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise FormatError(f"{path}: expected shape (H, W), (1, H, W) or (H, W, 3), got {array.shape}")
    check_pixels(path, array.shape[0] * array.shape[1], max_pixels)
    levels, steps = levels_of(path, array)
    flat, done = flatten(Image.fromarray(levels), color=color)
    return flat, [*steps, *done]


def _fit(picture: Image.Image, height: int, width: int, border: np.ndarray) -> Image.Image:
    """A picture of another size, padded in the shade of its border to the right proportions."""
    if picture.size == (width, height):
        return picture
    scale = max(picture.width / width, picture.height / height)
    shade: list[int] = np.rint(border).astype(int).reshape(-1).tolist()
    size = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = Image.new(picture.mode, size, tuple(shade) if len(shade) > 1 else shade[0])
    canvas.paste(picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2))
    return canvas.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
