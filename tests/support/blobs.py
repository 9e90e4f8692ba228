"""Classes of bright pixels that a linear model can tell apart."""

from __future__ import annotations

import torch

from linnet.data.dataset import Dataset


def make_blobs(rows: int, features: int = 16, classes: int = 3, seed: int = 0) -> Dataset:
    """Classes that differ in which pixels are bright."""
    source = torch.Generator().manual_seed(seed)
    y = torch.randint(0, classes, (rows,), generator=source)
    centres = torch.randint(0, 200, (classes, features), generator=source)
    X = (centres[y] + torch.randint(0, 56, (rows, features), generator=source)).to(torch.uint8)
    return Dataset(X, y, "blobs", tuple(f"class {k}" for k in range(classes)), (4, features // 4), 1 / 255)
