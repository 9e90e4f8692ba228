"""People's own pictures as rows of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from linnet.data.pictures import read_image as read_image


def read_images(paths: Sequence[Path], size: tuple[int, int], invert: bool | None = None) -> Tensor:
    """Several pictures as rows, uint8, (B, height · width); arguments and errors as `read_image`."""
    return torch.stack([torch.from_numpy(read_image(path, size, invert)).view(-1) for path in paths])
