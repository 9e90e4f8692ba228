"""Models that see the same inputs and are stepped together, each by knobs of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.config import Knobs
from linnet.core.bank import Bank, normal, stack
from linnet.core.losses import Loss
from linnet.core.update import Settings, Update
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.train.schedules import factor
from linnet.train.weighing import Weighing


@dataclass(frozen=True)
class Pace:
    """How long a run is.

    Args:
        batches: minibatches an epoch.
        epochs: of the run.
    """

    batches: int
    epochs: int

    def steps(self, accumulate: int) -> int:
        """Steps of the run of a model that takes so many minibatches together; none goes beyond an epoch."""
        return self.epochs * -(-self.batches // accumulate)

    def step(self, accumulate: int, epoch: int, batch: int) -> int:
        """The number, from 0, of the step that a minibatch is for."""
        return epoch * -(-self.batches // accumulate) + batch // accumulate

    def is_last(self, batch: int) -> bool:
        """Whether a minibatch ends its epoch."""
        return batch == self.batches - 1


class Cohort:
    """Models that see the same inputs and are stepped together.

    What they minimise is the mean loss of the rows, weighted by the rows' weights and the classes', and
    penalties. Labels are smoothed to (1 − ε) y + ε m, m being 1/K, or 1/2 for one against the rest. How that
    goes with the classes' weights is `Loss.weighed_residual`, how a step divides `Weighing`.

    Args:
        bank: stepped in place.
        loss: in score space.
        knobs: of each model.
        scale: of the rows that they see.
        pace: of the run.
        weighing: how much rows count; None where all count alike.
        update: to go on with; begun when None.
    """

    def __init__(
        self, bank: Bank, loss: Loss, knobs: Sequence[Knobs], scale: float, pace: Pace,
        weighing: Weighing | None = None, update: Update | None = None,
    ) -> None:  # fmt: skip
        self.bank, self.loss, self.knobs, self.scale, self.pace = bank, loss, list(knobs), scale, pace
        self.weighing = (weighing or Weighing(torch.ones(len(knobs), dtype=torch.float64))).to(bank.theta)
        self.update = update or Update(bank, settings(knobs, pace))
        self._base = _vector([k.lr for k in knobs])
        self._kinds = [(k.schedule, k.warmup, k.accumulate) for k in knobs]
        self._is_moving = any(kind[:2] != ("constant", 0.0) for kind in self._kinds)
        smoothing = _vector([k.label_smoothing for k in knobs])
        self._smoothing = smoothing.to(bank.theta).view(-1, 1, 1) if bool(smoothing.any()) else None

    @torch.inference_mode()
    def step_(
        self, X1: Tensor, target: Tensor, weight: Tensor | None, out: Tensor, epoch: int, batch: int
    ) -> Tensor:
        """Take a minibatch.

        Args:
            X1: rows as `Inputs.rows` gives them, (B, D + 1).
            target: dense, (K, B).
            weight: of the rows for each model, (M, B) or (1, B); None where all count alike.
            out: filled with the scores from before the step, (M·K, B).
            epoch: which the minibatch is in, from 0.
            batch: its number in the epoch.

        Returns:
            The scores, a view of `out`, (M, K, B).
        """
        scores = self.bank.scores_into(out, X1, self.scale)  # (M, K, B)
        G = self.loss.weighed_residual(scores, target, self._smoothing, self.weighing.classes)  # (M, K, B)
        if weight is not None:
            G.mul_(weight[:, None])
        expected = X1.shape[0] * self.weighing.mean  # (M,)
        rates = self._rates(epoch, batch)
        self.update.step_(G, X1, self.scale, expected, rates, self.pace.is_last(batch))
        return scores

    def keep(self, models: Tensor) -> Cohort:
        """Some of the models, in order, in memory of their own."""
        update = self.update.keep(models)
        knobs = [self.knobs[m] for m in models.tolist()]
        weighing = self.weighing.keep(models)
        return Cohort(update.bank, self.loss, knobs, self.scale, self.pace, weighing, update)

    def _rates(self, epoch: int, batch: int) -> Tensor:
        """η of each model at a minibatch, (M,), float64."""
        if not self._is_moving:
            return self._base
        factors = {kind: self._factor(kind, epoch, batch) for kind in set(self._kinds)}
        return self._base * _vector([factors[kind] for kind in self._kinds])

    def _factor(self, kind: tuple[str, float, int], epoch: int, batch: int) -> float:
        schedule, warmup, accumulate = kind
        step, total = self.pace.step(accumulate, epoch, batch), self.pace.steps(accumulate)
        return factor(schedule, step, total, warmup)


def started(knobs: Sequence[Knobs], features: int, train: Dataset, dtype: torch.dtype) -> Bank:
    """Models before the first step, over so many features: each starts as it would alone."""
    banks = [normal(1, train.outputs, features, [generator(k.seed, "init")], k.std, dtype) for k in knobs]
    return stack(banks).to(train.X.device)


def settings(knobs: Sequence[Knobs], pace: Pace) -> Settings:
    """The knobs of several models as vectors."""
    starts = [int((1 - k.average) * pace.steps(k.accumulate)) if k.average else torch.inf for k in knobs]
    return Settings(
        tuple(k.optimizer for k in knobs),
        tuple(k.accumulate for k in knobs),
        _vector([k.momentum for k in knobs]),
        _vector([k.l2 for k in knobs]),
        _vector([k.l1 for k in knobs]),
        _vector([k.weight_decay for k in knobs]),
        _vector([torch.inf if k.clip is None else k.clip for k in knobs]),
        _vector(starts),
    )


def _vector(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
