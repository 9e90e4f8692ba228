"""`Sweep`: the engine with the models of a sweep, see `train.sweep_learner`."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import torch

from linnet.core.losses import Loss
from linnet.data.batches import Batches
from linnet.data.dataset import Dataset
from linnet.data.split import Fold
from linnet.dist.processes import ALONE, Processes
from linnet.train.callbacks import State
from linnet.train.checkpoint import BANKS
from linnet.train.engine import Engine
from linnet.train.parallel import MODELS
from linnet.train.plan import FoldedRows, Outcome, Plan, Trial
from linnet.train.schedules import StepSchedule
from linnet.train.sweep_learner import SweepLearner


class Sweep(Engine):
    """A sweep under way: the engine with its models.

    Args:
        train: the rows, on the device to compute on.
        trials: one model each.
        folds: which rows count, by the trials' `fold`.
        loss: in score space.
        plan: what they share.
        dtype: of the parameters.
        processes: that share the rows or the models, as the plan says.

    Raises:
        UsageError: there is no model, or a hyperparameter is for images and the rows are none.
    """

    def __init__(
        self, train: Dataset, trials: Sequence[Trial], folds: Sequence[Fold], loss: Loss, plan: Plan,
        dtype: torch.dtype, processes: Processes = ALONE,
    ) -> None:  # fmt: skip
        rows, plan = FoldedRows.of(train, folds, dtype), plan.on(train.X.device)
        sharing = ALONE if plan.parallel == MODELS else processes
        batches = Batches(rows.train, plan.batch_size, seed=plan.seed, processes=sharing)
        schedule = StepSchedule(len(batches), plan.epochs)
        self.models = learner = SweepLearner(rows, trials, loss, plan, schedule, dtype, processes)
        state = State(
            rows.train, plan.epochs, len(batches), learner.model, options=dataclasses.asdict(plan),
            latest=lambda: learner.model, trials=learner.trials, outcome=self.outcome,
        )  # fmt: skip
        super().__init__(
            learner, batches, state, threads=plan.threads, processes=processes,
            identity=lambda: _identify(train, learner, folds, loss, dtype),
        )  # fmt: skip

    def outcome(self) -> Outcome:
        """What the models have come to so far."""
        return self.models.outcome(self.state.reason)


def _identify(
    train: Dataset, learner: SweepLearner, folds: Sequence[Fold], loss: Loss, dtype: torch.dtype
) -> dict[str, Any]:
    """What a sweep must have in common with one that goes on from it, by name."""
    shared = dataclasses.asdict(learner.plan)
    del shared["threads"], shared["width"], shared["parallel"]  # of which `BANKS` tells what it comes to
    settings = [
        [trial.setting, trial.fold, dataclasses.asdict(trial.hyperparameters)] for trial in learner.trials
    ]
    return {
        BANKS: [chunk.places.tolist() for chunk in learner.chunks], "data": train.checksum,
        "folds": _digest(folds), "settings": settings, "loss": repr(loss), "dtype": str(dtype), **shared,
    }  # fmt: skip


def _digest(folds: Sequence[Fold]) -> str:
    digest = hashlib.sha256()
    for part in (part for fold in folds for part in (fold.weights, fold.validation)):
        digest.update(part.cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()
