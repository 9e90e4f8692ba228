"""The plan of a sweep: its models, the rows of its folds, early stopping, successive halving; its outcome."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.errors import UsageError

WIDTH = 320
"""Scores a row (M·K) that a bank has at most; more models are trained chunk by chunk, chunks side by side.

On a CPU, whose threads take a chunk each: two that share a product wait for each other at its end, long where
other programs want the cores too.
"""

WIDTH_ELSEWHERE = 2048
"""The same on a device that computes a product at once."""


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
        width: scores a row that one bank has at most; None leaves it to the device.
        threads: "auto" or a number.
        parallel: what several processes share: "rows" of each minibatch, or "models".
    """

    epochs: int
    batch_size: int
    seed: int = 1
    patience: int | None = None
    rungs: tuple[int, ...] = ()
    metric: str = "validation_loss"
    width: int | None = None
    threads: int | str = "auto"
    parallel: str = "rows"

    def on(self, device: torch.device) -> Plan:
        """The plan with the width that suits a device, where none was given."""
        width = WIDTH if device.type == "cpu" else WIDTH_ELSEWHERE
        return self if self.width is not None else dataclasses.replace(self, width=width)

    def cost(self, figures: Tensor) -> Tensor:
        """Figures of the metric so that less is better."""
        return -figures if self.metric.endswith("accuracy") else figures


@dataclass(frozen=True)
class Trial:
    """One model of a sweep.

    Args:
        setting: the number of its settings, which other folds and seeds share.
        hyperparameters: its settings.
        fold: the number of its fold.
    """

    setting: int
    hyperparameters: Hyperparameters
    fold: int


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


def make_trials(settings: Sequence[Hyperparameters], folds: int) -> list[Trial]:
    """A model for each settings and fold."""
    return [
        Trial(number, hyperparameters, fold)
        for number, hyperparameters in enumerate(settings)
        for fold in range(folds)
    ]


@dataclass(frozen=True, eq=False)
class FoldedRows:
    """What the models of several folds are trained on and judged by.

    Args:
        train: rows that minibatches are made of.
        weights: of these rows in each fold, (F, N); None where all count alike.
        validation: the rows that each fold is judged by.
    """

    train: Dataset
    weights: Tensor | None
    validation: list[Dataset]

    @classmethod
    def of(cls, train: Dataset, folds: Sequence[Fold], dtype: torch.dtype) -> FoldedRows:
        """The rows of some folds. A single fold's rows of no weight are left out, so minibatches are full.

        Raises:
            UsageError: a fold has no rows that count.
        """
        _check_counting(train, folds)
        device = train.X.device
        validation = [train.rows(fold.validation.to(device)) for fold in folds]
        weights = torch.stack([fold.weights for fold in folds])  # (F, N)
        if len(folds) == 1 and bool(((weights == 0) | (weights == 1)).all()):
            train = train.rows(weights[0].nonzero()[:, 0].to(device))
            return cls(train, None if train.weights is None else train.weights.to(dtype)[None], validation)
        weights = weights.to(device, dtype)
        return cls(train, weights if train.weights is None else weights * train.weights.to(dtype), validation)

    def weights_of(self, fold: int) -> Tensor | None:
        """The weights of the rows in a fold, (N,); None where all count alike."""
        return None if self.weights is None else self.weights[fold]


def _check_counting(train: Dataset, folds: Sequence[Fold]) -> None:
    """Refuse a fold without rows that count."""
    own = torch.ones(len(train)) if train.weights is None else train.weights.cpu()
    for number, fold in enumerate(folds):
        for what, weights in (("train on", own * fold.weights), ("be judged by", own[fold.validation])):
            if not bool((weights > 0).any()):
                raise UsageError(
                    f"part {number + 1} of {len(folds)} has no row of positive weight to {what}: use fewer "
                    "folds, or give more rows a weight"
                )


class EarlyStopping:
    """Which of M models have become better, and which have not for too long.

    Args:
        models: M.
        patience: epochs without a better validation loss after which a model is late; None for never.
    """

    def __init__(self, models: int, patience: int | None) -> None:
        self.patience = patience
        self.best = torch.full((models,), torch.inf, dtype=torch.float64)
        self.waited = torch.zeros(models, dtype=torch.int64)

    def note(self, losses: Tensor, models: Tensor | None = None) -> Tensor:
        """Take an epoch's validation losses; which are better than all before, (M,) or as many as are given.

        Args:
            losses: float64; what is not finite is not better.
            models: whose they are; None for all.
        """
        some = torch.arange(len(self.best)) if models is None else models
        better = losses < self.best[some]
        self.best[some[better]] = losses[better]
        self.waited[some] += 1
        self.waited[some[better]] = 0
        return better

    @property
    def is_late(self) -> Tensor:
        """Which models have waited too long, (M,), bool."""
        return self.waited >= (torch.inf if self.patience is None else self.patience)

    @property
    def state(self) -> dict[str, Tensor]:
        """What there is to keep of it, by name."""
        return {"best": self.best, "waited": self.waited}

    def restore_(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        self.best.copy_(state["best"])
        self.waited.copy_(state["waited"])


class SuccessiveHalving:
    """Drops the worse half of the settings at each rung (Jamieson and Talwalkar 2016).

    A setting's cost is the mean over its folds of what its models cost now, or at their end; a fold that
    diverged makes it infinite.

    Args:
        trials: of the sweep.
        plan: what they share.
    """

    def __init__(self, trials: Sequence[Trial], plan: Plan) -> None:
        self.plan = plan
        self.settings = torch.tensor([trial.setting for trial in trials])
        self.cost = torch.full((len(trials),), torch.inf, dtype=torch.float64)
        self.out: set[int] = set()

    def note(self, figures: Tensor, diverged: Tensor) -> None:
        """Take an epoch's figures of all models, (M,), NaN for those out, and which diverged, (M,)."""
        now = torch.where(figures.isfinite(), self.plan.cost(figures), self.cost)
        self.cost[diverged] = now[diverged] = torch.inf
        # With patience a model is as good as its best weights.
        self.cost = now if self.plan.patience is None else torch.minimum(now, self.cost)

    def losers(self) -> set[int]:
        """The worse half of the settings that have not lost yet."""
        left = [n for n in self.settings.unique().tolist() if n not in self.out]
        means = {n: float(self.cost[self.settings == n].mean()) for n in left}
        lost = set(sorted(left, key=means.__getitem__)[-(-len(left) // 2) :])
        self.out |= lost
        return lost
