"""`Calibration`: what turns a trained model's logits into ones whose probabilities can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linnet.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("temperature", "vector")


@dataclass(frozen=True)
class Calibration:
    """Calibrated logits `s ∘ z + t` of logits z, s and t having a number a class (Guo et al. 2017, 4.2).

    Temperature scaling has s = 1/T for every class and t = 0, which leaves the order of the classes as it is;
    vector scaling has them all free.

    It is read without torch.

    Args:
        kind: "temperature" or "vector".
        scale: s, K positive or negative numbers.
        shift: t, K numbers.
        rows: how many rows it was learnt on.
        source: which rows those were, for people.

    Raises:
        UsageError: another kind, or numbers that are not finite or not as many of each.
    """

    kind: str
    scale: tuple[float, ...]
    shift: tuple[float, ...]
    rows: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"a calibration is {' or '.join(KINDS)}, not {self.kind!r}")
        if len(self.scale) != len(self.shift) or not all(map(math.isfinite, (*self.scale, *self.shift))):
            raise UsageError("a calibration needs a finite scale and a finite shift for each class")

    @property
    def temperature(self) -> float:
        """T = 1/s of the first class: that of all classes under temperature scaling."""
        return 1 / self.scale[0]

    def apply(self, logits: Tensor) -> Tensor:
        """The calibrated logits, of the shape and dtype of `logits`, (B, K)."""
        return logits * logits.new_tensor(self.scale) + logits.new_tensor(self.shift)
