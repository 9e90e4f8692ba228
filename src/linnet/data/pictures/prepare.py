"""User pictures made like those a model was trained on, as its rows; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from linnet.data.pictures.decode import Prepared, Step, check_pixels, decode, grey_of, levels_of
from linnet.errors import BlankPictureWarning, DataNotFoundError, FormatError, warn

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES = 50 << 20
MAX_PIXELS = 50_000_000
LIGHT = 127.5
"""A border lighter than this is paper, and the picture is inverted."""


def read_image(path: Path | str, size: tuple[int, int], invert: bool | None = None) -> np.ndarray:
    """The pixels of `prepare`, uint8, (height, width); arguments and errors as there.

    A picture that is blank after that warns: `BlankPictureWarning`.
    """
    return _notice(prepare(path, size, invert), str(path))


def picture_of(
    content: bytes, size: tuple[int, int], invert: bool | None = None, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """The pixels of `prepared`, uint8, (height, width); arguments and errors as there.

    A picture that is blank after that warns: `BlankPictureWarning`.
    """
    return _notice(prepared(content, size, invert, max_pixels), "the picture")


def prepare(path: Path | str, size: tuple[int, int], invert: bool | None = None) -> Prepared:
    """A picture in grey, light on dark, at a given size.

    It is turned upright by its orientation tag, and of several frames the first is taken. Transparency is
    laid on white, or on black where the drawing would be lost on white; colours become grey, and levels of
    more than 8 bits 0…255. The picture is padded to the right proportions in the shade of its border, and
    shrunk with antialiasing. Fashion-MNIST shows light clothes on black, so a picture whose border is light
    is inverted.

    Args:
        path: PNG, JPEG or anything Pillow reads; or .npy of shape (H, W), (1, H, W), (H, W, 3) or
            (H, W, 4), whole numbers 0…255, or floats 0…1 or 0…255.
        size: (height, width).
        invert: always or never invert; by the border when None.

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is no picture, damaged, or too large.
    """
    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(f"no picture at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    read = (
        _from_array(path)
        if path.suffix.lower() == ".npy"
        else decode(path.read_bytes(), path, MAX_PIXELS, None)
    )
    return _fitted(*read, size, invert)


def prepared(
    content: bytes, size: tuple[int, int], invert: bool | None = None, max_pixels: int = MAX_PIXELS
) -> Prepared:
    """The picture in a file's bytes, made as `prepare` does.

    Args:
        content: a PNG, JPEG, WebP, TIFF, BMP or GIF file.
        size: (height, width).
        invert: as `prepare` takes it.
        max_pixels: more than these are refused before they are decoded.

    Raises:
        FormatError: it is none of these, damaged, or too large.
    """
    return _fitted(*decode(content, "the picture", max_pixels), size, invert)


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


def _notice(made: Prepared, name: str) -> np.ndarray:
    if made.is_blank:
        warn(f"{name}: {made.nothing}", BlankPictureWarning)
    return made.pixels


def _fitted(grey: Image.Image, steps: list[Step], size: tuple[int, int], invert: bool | None) -> Prepared:
    border = _border(np.asarray(grey))
    fitted = np.asarray(_fit(grey, size, round(border)))
    if (grey.height, grey.width) != size:
        steps = [*steps, Step("resized", {"width": grey.width, "height": grey.height,
                                          "to_width": size[1], "to_height": size[0]})]  # fmt: skip
    if not (border > LIGHT if invert is None else invert):
        return Prepared(fitted.copy(), tuple(steps))
    return Prepared(255 - fitted, (*steps, Step("inverted" if invert is None else "told", {})))


def _from_array(path: Path) -> tuple[Image.Image, list[Step]]:
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False, mmap_mode=None)
    except (ValueError, EOFError, OSError) as error:
        raise FormatError(f"{path} is not a .npy file: {error}") from error
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise FormatError(f"{path}: expected shape (H, W), (1, H, W) or (H, W, 3), got {array.shape}")
    check_pixels(path, array.shape[0] * array.shape[1], MAX_PIXELS)
    levels, steps = levels_of(path, array)
    grey, done = grey_of(Image.fromarray(levels))
    return grey, [*steps, *done]


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


def read_images(paths: Sequence[Path], size: tuple[int, int], invert: bool | None = None) -> Tensor:
    """Several pictures as rows, uint8, (B, height · width); arguments and errors as `read_image`."""
    return rows_of([read_image(path, size, invert) for path in paths])


def rows_of(pictures: Sequence[np.ndarray]) -> Tensor:
    """Pictures of one size, uint8 (height, width) each, as rows, (B, height · width)."""
    import torch  # here, for services read pictures without it

    return torch.from_numpy(np.stack(pictures)).flatten(1)
