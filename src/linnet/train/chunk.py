"""`ModelChunk`: models of a sweep that see the same inputs and are trained in one bank."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.data.batches import Block
from linnet.dist.processes import ALONE, Processes
from linnet.train.inputs import InputPipeline
from linnet.train.model_group import ModelGroup, Weighing, start_bank
from linnet.train.plan import FoldedRows, Trial
from linnet.train.schedules import StepSchedule
from linnet.train.scorer import Scorer

UPDATE = "update."


class ModelChunk:
    """Models of one bank, of which those that are finished are taken out.

    Args:
        rows: what they are trained on and judged by.
        trials: all models of the sweep.
        places: which of them these are.
        inputs: what they see.
        schedule: of the run's steps.
        dtype: of the parameters.
    """

    def __init__(
        self, rows: FoldedRows, trials: Sequence[Trial], places: Sequence[int], inputs: InputPipeline,
        schedule: StepSchedule, dtype: torch.dtype,
    ) -> None:  # fmt: skip
        self.rows, self.inputs, self.loss, self.places = rows, inputs, inputs.loss, torch.tensor(places)
        own = [trials[m] for m in places]
        hyperparameters = [trial.hyperparameters for trial in own]
        bank = start_bank(hyperparameters, inputs.features, rows.train, dtype)
        weighing = Weighing.of(
            inputs.loss, hyperparameters, rows.train, [rows.weights_of(trial.fold) for trial in own]
        )
        self.group = ModelGroup(
            bank, inputs.loss, hyperparameters, inputs.scale, schedule, weighing, inputs.units
        )
        self.folds = torch.tensor([trial.fold for trial in own])
        self.active = torch.arange(len(own))
        self.totals = self._no_totals()
        self._scores = bank.theta.new_empty(0)
        self._weight: Tensor | None = None

    @property
    def theta(self) -> Tensor:
        """The parameters of the models that are in, as they are trained."""
        return self.group.bank.theta

    @property
    def live(self) -> Tensor:
        """Which models of the sweep are still in, (m,)."""
        return self.places[self.active]

    @property
    def is_finite(self) -> Tensor:
        """Which models that are in have no parameter that is NaN or infinite, (m,), bool."""
        return self.theta.view(len(self.active), -1).isfinite().all(1).cpu()

    def enter(self, block: Block) -> None:
        """Look up how much a block's rows count for each model, (m, n)."""
        if self.rows.weights is not None:
            self._weight = self.rows.weights[:, block.rows][self.folds[self.active].to(self.theta.device)]

    def take_(self, X1: Tensor, target: Tensor, labels: Tensor, here: slice, epoch: int, batch: int) -> None:
        """Take a minibatch of the block.

        Args:
            X1: as the inputs give it, (B, D + 1).
            target: dense, (K, B).
            labels: what the loss is of, (B,) or dense.
            here: its place in the block.
            epoch: which it is in, from 0.
            batch: its number in the epoch.
        """
        weight = None if self._weight is None else self._weight[:, here]
        if self._scores.shape != (len(self.theta), X1.shape[0]):  # a buffer that stays in the cache
            self._scores = self.theta.new_empty(len(self.theta), X1.shape[0])
        values = self.group.measured_step_(X1, target, labels, weight, self._scores, epoch, batch)  # (m, B)
        self._add_(self.totals, values, weight)

    def add_gradient_(self, into: Tensor, X1: Tensor, target: Tensor, labels: Tensor, here: slice) -> Tensor:
        """Write the gradient of a minibatch's rows that are here into a buffer, (m·K, D + 1): see `take_`.

        Returns:
            What `totals` gets for these rows, (2, m).
        """
        weight = None if self._weight is None else self._weight[:, here]
        scores = self.theta.new_empty(len(self.theta), X1.shape[0])
        values, totals = self.group.add_gradient_(into, X1, target, labels, weight, scores), self._no_totals()
        self._add_(totals, values, weight)
        return totals

    def step_by_(self, gradient: Tensor, rows: int, epoch: int, batch: int) -> None:
        """Take a minibatch by the gradient of all its rows: see `ModelGroup.step_by_`."""
        self.group.step_by_(gradient, rows, epoch, batch)

    def _add_(self, totals: Tensor, values: Tensor, weight: Tensor | None) -> None:
        """Add the models' losses of some rows, (m, B), and the rows' weights to totals."""
        if self.inputs.columns is not None:
            values = values.double() * self.inputs.columns.targets.worth
        if weight is None:
            totals[0] += values.sum(1, dtype=torch.float64)
            totals[1] += values.shape[1]
        else:
            totals[0] += torch.where(weight > 0, values * weight, 0).sum(1, dtype=torch.float64)
            totals[1] += weight.sum(1, dtype=torch.float64)

    @property
    def model(self) -> Bank:
        """The models that are in as models of stored rows."""
        return self.inputs.absorb(self.group.update.answer)

    def measure(self, processes: Processes = ALONE) -> dict[str, Tensor]:
        """The figures of each of the models that are in, in the epoch, (m,).

        Args:
            processes: that share the rows that they are judged by.
        """
        answer = self.group.update.answer
        return {"train_loss": (self.totals[0] / self.totals[1]).cpu(), **self._judge(answer, processes)}

    def keep_(self, stays: Tensor) -> None:
        """Begin an epoch with some of the models that are in, (m,), bool: the fewer, the faster it is."""
        self.active = self.active[stays]
        if len(self.active) and not bool(stays.all()):
            self.group = self.group.keep(stays.nonzero()[:, 0])
        self.totals = self._no_totals()

    @property
    def state(self) -> dict[str, Tensor]:
        """What there is to keep of it, by name."""
        update = {UPDATE + name: tensor for name, tensor in self.group.update.state.items()}
        return {"active": self.active, "theta": self.theta, "totals": self.totals, **update}

    def restore_(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        self.keep_(torch.isin(self.active, state["active"]))
        if len(self.active):
            self.theta.copy_(state["theta"])
            update = {name.removeprefix(UPDATE): t for name, t in state.items() if name.startswith(UPDATE)}
            self.group.update.restore_(update)
        self.totals = state["totals"].to(self.theta.device)

    def _judge(self, bank: Bank, processes: Processes) -> dict[str, Tensor]:
        """The validation figures of the models that are in, as trained, each on its own fold's rows."""
        loss = torch.full((bank.models,), torch.nan, dtype=torch.float64)
        accuracy, folds, train = loss.clone(), self.folds[self.active], self.rows.train
        for fold in folds.unique().tolist():
            members = (folds == fold).nonzero()[:, 0]
            part = bank.take(members) if len(members) < bank.models else bank
            measured = Scorer.of(part, self.inputs, self.loss).measure(self.rows.validation[fold], processes)
            loss[members], accuracy[members] = measured.mean_loss.cpu(), measured.accuracy.cpu()
        figures = {"validation_loss": loss, "validation_accuracy": accuracy}
        return figures if train.is_classification else {"validation_loss": loss}

    def _no_totals(self) -> Tensor:
        """Sums over an epoch of the models' losses before each step, and of their rows' weights: (2, m)."""
        return torch.zeros(2, len(self.active), dtype=torch.float64, device=self.theta.device)
