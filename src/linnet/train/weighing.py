"""How much the rows of each model count, and the mean of it, by which steps divide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Knobs
from linnet.core.losses import Loss
from linnet.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Weighing:
    """How much the rows of M models count.

    A step divides the weighted sum over a minibatch's B rows by B times the mean weight of all training rows.
    So its expectation is the gradient of Σ w_i l_i / Σ w_i whatever B is. Divided by the minibatch's own sum,
    a weight would cancel at B = 1 and count too little at any small B.

    Args:
        mean: of all training rows' weights, classes' weights included, (M,), float64, on the CPU.
        classes: how much each class counts, (M, K); None where all count alike.
    """

    mean: Tensor
    classes: Tensor | None = None

    @classmethod
    def of(
        cls, loss: Loss, knobs: Sequence[Knobs], train: Dataset, weights: Sequence[Tensor | None]
    ) -> Weighing | None:
        """The weighing of models by their knobs; None where all rows count alike for all of them.

        Args:
            loss: in score space.
            knobs: of the models.
            train: their rows.
            weights: of the rows for each model, (N,), None where they count alike.

        Raises:
            UsageError: as many weights as classes are needed.
        """
        is_plain = all(one.class_weight == "none" for one in knobs)
        if is_plain and all(weight is None for weight in weights):
            return None
        rows = [1.0 if weight is None else float(weight.double().mean()) for weight in weights]
        mean = torch.tensor(rows, dtype=torch.float64)
        if is_plain:
            return cls(mean)
        shares = Loss.encode(train.y, train.outputs, torch.float64)  # (K, N)
        counts = torch.stack([shares.sum(1) if w is None else shares @ w.double() for w in weights]).cpu()
        given = [
            one.weights_of_classes(c) or [1.0] * len(c) for one, c in zip(knobs, counts.tolist(), strict=True)
        ]
        classes = torch.tensor(given, dtype=torch.float64)  # (M, K)
        if loss.divides_by_classes(train.y):
            mean = (classes * counts).sum(1) / len(train)
        return cls(mean, classes)

    def keep(self, models: Tensor) -> Weighing:
        """That of some of the models."""
        classes = None if self.classes is None else self.classes[models.to(self.classes.device)]
        return Weighing(self.mean[models], classes)

    def to(self, like: Tensor) -> Weighing:
        """It with the classes' weights in the dtype and on the device of another tensor."""
        return Weighing(self.mean, None if self.classes is None else self.classes.to(like))
