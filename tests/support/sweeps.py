"""Sweeps at the level of the engine."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.train.callbacks import Callback
from linnet.train.plan import Outcome, Plan, Trial
from linnet.train.sweep import Sweep


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
