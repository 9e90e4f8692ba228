"""torch, imported when something of it is first used: what is refused before that never waits for it.

    from linnet.lazy import is_tensor, torch

It is for modules that read data and check them. Whatever computes imports torch itself.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
    from torch import Tensor
    from typing_extensions import TypeIs


class _Lazy:
    """A module whose names are looked up, and kept, when they are first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


if not TYPE_CHECKING:
    torch = _Lazy("torch")


def is_tensor(value: object) -> TypeIs[Tensor]:
    """Whether it is a tensor, which nothing is before torch has been imported."""
    return "torch" in sys.modules and isinstance(value, torch.Tensor)
