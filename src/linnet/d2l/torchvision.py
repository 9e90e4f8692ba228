"""What stands in for torchvision where it cannot be imported: the few names the book's chapter 3 uses."""

from __future__ import annotations

import sys

from linnet.d2l.images import MNIST, Compose, FashionMNIST, Normalize, Resize, ToTensor

__all__ = ["MNIST", "Compose", "FashionMNIST", "Normalize", "Resize", "ToTensor"]

datasets = transforms = sys.modules[__name__]


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"linnet stands in for torchvision, which is not here, and has no {name!r}: "
        f"it offers {', '.join(__all__)}; for more, install torchvision"
    )
