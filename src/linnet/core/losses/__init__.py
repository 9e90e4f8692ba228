"""Losses in score space: one a file, named in `linnet.config.losses`."""

from __future__ import annotations

from importlib import import_module

from linnet.config.losses import LOSSES as ENTRIES
from linnet.core.losses.absolute import AbsoluteError
from linnet.core.losses.base import Loss, TargetUnits
from linnet.core.losses.huber import Huber
from linnet.core.losses.logistic import Logistic
from linnet.core.losses.softmax import SoftmaxCrossEntropy
from linnet.core.losses.squared import SquaredError
from linnet.errors import UsageError

LOSSES: dict[str, type[Loss]] = {
    name: getattr(import_module(f"{__name__}.{entry.home[0]}"), entry.home[1])
    for name, entry in ENTRIES.items()
}
"""The losses that have a name."""

__all__ = [
    "LOSSES", "AbsoluteError", "Huber", "Logistic", "Loss", "SoftmaxCrossEntropy", "SquaredError",
    "TargetUnits", "by_name", "name_of",
]  # fmt: skip


def name_of(loss: Loss) -> str:
    """The name of a loss that `by_name` takes.

    Raises:
        UsageError: the loss has no name.
    """
    if type(loss) not in LOSSES.values():
        raise UsageError(f"the loss {type(loss).__name__} has no name here: take one of {', '.join(LOSSES)}")
    return loss.name


def by_name(name: str, huber: float = 1.0, slope: float | None = None) -> Loss:
    """The loss of a name.

    Args:
        name: one of `LOSSES`.
        huber: Huber's threshold.
        slope: Huber's slope beyond it; the threshold when None, as PyTorch has it.

    Raises:
        UsageError: any other name.
    """
    if name == Huber.name:
        return Huber(huber, huber if slope is None else slope)
    if name not in LOSSES:
        raise UsageError(f"unknown loss {name!r}: expected {', '.join(sorted(LOSSES, key='huber'.__ne__))}")
    return LOSSES[name]()
