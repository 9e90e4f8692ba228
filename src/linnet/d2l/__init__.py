"""The names of *Dive into Deep Learning*, chapters 2 to 4, for its code to run as it stands.

    from linnet.d2l import torch as d2l     # or: import linnet.d2l as d2l

`activate()` makes the book's own line, `from d2l import torch as d2l`, do the same, and offers the few names
of torchvision that chapter 3 uses where torchvision cannot be imported. In Jupyter, `%load_ext linnet` does
it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from linnet.d2l.switch import activate as activate
from linnet.d2l.switch import deactivate as deactivate

if TYPE_CHECKING:
    from linnet.d2l.torch import *  # noqa: F403
if TYPE_CHECKING:  # not PyTorch, which the line above brings
    import linnet.d2l.torch as torch  # noqa: F401  # pyright: ignore[reportUnusedImport]

_OWN = ("activate", "deactivate")


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # what Python asks of every module
        raise AttributeError(f"module 'linnet.d2l' has no attribute {name!r}")
    if find_spec(f"linnet.d2l.{name}"):  # asked for by a module that the book's own is made of
        return import_module(f"linnet.d2l.{name}")
    return getattr(import_module("linnet.d2l.torch"), name)


def __dir__() -> list[str]:
    return sorted([*_OWN, *dir(import_module("linnet.d2l.torch"))])
