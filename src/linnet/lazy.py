"""torch, imported when something of it is first used: what is refused before that never waits for it.

    from linnet.lazy import is_tensor, torch

It is for modules that read data and check them, and for those that take arrays as well as tensors. Whatever
computes with tensors alone imports torch itself.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
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


class _LazyField:
    """A field that is kept as it came, and turned into another type when it is first read."""

    def __init__(self, name: str, kind: type, convert: Callable[[Any], Any]) -> None:
        self.name, self.kind, self.convert = name, kind, convert

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        if obj is None:
            return self
        value = held(obj, self.name)
        if isinstance(value, self.kind):
            value = self.convert(value)
            self.__set__(obj, value)
        return value

    def __set__(self, obj: Any, value: Any) -> None:
        vars(obj)[f"_{self.name}"] = value


def lazy_fields(
    kind: type, convert: Callable[[Any], Any], *names: str
) -> Callable[[type[Found]], type[Found]]:
    """Decorates a dataclass whose fields are kept as they came, and turned into another type when first read.

    Args:
        kind: the type that is not what readers want.
        convert: makes what they want of it.
        names: of the fields.
    """

    def decorate(cls: type[Found]) -> type[Found]:
        for name in names:
            setattr(cls, name, _LazyField(name, kind, convert))
        return cls

    return decorate


def held(obj: Any, name: str) -> Any:
    """A field of `lazy_fields` as it is kept."""
    return vars(obj)[f"_{name}"]


_IS_WANTED: ContextVar[bool] = ContextVar("torch is wanted", default=True)


@contextlib.contextmanager
def do_without() -> Iterator[None]:
    """Within it `import_beside` imports nothing: what is read is for those who do without torch."""
    token = _IS_WANTED.set(False)
    try:
        yield
    finally:
        _IS_WANTED.reset(token)


def import_beside(work: Callable[[], Found]) -> Found:
    """What some work gives, done while torch is imported where it has not been, and is wanted.

    Args:
        work: needs no torch, and lets other threads run, as unpacking and reading files do.
    """
    if "torch" in sys.modules or not _IS_WANTED.get():
        return work()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        importlib.import_module("torch")
        return done.result()
