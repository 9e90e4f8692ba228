"""Models that see the same inputs and are stepped together, each by its own settings and row weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank, normal, stack
from linnet.core.losses import Loss
from linnet.core.optimizer_group import vector
from linnet.core.optimizers import Update
from linnet.core.penalties import PenaltyUnits
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.train.schedules import StepSchedule, factor


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
        cls,
        loss: Loss,
        hyperparameters: Sequence[Hyperparameters],
        train: Dataset,
        weights: Sequence[Tensor | None],
    ) -> Weighing | None:
        """The weighing of models by their hyperparameters; None where all rows count alike for all of them.

        Args:
            loss: in score space.
            hyperparameters: of the models.
            train: their rows.
            weights: of the rows for each model, (N,), None where they count alike.

        Raises:
            UsageError: as many weights as classes are needed.
        """
        is_plain = all(one.class_weight == "none" for one in hyperparameters)
        if is_plain and all(weight is None for weight in weights):
            return None
        rows = [1.0 if weight is None else float(weight.double().mean()) for weight in weights]
        mean = vector(rows)
        if is_plain:
            return cls(mean)
        shares = Loss.encode(train.y, train.outputs, torch.float64)  # (K, N)
        counts = torch.stack([shares.sum(1) if w is None else shares @ w.double() for w in weights]).cpu()
        given = [
            one.weights_of_classes(c) or [1.0] * len(c)
            for one, c in zip(hyperparameters, counts.tolist(), strict=True)
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


class ModelGroup:
    """Models that see the same inputs and are stepped together.

    What they minimise is the mean loss of the rows, weighted by the rows' weights and the classes', and
    penalties. Labels are smoothed to (1 − ε) y + ε m, m being 1/K, or 1/2 for one against the rest. How that
    goes with the classes' weights is `Loss.weigh_residual`, how a step divides `Weighing`.

    Args:
        bank: stepped in place.
        loss: in score space.
        hyperparameters: of each model.
        scale: of the rows that they see.
        schedule: of the run's steps.
        weighing: how much rows count; None where all count alike.
        units: of the penalties; None where they are of the weights themselves.
        update: to go on with; begun when None.
    """

    def __init__(
        self, bank: Bank, loss: Loss, hyperparameters: Sequence[Hyperparameters], scale: float,
        schedule: StepSchedule, weighing: Weighing | None = None, units: PenaltyUnits | None = None,
        update: Update | None = None,
    ) -> None:  # fmt: skip
        self.bank, self.loss, self.scale, self.schedule = bank, loss, scale, schedule
        self.weighing = (weighing or Weighing(vector([1.0] * len(hyperparameters)))).to(bank.theta)
        starts = vector([schedule.first_averaged(k) for k in hyperparameters])
        self.update = update or Update(bank, hyperparameters, starts, units)
        self._base = vector([k.lr for k in hyperparameters])
        self._kinds = [(k.schedule, k.warmup, k.accumulate) for k in hyperparameters]
        self._is_moving = any(kind[:2] != ("constant", 0.0) for kind in self._kinds)
        smoothing = vector([k.label_smoothing for k in hyperparameters])
        self._smoothing = smoothing.to(bank.theta).view(-1, 1, 1) if bool(smoothing.any()) else None

    @torch.inference_mode()
    def step_(
        self, X1: Tensor, target: Tensor, weight: Tensor | None, out: Tensor, epoch: int, batch: int
    ) -> None:
        """Take a minibatch.

        Args:
            X1: rows as `InputPipeline.rows` gives them, (B, D + 1).
            target: dense, (K, B).
            weight: of the rows for each model, (M, B) or (1, B); None where all count alike.
            out: filled with the scores from before the step, (M·K, B).
            epoch: which the minibatch is in, from 0.
            batch: its number in the epoch.
        """
        scores = self.bank.scores_into(out, X1, self.scale)  # (M, K, B)
        self._descend_(self.loss.residual(scores, target), X1, target, weight, epoch, batch)

    @torch.inference_mode()
    def measured_step_(
        self, X1: Tensor, target: Tensor, labels: Tensor, weight: Tensor | None, out: Tensor, epoch: int,
        batch: int,
    ) -> Tensor:  # fmt: skip
        """Take a minibatch and tell the rows' losses before it, (M, B); both share the exponentials.

        Args:
            X1: as of `step_`, and so the others.
            target: dense, (K, B).
            labels: what the loss is of, (B,), or dense, (K, B).
            weight: of the rows for each model, (M, B) or (1, B); None where all count alike.
            out: filled with the scores from before the step, (M·K, B).
            epoch: which the minibatch is in, from 0.
            batch: its number in the epoch.
        """
        scores = self.bank.scores_into(out, X1, self.scale)  # (M, K, B)
        values, G = self.loss.value_and_residual(scores, labels)
        self._descend_(G, X1, target, weight, epoch, batch)
        return values

    def _descend_(
        self, G: Tensor, X1: Tensor, target: Tensor, weight: Tensor | None, epoch: int, batch: int
    ) -> None:
        """Step by plain residuals, (M, K, B), which are overwritten."""
        G = self._weigh(G, target, weight)
        expected = X1.shape[0] * self.weighing.mean  # (M,)
        rates = self._rates(epoch, batch)
        self.update.step_(G, X1, self.scale, expected, rates, self.schedule.is_last(batch))

    @torch.inference_mode()
    def add_gradient_(
        self, into: Tensor, X1: Tensor, target: Tensor, labels: Tensor, weight: Tensor | None, out: Tensor
    ) -> Tensor:
        """Write Σ_i w_i r_i x_i over the rows that are here, as `step_by_` takes it; their losses, (M, B).

        Args:
            into: filled, (M·K, D + 1).
            X1: as of `measured_step_`, and so the others.
            target: dense, (K, B).
            labels: what the loss is of, (B,), or dense, (K, B).
            weight: of the rows for each model, (M, B) or (1, B); None where all count alike.
            out: filled with the scores, (M·K, B).
        """
        scores = self.bank.scores_into(out, X1, self.scale)  # (M, K, B)
        values, G = self.loss.value_and_residual(scores, labels)
        G = self._weigh(G, target, weight)
        torch.mm(G.reshape(len(into), -1), X1, out=into).mul_(self.scale)
        return values

    @torch.inference_mode()
    def step_by_(self, gradient: Tensor, rows: int, epoch: int, batch: int) -> None:
        """Take a minibatch by its gradient, a sum over all its rows.

        Args:
            gradient: (M·K, D + 1), which is overwritten.
            rows: of the minibatch.
            epoch: which it is in, from 0.
            batch: its number in the epoch.
        """
        expected, rates = rows * self.weighing.mean, self._rates(epoch, batch)
        self.update.step_by_(gradient, expected, rates, self.schedule.is_last(batch))

    def _weigh(self, G: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
        """Residuals, (M, K, B), as they count."""
        G = self.loss.weigh_residual(G, target, self._smoothing, self.weighing.classes)
        return G if weight is None else G.mul_(weight[:, None])

    def keep(self, models: Tensor) -> ModelGroup:
        """Some of the models, in order, in memory of their own."""
        update, weighing = self.update.keep(models), self.weighing.keep(models)
        return ModelGroup(
            update.bank, self.loss, update.hyperparameters, self.scale, self.schedule, weighing, update=update
        )

    def _rates(self, epoch: int, batch: int) -> Tensor:
        """η of each model at a minibatch, (M,), float64."""
        if not self._is_moving:
            return self._base
        factors: dict[tuple[str, float, int], float] = {}
        for name, warmup, accumulate in set(self._kinds):
            step, total = self.schedule.step(accumulate, epoch, batch), self.schedule.steps(accumulate)
            factors[name, warmup, accumulate] = factor(name, step, total, warmup)
        return self._base * vector([factors[kind] for kind in self._kinds])


def start_bank(
    hyperparameters: Sequence[Hyperparameters], features: int, train: Dataset, dtype: torch.dtype
) -> Bank:
    """Models before the first step, over so many features: each starts as it would alone."""
    banks = [
        normal(train.outputs, features, [generator(k.seed, "init")], k.std, dtype) for k in hyperparameters
    ]
    return stack(banks).to(train.X.device)
