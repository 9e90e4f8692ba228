"""torch, imported when something of it is first used: what is refused before that never waits for it.

    from linnet.lazy import is_tensor, torch

It is for modules that read data and check them. Whatever computes imports torch itself.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import torch as torch
    from torch import Tensor
    from typing_extensions import TypeIs


Found = TypeVar("Found")


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


def import_beside(work: Callable[[], Found]) -> Found:
    """What some work gives, done while torch is imported where it has not been.

    Args:
        work: needs no torch, and lets other threads run, as unpacking and reading files do.
    """
    if "torch" in sys.modules:
        return work()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        importlib.import_module("torch")
        return done.result()
