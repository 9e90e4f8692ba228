"""`Update`: the steps of a bank whose models have several optimizer rules, see `core.optimizer_group`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.core.optimizer_group import STATES, OptimizerGroup
from linnet.core.penalties import PenaltyUnits
from linnet.core.rules import split_by_rule


class Update:
    """The state of a bank's steps: momenta, gradients that wait, means, and how many steps were made.

    Args:
        bank: stepped in place.
        hyperparameters: of its models, those of one rule standing together.
        averages_from: the step after which the weights of each are averaged, (M,); infinite for never.
        units: of the penalties; None where they are of W itself.
    """

    def __init__(
        self, bank: Bank, hyperparameters: Sequence[Hyperparameters], averages_from: Tensor,
        units: PenaltyUnits | None = None,
    ) -> None:  # fmt: skip
        self.bank, self.hyperparameters, self.averages_from = bank, list(hyperparameters), averages_from
        self.units = units
        self._groups = [
            OptimizerGroup(bank, self.hyperparameters[models], averages_from[models], models, units)
            for models in split_by_rule(hyperparameters)
        ]

    def step_(
        self, G: Tensor, X1: Tensor, scale: float, weight: Tensor, rate: Tensor, is_last: bool = False
    ) -> None:
        """Take a minibatch, and step every model that has all it takes together.

        Args:
            G: the residuals, already times the rows' weights, (M, K, B); overwritten.
            X1: floating rows with a last column of 1/scale, (B, D + 1).
            scale: multiplies X1.
            weight: the expected Σw of each model's rows in a minibatch of this size, (M,), float64 on the
                CPU; 0 is no gradient.
            rate: η of each model at this step, (M,), likewise.
            is_last: whether the minibatch ends an epoch: nothing waits beyond it.
        """
        for group in self._groups:
            some = group.models
            group.take_(G[some], X1, scale, weight[some], rate[some], is_last)

    def step_by_(self, gradient: Tensor, weight: Tensor, rate: Tensor, is_last: bool = False) -> None:
        """`step_` by a gradient that is a sum over the minibatch's rows, Σ_i w_i r_i x_i, (M·K, D + 1)."""
        for group in self._groups:
            some = group.models
            group.take_sum_(gradient[group.rows], weight[some], rate[some], is_last)

    @property
    def answer(self) -> Bank:
        """The models as they are to be used: averaged where that was asked for, else the bank itself."""
        if all(group.mean is None for group in self._groups):
            return self.bank
        return Bank(
            torch.cat([group.theta if group.mean is None else group.mean for group in self._groups]),
            self.bank.models,
        )

    @property
    def state(self) -> dict[str, Tensor]:
        """What there is to keep of it besides the bank, by name: (M·K, D + 1), or (M,) for the counts."""
        kept = {name: self._whole(name) for name in STATES if any(g.has(name) for g in self._groups)}
        counts = torch.zeros(3, self.bank.models, dtype=torch.float64)
        for group in self._groups:
            counts[0, group.models], counts[1, group.models] = group.steps, group.pending
            counts[2, group.models] = group.weight
        return {**kept, "counts": counts}

    def restore_(self, state: dict[str, Tensor]) -> None:
        """Go on from a state, as `state` gave it."""
        for group in self._groups:
            for name in STATES:
                if group.has(name):
                    getattr(group, name).copy_(state[name][group.rows])
            steps, pending, weight = state["counts"][:, group.models]
            group.steps, group.pending = int(steps[0]), int(pending[0])
            group.weight.copy_(weight)

    def keep(self, models: Tensor) -> Update:
        """The update of some of the models, in order, in memory of its own."""
        own = [self.hyperparameters[m] for m in models.tolist()]
        kept = Update(self.bank.take(models), own, self.averages_from[models], self.units)
        rows, state = self.bank.rows_of(models), self.state
        counts = state.pop("counts")[:, models]
        kept.restore_({**{name: whole[rows] for name, whole in state.items()}, "counts": counts})
        return kept

    def _whole(self, name: str) -> Tensor:
        """A state of all rows, zeros where a group keeps none."""
        whole = torch.zeros_like(self.bank.theta)
        for group in self._groups:
            if group.has(name):
                whole[group.rows] = getattr(group, name)
        return whole
