"""Many models in one pass over the data: each minibatch is read and converted once, for all of them.

A bank holds the models; one product scores all of them and a step is a few operations for each kind of
optimizer. Folds and row weights enter as a factor on the residual, so models of all folds share the
minibatches. A model whose numbers stop being finite, that has stopped getting better, or that has lost at a
rung is taken out of the bank, and the others go faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from linnet.config import OPTIMIZERS, Knobs
from linnet.core.bank import Bank, normal, stack
from linnet.core.losses import Loss
from linnet.core.update import Update
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.device import generator, limited_threads, pick_threads
from linnet.errors import UsageError
from linnet.train.learner import BankLearner, settings
from linnet.train.schedules import factor
from linnet.train.trials import Trial, View

WIDTH = 2048
"""Scores a row (M·K) that a bank has at most; more models are trained tile by tile."""

COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all models of a sweep share.

    Args:
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        seed: of the order of the rows.
        patience: epochs without a better validation loss after which a model is stopped, and its best
            weights kept; None never stops.
        rungs: epochs after which the worse half of the settings is dropped (successive halving).
        metric: by which halving judges: "validation_loss" or "validation_accuracy".
        width: scores a row that one bank has at most.
        threads: "auto" or a number.
    """

    epochs: int
    batch_size: int
    seed: int = 1
    patience: int | None = None
    rungs: tuple[int, ...] = ()
    metric: str = "validation_loss"
    width: int = WIDTH
    threads: int | str = "auto"


@dataclass(eq=False)
class Outcome:
    """What a sweep's M models came to.

    Args:
        bank: their parameters in the order of the trials, NaN for a diverged one; the best weights of
            a model with patience.
        status: of each: "completed", "diverged in epoch 3", "stopped in epoch 7" or "dropped after epoch 2".
        curves: name to figures, (epochs, M), float64; NaN after a model's end. The names are train_loss,
            validation_loss and, for classes, validation_accuracy.
        keeps_best: whether the weights are each model's best and not its last.
    """

    bank: Bank
    status: list[str]
    curves: dict[str, Tensor] = field(default_factory=dict)
    keeps_best: bool = False


Progress = Callable[[int, dict[str, Tensor]], None]
"""Called after each epoch with its number, from 1, and the latest figures of all models, each (M,)."""


