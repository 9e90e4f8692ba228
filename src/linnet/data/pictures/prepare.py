"""User pictures made like those a model was trained on, as its rows; without torch."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from linnet.data.pictures.decode import Prepared, Step, check_pixels, decode, grey_of, levels_of
from linnet.errors import BlankPictureWarning, DataNotFoundError, FormatError, warn

MAX_BYTES = 50 << 20
MAX_PIXELS = 50_000_000
LIGHT = 127.5
"""A border lighter than this is paper, and the picture is inverted."""


def read_image(path: Path | str, size: tuple[int, int], invert: bool | None = None) -> np.ndarray:
    """The pixels of `prepare`, uint8, (height, width); arguments and errors as there.

    A picture that is blank after that warns: `BlankPictureWarning`.
    """
    made = prepare(path, size, invert)
    if made.is_blank:
        warn(f"{path}: {made.nothing}", BlankPictureWarning)
    return made.pixels


def prepare(
    given: Path | str | bytes, size: tuple[int, int], invert: bool | None = None,
    max_pixels: int = MAX_PIXELS, name: str = "the picture",
) -> Prepared:  # fmt: skip
    """A picture in grey, light on dark, at a given size.

    It is turned upright by its orientation tag, and of several frames the first is taken. Transparency is
    laid on white, or on black where the drawing would be lost on white; colours become grey, and levels of
    more than 8 bits 0…255. The picture is padded to the right proportions in the shade of its border, and
    shrunk with antialiasing. Fashion-MNIST shows light clothes on black, so a picture whose border is light
    is inverted.

    Args:
        given: the path of a PNG, a JPEG or anything Pillow reads, or of an .npy of shape (H, W), (1, H, W),
            (H, W, 3) or (H, W, 4), whole numbers 0…255, or floats 0…1 or 0…255; or the content of a PNG,
            JPEG, WebP, TIFF, BMP or GIF file.
        size: (height, width).
        invert: always or never invert; by the border when None.
        max_pixels: more than these are refused before they are decoded.
        name: what to call the content of a file in messages.

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is no picture, damaged, or too large.
    """
    read = decode(given, name, max_pixels) if isinstance(given, bytes) else _read(Path(given), max_pixels)
    return _fit_and_invert(*read, size, invert)


def as_stored(grey: np.ndarray, scale: float) -> np.ndarray:
    """A picture as a row that a model takes.

    Args:
        grey: uint8, any shape, as `read_image` gives it.
        scale: of the model's features, whose pixels run from 0 to 1/scale.

    Returns:
        float64, (height · width,).
    """
    return grey.reshape(-1).astype(np.float64) * (round(1 / scale) / 255)


def png_of(grey: np.ndarray) -> bytes:
    """A grey picture, uint8 (height, width), as a PNG file."""
    file = BytesIO()
    Image.fromarray(grey).save(file, "PNG", optimize=True)
    return file.getvalue()


def _read(path: Path, max_pixels: int) -> tuple[Image.Image, list[Step]]:
    """A file's grey levels, and what was done to have them."""
    if not path.is_file():
        raise DataNotFoundError(f"no picture at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    if path.suffix.lower() == ".npy":
        return _read_array(path, max_pixels)
    return decode(path.read_bytes(), path, max_pixels, None)


def _fit_and_invert(
    grey: Image.Image, steps: list[Step], size: tuple[int, int], invert: bool | None
) -> Prepared:
    pixels = np.asarray(grey)
    border = np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]))  # its shade
    fitted = np.asarray(_fit(grey, size, round(border)))
    if (grey.height, grey.width) != size:
        steps = [*steps, Step("resized", {"width": grey.width, "height": grey.height,
                                          "to_width": size[1], "to_height": size[0]})]  # fmt: skip
    if not (border > LIGHT if invert is None else invert):
        return Prepared(fitted.copy(), tuple(steps))
    return Prepared(255 - fitted, (*steps, Step("inverted" if invert is None else "told", {})))


def _read_array(path: Path, max_pixels: int) -> tuple[Image.Image, list[Step]]:
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
    grey, done = grey_of(Image.fromarray(levels))
    return grey, [*steps, *done]


def _fit(grey: Image.Image, size: tuple[int, int], shade: int) -> Image.Image:
    height, width = size
    if grey.size == (width, height):
        return grey
    scale = max(grey.width / width, grey.height / height)
    canvas = Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))), shade)
    canvas.paste(grey, ((canvas.width - grey.width) // 2, (canvas.height - grey.height) // 2))
    return canvas.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
