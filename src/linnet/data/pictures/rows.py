"""People's own pictures as rows of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from linnet.data.pictures.prepare import read_image as read_image


def read_images(paths: Sequence[Path], size: tuple[int, int], invert: bool | None = None) -> Tensor:
    """Several pictures as rows, uint8, (B, height · width); arguments and errors as `read_image`."""
    return rows_of([read_image(path, size, invert) for path in paths])


def rows_of(pictures: Sequence[np.ndarray]) -> Tensor:
    """Pictures of one size, uint8 (height, width) each, as rows, (B, height · width)."""
    return torch.from_numpy(np.stack(pictures)).flatten(1)
