"""L2, L1 and both: the penalties that are added to the mean loss. The bias is never penalised."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from linnet.errors import UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

MOST = 1e30
"""The largest factor of a penalty: float32 ends not far beyond, and such a column's weight is 0 anyway."""


@dataclass(frozen=True)
class Penalty:
    """½·l2·‖W‖² + l1·‖W‖₁, added to the mean loss; with both it is the elastic net.

    Args:
        l2: the weight of half the squared norm.
        l1: the weight of the absolute sum; gives exact zeros.

    Raises:
        UsageError: either is negative or not finite.
    """

    l2: float = 0.0
    l1: float = 0.0

    def __post_init__(self) -> None:
        for name in ("l2", "l1"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be a finite number of at least 0, not {value!r}")

    def value(self, W: Tensor) -> Tensor:
        """The penalty of weights without their bias, a scalar, float64."""
        wide = W.double()
        total = wide.new_zeros(())
        if self.l2:  # a weight may be too large to be squared where nothing asks for its square
            total = total + self.l2 / 2 * wide.square().sum()
        return total + self.l1 * wide.abs().sum() if self.l1 else total


def read_penalties(given: Sequence[float] | int, name: str) -> int | list[float]:
    """How many penalties are to be tried, or which, whatever library the numbers are of.

    Args:
        given: a whole number, or a sequence of at least one penalty.
        name: what they are called, such as "l2s".

    Raises:
        UsageError: neither was given, or a penalty is negative or not finite.
    """
    if isinstance(given, Integral) and not isinstance(given, bool):
        return int(given)
    kind = f"{name} must be a whole number (how many) or a list of at least one penalty, not {given!r}"
    if _is_number(given):
        raise UsageError(f"{kind}: write [{given:g}] for that penalty alone")
    values = np.asarray(given, dtype=object)  # where a boolean beside numbers stays one
    if values.ndim != 1 or not len(values) or not all(map(_is_number, values)):
        raise UsageError(kind)
    return [Penalty(float(value)).l2 for value in values]


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, eq=False)
class PenaltyUnits:
    """What weights are multiplied by before they are penalised, where columns and targets were scaled.

    Args:
        size: u, (D,), float64: the penalty is of u w.
        worth: what the penalty is divided by, as the loss is.
    """

    size: Tensor
    worth: float = 1.0

    @property
    def l1(self) -> Tensor:
        """The factor of an L1 penalty's weight, (D,)."""
        return (self.size / self.worth).clamp(max=MOST)

    @property
    def l2(self) -> Tensor:
        """The factor of an L2 penalty's weight, (D,)."""
        return (self.size.square() / self.worth).clamp(max=MOST)


def shrink(W: Tensor, threshold: Tensor | float) -> Tensor:
    """sign(W)·max(|W| − threshold, 0), the proximal map of l1 (soft thresholding)."""
    return torch.copysign((W.abs() - threshold).clamp_(min=0), W)
