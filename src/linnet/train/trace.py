"""`Trace`: a step that remembers every point it came through, to show the path of SGD."""

from __future__ import annotations

from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.step import Rate, Step, fused_sgd_
from linnet.errors import UsageError


class Trace:
    """A `Step` that keeps θ before the first step and after each.

    It is given to `fit(..., step=Trace())` and read when the run has ended, also where it diverged. It is for
    small models: θ is copied at every minibatch.

    Args:
        step: that is taken.
        most: points that may be kept.
    """

    def __init__(self, step: Step = fused_sgd_, most: int = 100_000) -> None:
        self.step, self.most = step, most
        self.points: list[Tensor] = []
        """θ, (M·K, D + 1) each."""

    def __call__(
        self, bank: Bank, X1: Tensor, target: Tensor, loss: Loss, lr: Rate, scale: float, out: Tensor
    ) -> None:
        """Take the step and keep where it led: see `Step`.

        Raises:
            UsageError: there would be too many points.
        """
        if not self.points:
            self.points.append(bank.theta.clone())
        if len(self.points) >= self.most:
            raise UsageError(f"a path of more than {self.most:,} points: ask fewer epochs or larger batches")
        self.step(bank, X1, target, loss, lr, scale, out)
        self.points.append(bank.theta.clone())
