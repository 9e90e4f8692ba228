"""Pictures of noise as the book loads them."""

from __future__ import annotations

import torch

from linnet.d2l.torchvision import ImageSet, ToTensor
from linnet.data.dataset import Dataset


def images(rows: int, seed: int = 0, edge: int = 28) -> ImageSet:
    source = torch.Generator().manual_seed(seed)
    X = torch.randint(0, 256, (rows, edge * edge), generator=source).to(torch.uint8)
    y = torch.randint(0, 10, (rows,), generator=source)
    return ImageSet(Dataset(X, y, "noise", tuple("0123456789"), (edge, edge), 1 / 255), ToTensor())
