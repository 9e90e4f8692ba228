"""Pictures in three colours that have the same grey, so that only their colours tell them apart."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from linnet.data.dataset import Dataset

COLORS = {"blue": (0, 80, 255), "green": (0, 130, 0), "red": (255, 0, 0)}
"""Each is the grey 76 by Rec. 601: 0.299 R + 0.587 G + 0.114 B."""

SIDE = 6


def square(color: tuple[int, int, int], row: int, column: int) -> np.ndarray:
    """A picture (6, 6, 3), black but for a square of 3 × 3."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[row : row + 3, column : column + 3] = color
    return pixels


def squares() -> dict[str, list[np.ndarray]]:
    """Of each colour a square at each of 16 places."""
    return {
        name: [square(color, row, column) for row in range(4) for column in range(4)]
        for name, color in COLORS.items()
    }


def png_of(pixels: np.ndarray) -> bytes:
    """Pixels as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def files() -> list[tuple[str, bytes]]:
    """The squares as files, a folder a colour."""
    return [
        (f"{name}/{number:02}.png", png_of(pixels))
        for name, several in squares().items()
        for number, pixels in enumerate(several)
    ]


def write(folder: Path) -> Path:
    """The squares in a folder."""
    for path, content in files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """The squares as (N, 6, 6, 3) bytes, and their classes by name."""
    X = np.array([pixels for several in squares().values() for pixels in several])
    return X, np.repeat(list(COLORS), 16)


def dataset() -> Dataset:
    """The squares in memory."""
    X, y = arrays()
    return Dataset(X.reshape(len(X), -1), y, "squares", image_shape=(6, 6, 3), scale=1 / 255)  # type: ignore[arg-type]
