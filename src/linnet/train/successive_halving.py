"""Successive halving: the worse half of the settings is dropped at each rung (Jamieson, Talwalkar 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.train.plan import Plan
from linnet.train.trials import Trial


class SuccessiveHalving:
    """How the settings of a sweep stand against each other.

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
        sign = -1 if self.plan.metric.endswith("accuracy") else 1
        now = torch.where(figures.isfinite(), sign * figures, self.cost)
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
