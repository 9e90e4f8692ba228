"""Sweeps at the level of the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from linnet.config import Hyperparameters
from linnet.core.losses import Loss, SoftmaxCrossEntropy
from linnet.data.dataset import Dataset
from linnet.data.split import Fold, hold_out
from linnet.train.callbacks import Callback
from linnet.train.plan import Outcome, Plan, Trial, make_trials
from linnet.train.sweep import Sweep
from tests.support.blobs import make_blobs


def train_together(
    train: Dataset,
    trials: Sequence[Trial],
    folds: Sequence[Fold],
    loss: Loss,
    plan: Plan,
    dtype: torch.dtype,
    callback: Callback | None = None,
) -> Outcome:
    """What the models of a `Sweep` with these options come to."""
    sweep = Sweep(train, trials, folds, loss, plan, dtype)
    sweep.run(callback)
    return sweep.outcome()


def sweep_blobs(
    settings: list[Hyperparameters], data: Dataset | None = None, epochs: int = 6,
    patience: int | None = None, rungs: tuple[int, ...] = (),
) -> Outcome:  # fmt: skip
    """What models come to, a quarter of the rows being held out."""
    data = data or make_blobs(200)
    plan = Plan(epochs=epochs, batch_size=32, patience=patience, rungs=rungs)
    loss, folds = SoftmaxCrossEntropy(), hold_out(data, 0.25, 0)
    return train_together(data, make_trials(settings, 1), folds, loss, plan, torch.float64)


def odd_fold() -> tuple[Dataset, list[Fold]]:
    """Rows of which the second fold's own are of another kind: brighter, and of one class."""
    data = make_blobs(120)
    X = data.X.clone()
    X[:60] = X[:60] // 2
    y = data.y.clone()
    y[:60] = 0
    weights = torch.cat([torch.zeros(60), torch.ones(60)])
    own = [Fold(weights, torch.arange(60)), Fold(1 - weights, torch.arange(60, 120))]
    return dataclasses.replace(data, X=X, y=y), own
