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

    What they minimise is the mean loss of the rows, weighted by w_i c_{y_i}: by the rows' weights and the
    classes'. Labels are smoothed to (1 − ε) y + ε m, m being 1/K, or 1/2 for one against the rest; as both
    losses are linear in y, that adds ε (y − m) to the residual.

    Args:
        bank: stepped in place.
        loss: in score space.
        knobs: of each model.
        scale: of the rows that they see.
        pace: of the run.
        class_weight: how much each class counts, (M, K); None where all count alike.
        update: to go on with; begun when None.
    """

    def __init__(
        self, bank: Bank, loss: Loss, knobs: Sequence[Knobs], scale: float, pace: Pace,
        class_weight: Tensor | None = None, update: Update | None = None,
    ) -> None:  # fmt: skip
        self.bank, self.loss, self.knobs, self.scale, self.pace = bank, loss, list(knobs), scale, pace
        self.class_weight = None if class_weight is None else class_weight.to(bank.theta)
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
        G = self.loss.residual(scores, target)  # (M, K, B)
        if self._smoothing is not None:
            G.add_(self._smoothing * (target - self.loss.middle(self.bank.outputs)))
        if self.class_weight is not None:
            of_class = self.class_weight @ target  # (M, B)
            weight = of_class if weight is None else weight * of_class
        sums = torch.full((self.bank.models,), float(X1.shape[0]), dtype=torch.float64)
        if weight is not None:
            G.mul_(weight[:, None])
            sums = weight.sum(1, dtype=torch.float64).cpu().expand(self.bank.models)
        rates = self._rates(epoch, batch)
        self.update.step_(G, X1, self.scale, sums, rates, self.pace.is_last(batch))
        return scores

    def keep(self, models: Tensor) -> Cohort:
        """Some of the models, in order, in memory of their own."""
        update = self.update.keep(models)
        weight = None if self.class_weight is None else self.class_weight[models.to(self.class_weight.device)]
        knobs = [self.knobs[m] for m in models.tolist()]
        return Cohort(update.bank, self.loss, knobs, self.scale, self.pace, weight, update)

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


def class_weights(knobs: Sequence[Knobs], train: Dataset, weights: Sequence[Tensor | None]) -> Tensor | None:
    """How much each class counts for each model, (M, K); None where all count alike.

    Args:
        knobs: of the models.
        train: their rows.
        weights: of the rows for each model, (N,), None where they count alike.

    Raises:
        UsageError: as many weights as classes are needed.
    """
    if all(k.class_weight == "none" for k in knobs):
        return None
    shares = Loss.encode(train.y, train.outputs, torch.float64)  # (K, N)
    rows: list[list[float]] = []
    for one, weight in zip(knobs, weights, strict=True):
        counts = shares.sum(1) if weight is None else shares @ weight.double()
        rows.append(one.weights_of_classes(counts.tolist()) or [1.0] * train.outputs)
    return torch.tensor(rows, dtype=torch.float64)


def _vector(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
