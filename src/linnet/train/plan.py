"""What is asked of a sweep, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.data.dataset import Dataset
from linnet.train.trials import View

WIDTH = 2048
"""Scores a row (M·K) that a bank has at most; more models are trained tile by tile."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all models of a sweep share.

    Args:
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        seed: of the order of the rows, augmentation and dropout.
        patience: epochs without a better validation loss after which a model is stopped, and its best
            weights kept; None never stops.
        rungs: epochs after which the worse half of the settings is dropped (successive halving).
        metric: by which halving judges: "validation_loss" or "validation_accuracy".
        width: scores a row that one bank has at most.
        threads: "auto" or a number.
    """

    epochs: int
    batch_size: int
    seed: int = 1
    patience: int | None = None
    rungs: tuple[int, ...] = ()
    metric: str = "validation_loss"
    width: int = WIDTH
    threads: int | str = "auto"


@dataclass(eq=False)
class Outcome:
    """What a sweep's M models came to.

    Args:
        bank: their parameters in the order of the trials, NaN for a diverged one; the best weights of
            a model with patience.
        status: of each: "completed", "diverged in epoch 3", "stopped in epoch 7", "dropped after epoch 2", or
            "interrupted".
        curves: name to figures, (epochs, M), float64; NaN after a model's end. The names are train_loss,
            validation_loss and, for classes, validation_accuracy.
        keeps_best: whether the weights are each model's best and not its last.
    """

    bank: Bank
    status: list[str]
    curves: dict[str, Tensor] = field(default_factory=dict)
    keeps_best: bool = False


@dataclass(frozen=True, eq=False)
class Rows:
    """What models are trained on and judged by.

    Args:
        train: rows that minibatches are made of.
        weights: of these rows in each view, (V, N); None where all count alike.
        validation: the rows that each view is judged by.
    """

    train: Dataset
    weights: Tensor | None
    validation: list[Dataset]

    @classmethod
    def of(cls, train: Dataset, views: Sequence[View], dtype: torch.dtype) -> Rows:
        """The rows of some views. A single view's rows of no weight are left out, so minibatches are full."""
        device = train.X.device
        validation = [train.rows(view.validation.to(device)) for view in views]
        given = [view.weights for view in views if view.weights is not None]
        if len(views) == 1 and given and bool(((given[0] == 0) | (given[0] == 1)).all()):
            train, given = train.rows(given[0].nonzero()[:, 0].to(device)), []
        if not given:
            own = None if train.weights is None else train.weights.to(dtype).expand(len(views), -1)
            return cls(train, own, validation)
        ones = torch.ones_like(given[0])
        weights = torch.stack([ones if view.weights is None else view.weights for view in views])
        weights = weights.to(device, dtype)
        return cls(train, weights if train.weights is None else weights * train.weights.to(dtype), validation)

    def weights_of(self, view: int) -> Tensor | None:
        """The weights of the rows in a view, (N,); None where all count alike."""
        return None if self.weights is None else self.weights[view]


def blank(train: Dataset, epochs: int, models: int) -> dict[str, Tensor]:
    """The curves of models before the first epoch: NaN, (epochs, M)."""
    names = ["train_loss", "validation_loss", *(["validation_accuracy"] if train.is_classification else [])]
    return {name: torch.full((epochs, models), torch.nan, dtype=torch.float64) for name in names}