def train_together(
    train: Dataset,
    trials: Sequence[Trial],
    views: Sequence[View],
    loss: Loss,
    plan: Plan,
    dtype: torch.dtype,
    progress: Progress = lambda epoch, figures: None,
) -> Outcome:
    """Train the models of a sweep, sharing every minibatch.

    Args:
        train: the rows, on the device to compute on.
        trials: one model each.
        views: which rows count, by the trials' `view`.
        loss: in score space.
        plan: what they share.
        dtype: of the parameters.
        progress: called after each epoch of each tile.

    Raises:
        UsageError: there is no model.
    """
    if not trials:
        raise UsageError("a sweep needs at least one model")
    # Models of one optimizer stand together in the bank; the outcome is in the order of the trials.
    order = sorted(range(len(trials)), key=lambda m: OPTIMIZERS.index(trials[m].knobs.optimizer))
    across = max(1, plan.width // train.outputs)
    members = [order[low : low + across] for low in range(0, len(order), across)]
    curves = _blank(train, plan.epochs, len(trials))
    race = _Race(trials, plan)
    rows = _Rows.of(train, views, dtype)
    with limited_threads(pick_threads(plan.threads, min(across, len(trials)) * train.outputs)):
        tiles = [_Tile(rows, [trials[m] for m in some], loss, plan, dtype) for some in members]
        for epoch in range(plan.epochs):
            for tile, some in zip(tiles, members, strict=True):
                for name, values in (tile.epoch(epoch) if len(tile.active) else {}).items():
                    curves[name][epoch, some] = values
            race.note(curves[plan.metric][epoch])
            if epoch + 1 in plan.rungs:
                losers = race.losers()
                for tile in tiles:
                    tile.drop(losers, epoch)
            progress(epoch + 1, {name: values[epoch] for name, values in curves.items()})
            if not any(len(tile.active) for tile in tiles):
                break
    status = [COMPLETED] * len(trials)
    for tile, some in zip(tiles, members, strict=True):
        for m, said in zip(some, tile.status, strict=True):
            status[m] = said
    bank = stack([tile.finished for tile in tiles]).take(torch.tensor(order).argsort())
    return Outcome(bank, status, curves, plan.patience is not None)


class _Race:
    """How the settings of a sweep stand against each other, over all tiles.

    A setting's cost is the mean over its folds of what its models cost now, or at their end; a fold that
    diverged makes it infinite.
    """

    def __init__(self, trials: Sequence[Trial], plan: Plan) -> None:
        self.plan = plan
        self.settings = torch.tensor([trial.setting for trial in trials])
        self.cost = torch.full((len(trials),), torch.inf, dtype=torch.float64)
        self.out: set[int] = set()

    def note(self, figures: Tensor) -> None:
        """Take an epoch's figures of all models, (M,), NaN for those that are out."""
        sign = -1 if self.plan.metric.endswith("accuracy") else 1
        now = torch.where(figures.isfinite(), sign * figures, self.cost)
        # With patience a model is as good as its best weights.
        self.cost = now if self.plan.patience is None else torch.minimum(now, self.cost)

    def losers(self) -> set[int]:
        """The worse half of the settings that have not lost yet."""
        left = [n for n in self.settings.unique().tolist() if n not in self.out]
        means = {n: float(self.cost[self.settings == n].mean()) for n in left}
        lost = set(sorted(left, key=means.__getitem__)[-(-len(left) // 2) :])
        self.out |= lost
        return lost


@dataclass(frozen=True, eq=False)
class _Rows:
    """What models are trained on and judged by.

    Args:
        train: rows that minibatches are made of.
        weights: of these rows in each view, (V, N); None where all count alike.
        validation: the rows that each view is judged by.
    """

    train: Dataset
    weights: Tensor | None
    validation: list[Dataset]

    @classmethod
    def of(cls, train: Dataset, views: Sequence[View], dtype: torch.dtype) -> _Rows:
        """The rows of some views. A single view's rows of no weight are left out, so minibatches are full."""
        device = train.X.device
        validation = [train.rows(view.validation.to(device)) for view in views]
        given = [view.weights for view in views if view.weights is not None]
        if not given:
            return cls(train, None, validation)
        ones = torch.ones_like(given[0])
        weights = torch.stack([ones if view.weights is None else view.weights for view in views])
        if len(views) == 1 and bool(((weights == 0) | (weights == 1)).all()):
            return cls(train.rows(weights[0].nonzero()[:, 0].to(device)), None, validation)
        return cls(train, weights.to(device, dtype), validation)


class _Tile:
    """Models that are trained in one bank.

    Args: as `train_together`, and the rows.
    """

    def __init__(
        self, rows: _Rows, trials: Sequence[Trial], loss: Loss, plan: Plan, dtype: torch.dtype
    ) -> None:
        train = rows.train
        self.train, self.trials, self.loss, self.plan = train, list(trials), loss, plan
        self.batches = Batches(train, plan.batch_size, seed=plan.seed)
        self.validation, self.weights = rows.validation, rows.weights
        knobs = [trial.knobs for trial in trials]
        self.update = Update(_start(knobs, train, dtype), settings(knobs))
        self.active = torch.arange(len(trials))
        self.status = [COMPLETED] * len(trials)
        self.finished = Bank(torch.full_like(self.update.bank.theta, torch.nan), len(trials))
        self.best = torch.full((len(trials),), torch.inf, dtype=torch.float64)
        self.waited = torch.zeros(len(trials), dtype=torch.int64)
        self._settle()

    def epoch(self, epoch: int) -> dict[str, Tensor]:
        """Train and judge; the figures of each model, (M,), NaN for those that are out."""
        figures = _blank(self.train, 1, len(self.trials))
        found = {"train_loss": self._trained(epoch), **self._judged()}
        for name, values in found.items():
            figures[name][0, self.active] = values
        self._keep_or_drop(epoch, found["validation_loss"], found["train_loss"])
        return {name: values[0] for name, values in figures.items()}

    def _trained(self, epoch: int) -> Tensor:
        """The mean loss of each model over its rows, taken before each step, (M,)."""
        total = torch.zeros(2, len(self.active), dtype=torch.float64)  # losses, weights
        for block in self.batches.blocks(epoch):
            total = total + self._block(block).cpu()
        return total[0] / total[1]

    @torch.inference_mode()
    def _block(self, block: Block) -> Tensor:
        """Step through a block's minibatches; sums of the losses before each step and of weights, (2, M)."""
        update, bank, scale = self.update, self.update.bank, self.train.scale
        target = self.loss.encode(block.y, bank.outputs, bank.theta.dtype)  # (K, n)
        labels = block.y if self.train.is_classification else target
        weight = self._weight(block.rows)  # (M, n), or None
        total = torch.zeros(2, bank.models, dtype=torch.float64, device=bank.theta.device)
        low = 0
        for X in block.X.split(block.sizes):
            here = slice(low, low + len(X))
            low = here.stop
            X1 = self._learner.with_ones(X)
            scores = bank.scores_into(self._learner.room(len(X)), X1, scale)  # (M, K, B), in cache
            values = self.loss.value(scores, labels[..., here])  # (M, B)
            G = self.loss.residual(scores, target[:, here])  # (M, K, B)
            if weight is None:
                total[0] += values.sum(1, dtype=torch.float64)
                sums = torch.full((bank.models,), float(len(X)), dtype=torch.float64)
            else:
                part = weight[:, here]
                G.mul_(part[:, None])
                total[0] += torch.where(part > 0, values * part, 0).sum(1, dtype=torch.float64)
                sums = part.sum(1, dtype=torch.float64).cpu()
            total[1] += sums.to(total.device)
            update.step_(G, X1, scale, sums, self._rates())
        return total

    def _weight(self, rows: Tensor | slice) -> Tensor | None:
        """The weights of a block's rows for each model, (M, n)."""
        if self.weights is None:
            return None
        views = torch.tensor([self.trials[m].view for m in self.active.tolist()])
        return self.weights[:, rows][views.to(self.weights.device)]

    def _rates(self) -> Tensor:
        """η of each model at this step, (M,), float64."""
        if not self._moving:
            return self._base
        total = len(self.batches) * self.plan.epochs
        factors = {kind: factor(kind[0], self.update.steps, total, kind[1]) for kind in set(self._kinds)}
        return self._base * torch.tensor([factors[kind] for kind in self._kinds], dtype=torch.float64)

    def _judged(self) -> dict[str, Tensor]:
        """The validation figures of the models that are in, each on its own view's rows."""
        bank = self.update.bank
        loss = torch.full((bank.models,), torch.nan, dtype=torch.float64)
        accuracy = loss.clone()
        views = torch.tensor([self.trials[m].view for m in self.active.tolist()])
        for view in views.unique().tolist():
            members = (views == view).nonzero()[:, 0]
            part = bank.take(members) if len(members) < bank.models else bank
            learner = BankLearner(part, self.loss, torch.ones(part.models), self.train.scale)
            measured = learner.measure(self.validation[view])
            loss[members], accuracy[members] = measured.mean_loss.cpu(), measured.accuracy.cpu()
        named = {"validation_loss": loss, "validation_accuracy": accuracy}
        return named if self.train.is_classification else {"validation_loss": loss}

    def _keep_or_drop(self, epoch: int, judged: Tensor, trained: Tensor) -> None:
        """Keep what is best of each model, and take out those that are through."""
        finite = judged.isfinite() & trained.isfinite()
        finite &= self.update.bank.theta.view(self.update.bank.models, -1).isfinite().all(1).cpu()
        better = finite & (judged < self.best[self.active])
        self.best[self.active[better]] = judged[better]
        self.waited[self.active] += 1
        self.waited[self.active[better]] = 0
        # Without patience the last weights count, with it the best.
        self._put(finite if self.plan.patience is None else better)
        stays = finite.clone()
        for m in self.active[~finite].tolist():
            self.status[m] = f"diverged in epoch {epoch + 1}"
            self._erase(m)
        if self.plan.patience is not None:
            late = finite & (self.waited[self.active] >= self.plan.patience)
            self._out(late, f"stopped in epoch {epoch + 1}", stays)
        self._narrow(stays)

    def drop(self, settings: set[int], epoch: int) -> None:
        """Take the models of some settings out, that have lost at a rung."""
        lost = torch.tensor(
            [self.trials[m].setting in settings for m in self.active.tolist()], dtype=torch.bool
        )
        stays = torch.ones_like(lost)
        self._out(lost, f"dropped after epoch {epoch + 1}", stays)
        self._narrow(stays)

    def _narrow(self, stays: Tensor) -> None:
        """Go on with some of the models that are in."""
        if bool(stays.all()):
            return
        self.active = self.active[stays]
        if len(self.active):  # the others go faster
            self.update = self.update.keep(stays.nonzero()[:, 0])
            self._settle()

    def _out(self, which: Tensor, said: str, stays: Tensor) -> None:
        for m in self.active[which].tolist():
            self.status[m] = said
        stays &= ~which

    def _put(self, which: Tensor) -> None:
        """Copy some models' parameters to where the finished ones are."""
        into = self.finished.rows_of(self.active[which])
        out = self.update.bank.rows_of(which.nonzero()[:, 0])
        self.finished.theta[into] = self.update.bank.theta[out]

    def _erase(self, model: int) -> None:
        self.finished.pick(model).theta.fill_(torch.nan)

    def _settle(self) -> None:
        """What follows from which models are in."""
        knobs = [self.trials[m].knobs for m in self.active.tolist()]
        self._base = torch.tensor([k.lr for k in knobs], dtype=torch.float64)
        self._kinds = [(k.schedule, k.warmup) for k in knobs]
        self._moving = set(self._kinds) != {("constant", 0.0)}
        bank = self.update.bank
        self._learner = BankLearner(bank, self.loss, torch.ones(bank.models), self.train.scale)


def _start(knobs: Sequence[Knobs], train: Dataset, dtype: torch.dtype) -> Bank:
    """The models before the first step: each starts as it would alone."""
    banks = [
        normal(1, train.outputs, train.features, [generator(k.seed, "init")], k.std, dtype) for k in knobs
    ]
    return stack(banks).to(train.X.device)


def _blank(train: Dataset, epochs: int, models: int) -> dict[str, Tensor]:
    names = ["train_loss", "validation_loss", *(["validation_accuracy"] if train.is_classification else [])]
    return {name: torch.full((epochs, models), torch.nan, dtype=torch.float64) for name in names}
