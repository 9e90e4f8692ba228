"""Many models in one pass over the data: each minibatch is read and converted once, for all of them.

A bank holds the models; one product scores all of them and a step is a few operations for each kind of
optimizer. Folds and row weights enter as a factor on the residual, so models of all folds share the
minibatches. Models that see the inputs in another way (augmented, pooled, standardised, with dropout) are
banks of their own, and what each kind sees is made once a minibatch. A model whose numbers stop being finite,
that has stopped getting better, or that has lost at a rung is taken out of its bank, and the others go
faster.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.bank import stack
from linnet.core.losses import Loss
from linnet.core.update import in_order
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.device import limited_threads, pick_threads
from linnet.errors import UsageError
from linnet.model.history import History, Record
from linnet.train.callbacks import Callback, State, reporting_failure
from linnet.train.cohort import Pace
from linnet.train.inputs import Inputs, Look
from linnet.train.interrupt import INTERRUPTED, interruptible
from linnet.train.plan import Outcome, Plan, Rows, blank
from linnet.train.successive_halving import SuccessiveHalving
from linnet.train.tile import COMPLETED, Tile
from linnet.train.trials import Trial, View


@dataclass(frozen=True, eq=False)
class _Group:
    """Tiles that see the same, and where their models are among the trials."""

    inputs: Inputs
    tiles: list[tuple[Tile, list[int]]]


class Sweep:
    """Models under way together.

    Args: as `train_together`.
    """

    def __init__(
        self, train: Dataset, trials: Sequence[Trial], views: Sequence[View], loss: Loss, plan: Plan,
        dtype: torch.dtype,
    ) -> None:  # fmt: skip
        if not trials:
            raise UsageError("a sweep needs at least one model")
        self.trials, self.loss, self.plan = list(trials), loss, plan
        rows = Rows.of(train, views, dtype)
        self.batches = Batches(rows.train, plan.batch_size, seed=plan.seed)
        self.pace = Pace(len(self.batches), plan.epochs)
        self.epoch, self.batch, self.reason = 0, 0, ""
        self.curves = blank(train, plan.epochs, len(trials))
        self.halving = SuccessiveHalving(trials, plan)
        self._groups = self._grouped(rows, dtype)

    @property
    def tiles(self) -> list[tuple[Tile, list[int]]]:
        """All tiles, with the numbers of their trials."""
        return [pair for group in self._groups for pair in group.tiles]

    @property
    def is_over(self) -> bool:
        """Whether every model is through."""
        return self.epoch == self.plan.epochs or not any(len(tile.active) for tile, _ in self.tiles)

    @property
    def history(self) -> History:
        """The figures, epoch by epoch, of the model that was best in it; only the epoch where all are out."""
        return History([self._record(epoch) for epoch in range(self.epoch)])

    def run(self, callback: Callback | None = None) -> None:
        """Train to the end, or until a callback stops it.

        Args:
            callback: called as the sweep goes on; its state is the sweep's.
        """
        following, state = callback or Callback(), self._state()
        width = max(len(some) for _, some in self.tiles) * self.batches.dataset.outputs
        entries = self.plan.batch_size * self.batches.dataset.features
        threads = pick_threads(self.plan.threads, width, entries)
        with limited_threads(threads), interruptible(state), reporting_failure(following, state):
            following.start(state)
            while not (self.is_over or state.reason) and self._epoch(state, following):
                state.figures = self._close()
                state.history.records.append(self._record(self.epoch - 1))
                state.model = self.outcome().bank
                following.epoch_end(state)
            self.reason = state.reason
            following.end(state)

    def outcome(self) -> Outcome:
        """What the models have come to so far."""
        status = [COMPLETED] * len(self.trials)
        said = INTERRUPTED if self.reason in ("", INTERRUPTED) else f"stopped: {self.reason}"
        for tile, some in self.tiles:
            for place, m in enumerate(some):
                is_under_way = not self.is_over and place in tile.active.tolist()
                status[m] = said if is_under_way else tile.status[place]
        order = torch.tensor([m for _, some in self.tiles for m in some])
        bank = stack([tile.finished for tile, _ in self.tiles]).take(order.argsort()).contiguous()
        return Outcome(bank, status, self.curves, self.plan.patience is not None)

    def _state(self) -> State:
        """The state that callbacks read."""
        return State(
            self.batches.dataset, self.plan.epochs, self.pace.batches, self.outcome().bank, self.epoch,
            self.batch, self.history, asked=dataclasses.asdict(self.plan),
            latest=lambda: self.outcome().bank, trials=self.trials, outcome=self.outcome,
        )  # fmt: skip

    def _record(self, epoch: int) -> Record:
        """The figures of the model that was best in an epoch, from 0; without any where all were out."""
        sign = -1 if self.plan.metric.endswith("accuracy") else 1
        cost = (sign * self.curves[self.plan.metric][epoch]).nan_to_num(torch.inf)
        best = int(cost.argmin())
        if cost[best].isinf():
            return {"epoch": epoch + 1}
        figures = {name: float(values[epoch, best]) for name, values in self.curves.items()}
        return {"epoch": epoch + 1, **figures}

    def _epoch(self, state: State, callback: Callback) -> bool:
        """Train to the end of the epoch under way; whether it was reached."""
        state.epoch = self.epoch + 1
        for block in self.batches.blocks(self.epoch, self.batch):
            tiles = [tile for tile, _ in self.tiles if len(tile.active)]
            target = self.loss.encode(block.y, tiles[0].rows.train.outputs, tiles[0].theta.dtype)  # (K, n)
            labels = target if block.y.is_floating_point() else block.y
            for tile in tiles:
                tile.enter(block)
            for X, here in _cut(block):
                self._step(X, target[:, here], labels[..., here], here)
                state.batch = self.batch
                if state.reason:
                    return self.batch == self.pace.batches
            callback.block_end(state)
        return True

    @torch.inference_mode()
    def _step(self, X: Tensor, target: Tensor, labels: Tensor, here: slice) -> None:
        """Take a minibatch, (B, D), with every model that is in."""
        for group in self._groups:
            live = [tile for tile, _ in group.tiles if len(tile.active)]
            if not live:
                continue
            X1 = group.inputs.rows(X, live[0].theta, self.epoch, self.batch)
            for tile in live:
                tile.take_(X1, target, labels, here, self.epoch, self.batch)
        self.batch += 1

    def _close(self) -> dict[str, Tensor]:
        """End the epoch: judge, keep, drop."""
        for tile, some in self.tiles:
            for name, values in (tile.close(self.epoch) if len(tile.active) else {}).items():
                self.curves[name][self.epoch, some] = values
        lost = [some[m] for tile, some in self.tiles for m in tile.diverged]
        diverged = torch.zeros(len(self.trials), dtype=torch.bool)
        diverged[lost] = True
        self.halving.note(self.curves[self.plan.metric][self.epoch], diverged)
        if self.epoch + 1 in self.plan.rungs:
            losers = self.halving.losers()
            for tile, _ in self.tiles:
                tile.drop(losers, self.epoch)
        self.epoch, self.batch = self.epoch + 1, 0
        return {name: values[self.epoch - 1] for name, values in self.curves.items()}

    def _grouped(self, rows: Rows, dtype: torch.dtype) -> list[_Group]:
        """The models by what they see, then in tiles of models of which those of one rule stand together."""
        looks: dict[Look, list[int]] = {}
        for m, trial in enumerate(self.trials):
            looks.setdefault(Look.of(trial.knobs, trial.view), []).append(m)
        across = max(1, self.plan.width // rows.train.outputs)
        groups = []
        for look, members in looks.items():
            inputs = Inputs(rows.train, look, self.plan.seed, rows.weights_of(look.view or 0))
            kinds = [(self.trials[m].knobs.optimizer, self.trials[m].knobs.accumulate) for m in members]
            order = [members[place] for place in in_order(kinds)]
            cuts = [order[low : low + across] for low in range(0, len(order), across)]
            tiles = [(self._tile(rows, some, inputs, dtype), some) for some in cuts]
            groups.append(_Group(inputs, tiles))
        return groups

    def _tile(self, rows: Rows, some: list[int], inputs: Inputs, dtype: torch.dtype) -> Tile:
        trials = [self.trials[m] for m in some]
        return Tile(rows, trials, inputs, self.loss, self.plan, self.pace, dtype)


def train_together(
    train: Dataset,
    trials: Sequence[Trial],
    views: Sequence[View],
    loss: Loss,
    plan: Plan,
    dtype: torch.dtype,
    callback: Callback | None = None,
) -> Outcome:
    """Train the models of a sweep, sharing every minibatch.

    Args:
        train: the rows, on the device to compute on.
        trials: one model each.
        views: which rows count, by the trials' `view`.
        loss: in score space.
        plan: what they share.
        dtype: of the parameters.
        callback: called as the sweep goes on.

    Raises:
        UsageError: there is no model, or a knob is for images and the rows are none.
    """
    sweep = Sweep(train, trials, views, loss, plan, dtype)
    sweep.run(callback)
    return sweep.outcome()


def _cut(block: Block) -> list[tuple[Tensor, slice]]:
    """The minibatches of a block and their places in it."""
    low, cuts = 0, []
    for X in block.X.split(block.sizes):
        cuts.append((X, slice(low, low + len(X))))
        low += len(X)
    return cuts
