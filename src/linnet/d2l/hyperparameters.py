"""Methods added to a class after it was made, and arguments kept as attributes (D2L 1.0, 3.2.1)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from linnet.errors import UsageError

Function = TypeVar("Function", bound=Callable[..., Any])


def add_to_class(Class: type) -> Callable[[Function], Function]:
    """A decorator that makes a function a method of a class, for instances that exist already, too."""

    def add(function: Function) -> Function:
        setattr(Class, function.__name__, function)
        return function

    return add


class HyperParameters:
    """A base of classes that keep the arguments of their `__init__`."""

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Iterable[str] = ()) -> None:
        """Keep the arguments and variables of the method that calls this, as attributes and in `hparams`.

        Args:
            ignore: names that are left out; those that begin with an underscore always are.

        Raises:
            UsageError: it is not called from a method.
        """
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        if caller is None:
            raise UsageError("save_hyperparameters is called within __init__")
        left_out = {*ignore, "self"}
        self.hparams = {
            name: value
            for name, value in caller.f_locals.items()
            if name not in left_out and not name.startswith("_")
        }
        for name, value in self.hparams.items():
            setattr(self, name, value)
