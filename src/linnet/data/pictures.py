"""People's own pictures, made like those a model was trained on; without torch."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from linnet.errors import DataNotFoundError, FormatError

MAX_BYTES = 50 << 20
MAX_PIXELS = 50_000_000
LIGHT = 127.5
"""A border lighter than this is paper, and the picture is inverted."""


def read_image(path: Path | str, size: tuple[int, int], invert: bool | None = None) -> np.ndarray:
    """A picture in grey, light on dark, at a given size.

    Transparency is laid on white, colours become grey, the picture is padded to the right proportions in
    the shade of its border, and shrunk with antialiasing. Fashion-MNIST shows light clothes on black, so
    a picture whose border is light is inverted.

    Args:
        path: PNG, JPEG or anything Pillow reads; or .npy of shape (H, W), (1, H, W), (H, W, 3) or
            (H, W, 4), whole numbers 0…255 or floats 0…1.
        size: (height, width).
        invert: always or never invert; by the border when None.

    Returns:
        uint8, (height, width).

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is no picture, damaged, or too large.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(f"no picture at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    return _fitted(_from_array(path) if path.suffix == ".npy" else _from_picture(path, path), size, invert)


def picture_of(
    content: bytes, size: tuple[int, int], invert: bool | None = None, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """The picture in a PNG or JPEG file's bytes, made as `read_image` does.

    Args:
        content: the file.
        size: (height, width).
        invert: as `read_image` takes it.
        max_pixels: more than these are refused before they are decoded.

    Raises:
        FormatError: it is neither, damaged, or too large.
    """
    return _fitted(_from_picture(BytesIO(content), "the picture", max_pixels, ("PNG", "JPEG")), size, invert)


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


def _fitted(grey: Image.Image, size: tuple[int, int], invert: bool | None) -> np.ndarray:
    border = _border(np.asarray(grey))
    fitted = np.asarray(_fit(grey, size, round(border)))
    inverted = border > LIGHT if invert is None else invert
    return 255 - fitted if inverted else fitted.copy()


def _from_picture(
    file: Path | BytesIO,
    name: Path | str,
    max_pixels: int | None = None,
    formats: tuple[str, ...] | None = None,
) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as picture:
                _check_pixels(name, picture.width * picture.height, max_pixels or MAX_PIXELS)
                return _grey(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FormatError(f"{name} is not a picture that can be read: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FormatError(f"{name} is damaged: {error}") from error


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("L")
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    return picture.convert("L")


def _from_array(path: Path) -> Image.Image:
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False, mmap_mode=None)
    except (ValueError, EOFError, OSError) as error:
        raise FormatError(f"{path} is not a .npy file: {error}") from error
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise FormatError(f"{path}: expected shape (H, W), (1, H, W) or (H, W, 3), got {array.shape}")
    _check_pixels(path, array.shape[0] * array.shape[1], MAX_PIXELS)
    return _grey(Image.fromarray(_bytes(path, array)))


def _bytes(path: Path, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "uifb" or not np.isfinite(array).all():
        raise FormatError(f"{path}: expected finite numbers, got {array.dtype}")
    largest = 1.0 if array.dtype.kind in "fb" and array.max() <= 1 else 255.0
    if array.min() < 0 or array.max() > largest:
        raise FormatError(
            f"{path}: pixels must lie in 0…255, or as floats in 0…1; got {array.min()}…{array.max()}"
        )
    return np.round(array.astype(np.float64) * (255 / largest)).astype(np.uint8)


def _check_pixels(name: Path | str, pixels: int, most: int) -> None:
    if pixels > most:
        raise FormatError(f"{name} has {pixels:,} pixels, more than {most:,}")


def _border(grey: np.ndarray) -> float:
    """The median shade of the outermost pixels."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def _fit(grey: Image.Image, size: tuple[int, int], shade: int) -> Image.Image:
    height, width = size
    if grey.size == (width, height):
        return grey
    scale = max(grey.width / width, grey.height / height)
    canvas = Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))), shade)
    canvas.paste(grey, ((canvas.width - grey.width) // 2, (canvas.height - grey.height) // 2))
    return canvas.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
