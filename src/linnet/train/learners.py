"""Learners of one model: a bank by the fused step, or by any hyperparameters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.metrics import Tally, empty
from linnet.core.step import Step, fused_sgd_, summed_gradient
from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.dist.processes import ALONE, Processes
from linnet.model.history import Record
from linnet.train.checkpoint import Snapshot
from linnet.train.columns import ColumnScaling
from linnet.train.engine import Learner
from linnet.train.inputs import InputPipeline
from linnet.train.model_group import ModelGroup
from linnet.train.plan import EarlyStopping
from linnet.train.scorer import Scorer

OPTIMIZER, BEST, STOPPING = "optimizer.", "best", "stopping."


@dataclass(frozen=True, eq=False)
class Measured:
    """The rows that a model is measured on when an epoch ends.

    Args:
        has_classes: whether they have classes, and so an accuracy.
        train: the training rows, where their figures are taken after the epoch; None takes those of the
            minibatches as they were trained on.
        validation: rows kept from training.
        test: rows that are only measured.
    """

    has_classes: bool
    train: Dataset | None = None
    validation: Dataset | None = None
    test: Dataset | None = None


class SingleLearner(Learner):
    """One model: the tally of its epoch, what it is measured on, and its best weights so far.

    Args:
        measured: on which rows.
        device: of the tally.
        patience: epochs without a better validation loss after which training ends; None for never.
        processes: that share the rows.
    """

    def __init__(
        self, measured: Measured, device: torch.device, patience: int | None = None,
        processes: Processes = ALONE,
    ) -> None:  # fmt: skip
        self.measured, self.processes = measured, processes
        self.tally = empty(1, device)
        self.stopping = EarlyStopping(1, patience)
        self.best: Bank | None = None
        self.figures: dict[str, Tensor] = {}

    @abstractmethod
    def measure(self, dataset: Dataset) -> Tally:
        """The tally over a whole data set, without training."""

    @property
    def running(self) -> Tally:
        """Of the epoch's minibatches so far."""
        return self.tally

    @property
    def reason(self) -> str:
        """Why training should end."""
        waited = int(self.stopping.waited)
        return f"no better validation loss for {waited} epochs" if bool(self.stopping.is_late) else ""

    def close_(self) -> Record:
        """Measure, and keep the weights if they are the best."""
        rows = self.measured
        found = {"train": self.tally if rows.train is None else self.measure(rows.train)}
        parts = {"validation": rows.validation, "test": rows.test}
        found |= {name: self.measure(part) for name, part in parts.items() if part is not None}
        record: Record = {}
        for name, seen in found.items():
            record[f"{name}_loss"] = float(seen.mean_loss[0])
            if rows.has_classes:
                record[f"{name}_accuracy"] = float(seen.accuracy[0])
        self.tally = empty(1, self.tally.loss.device)
        if self.stopping.patience is not None:
            loss = torch.tensor([record["validation_loss"]], dtype=torch.float64)
            if bool(self.stopping.note(loss)):
                assert isinstance(self.model, Bank), "only banks are stopped early"
                self.best = self.model.clone()
        return record


class BankLearner(SingleLearner):
    """A bank of one trained by the fused step.

    The scores of a block's minibatches are kept in one buffer and tallied together: the figures cost a
    few operations a block instead of a few a minibatch.

    Args:
        bank: changed in place.
        loss: in score space.
        scale: of the features.
        lr: the learning rate.
        columns: that the bank is over; None where it is over the stored ones.
        step: `fused_sgd_`, or the reference it is held to.
        measured: see `SingleLearner`, and so the others.
        patience: when to end.
        processes: that share the rows.
    """

    def __init__(
        self,
        bank: Bank,
        loss: Loss,
        scale: float,
        lr: float,
        *,
        columns: ColumnScaling | None = None,
        step: Step = fused_sgd_,
        measured: Measured | None = None,
        patience: int | None = None,
        processes: Processes = ALONE,
    ) -> None:
        super().__init__(measured or Measured(False), bank.theta.device, patience, processes)
        self.bank, self.lr, self.step = bank, lr, step
        self.scorer = Scorer(bank, loss, scale, columns)
        self.loss, self.scale = self.scorer.loss, self.scorer.scale

    @property
    def model(self) -> Bank:
        """The bank itself, or of scaled columns the model of the stored ones."""
        columns = self.scorer.columns
        return self.bank if columns is None else columns.absorb(self.bank)

    @property
    def width(self) -> int:
        """Scores a row."""
        return self.bank.outputs

    @torch.inference_mode()
    def train_(self, block: Block, stopped: Callable[[], bool]) -> None:
        """Step once a minibatch; several processes take a block as a whole."""
        block = self.scorer.enter(block)
        target = self.loss.encode(block.y, self.bank.outputs, self.bank.theta.dtype)  # (K, n)
        scores = self.scorer.room(len(block.X))  # (K, n)
        if self.processes.size == 1:
            rows = self.take_(block, target, scores, stopped)
            self.tally = self.scorer.tally(self.tally, scores[:, :rows], block)
            return
        for X, here, batch in block.minibatches(stopped):
            self.take_shared_(X, block, target, scores, here, batch)
        sums = self.processes.sum_(self.scorer.sums(scores, block))
        self.tally = self.tally.with_sums(sums, block.weights is not None)

    def take_(self, block: Block, target: Tensor, out: Tensor, stopped: Callable[[], bool]) -> int:
        """Take a block's minibatches; how many rows were trained on before `stopped()`.

        Args:
            block: its rows as the bank takes them, (n, D).
            target: dense, (K, n).
            out: filled with the scores from before each step, (K, n).
            stopped: asked after each minibatch.
        """
        # Cut once a block: slicing each minibatch out takes a sixth of the time of small ones.
        cuts = block.X.split(block.sizes), target.split(block.sizes, 1), out.split(block.sizes, 1)
        rows = 0
        for X, y, scores in zip(*cuts, strict=True):
            self.step(self.bank, self.scorer.with_ones(X), y, self.loss, self.lr, self.scale, scores)
            rows += X.shape[0]
            if stopped():
                break
        return rows

    def take_shared_(
        self, X: Tensor, block: Block, target: Tensor, out: Tensor, here: slice, batch: int
    ) -> None:
        """Take a minibatch of which each process has some rows, by the sum of their gradients.

        Args:
            X: its rows that are here, (B, D).
            block: that it is of.
            target: dense, of the block, (K, n).
            out: the block's, filled with the scores from before the step, (K, n).
            here: its place in the block.
            batch: its number in the epoch.
        """
        gradient = summed_gradient(
            self.bank, self.scorer.with_ones(X), target[:, here], self.loss, self.scale, out[:, here]
        )
        self.bank.theta.sub_(self.processes.sum_(gradient), alpha=self.lr / block.whole(batch))

    def measure(self, dataset: Dataset) -> Tally:
        """Score the stored rows."""
        return self.scorer.measure(dataset, self.processes)

    def snapshot(self) -> Snapshot:
        """Parameters, the epoch's tally, the best weights, and how long they have been the best."""
        tensors = {"theta": self.bank.theta, "loss": self.tally.loss, "hits": self.tally.hits}
        tensors |= {STOPPING + name: values for name, values in self.stopping.state.items()}
        if self.best is not None:
            tensors[BEST] = self.best.theta
        return Snapshot(tensors, {"rows": float(self.tally.rows)})

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        tensors, theta = snapshot.tensors, self.bank.theta
        theta.copy_(tensors["theta"])
        self.tally = Tally(
            tensors["loss"].to(theta.device), tensors["hits"].to(theta.device), snapshot.notes["rows"]
        )
        self.stopping.restore_(snapshot.part(STOPPING))
        if BEST in tensors:
            self.best = Bank(tensors[BEST].to(theta.device), 1)


class GroupLearner(BankLearner):
    """A bank of one trained by any hyperparameters: see `train.model_group` and `train.inputs`.

    Args:
        group: of one model, stepped in place.
        inputs: what it sees.
        measured: see `SingleLearner`, and so the others.
        patience: when to end.
        processes: that share the rows.
    """

    def __init__(
        self, group: ModelGroup, inputs: InputPipeline, measured: Measured, patience: int | None = None,
        processes: Processes = ALONE,
    ) -> None:  # fmt: skip
        super().__init__(
            group.bank, inputs.loss, group.scale, 0.0, columns=inputs.columns, measured=measured,
            patience=patience, processes=processes,
        )  # fmt: skip
        self.group, self.inputs = group, inputs

    @property
    def model(self) -> Bank:
        """The model of stored rows, averaged where that was asked for."""
        return self.inputs.absorb(self.group.update.answer)

    def take_(self, block: Block, target: Tensor, out: Tensor, stopped: Callable[[], bool]) -> int:
        """Take minibatches of what the inputs make of the rows: see `BankLearner.take_`."""
        theta, epoch, here = self.bank.theta, block.epoch, slice(0)
        weights = None if block.weights is None else block.weights.to(theta)[None]  # (1, n)
        for X, here, batch in block.minibatches(stopped):
            X1 = self.inputs.rows(X, theta, epoch, batch)
            weight = None if weights is None else weights[:, here]
            self.group.step_(X1, target[:, here], weight, out[:, here], epoch, batch)
        return here.stop

    def take_shared_(
        self, X: Tensor, block: Block, target: Tensor, out: Tensor, here: slice, batch: int
    ) -> None:
        """See `BankLearner.take_shared_`."""
        theta = self.bank.theta
        X1 = self.inputs.rows(X, theta, block.epoch, batch, block.part(here, batch))
        weight = None if block.weights is None else block.weights[here].to(theta)[None]  # (1, B)
        gradient = torch.empty_like(theta)
        y = target[:, here]
        self.group.add_gradient_(gradient, X1, y, y, weight, out[:, here])
        self.group.step_by_(self.processes.sum_(gradient), block.whole(batch), block.epoch, batch)

    def measure(self, dataset: Dataset) -> Tally:
        """Score the stored rows by the model of them."""
        return Scorer.of(self.group.update.answer, self.inputs, self.loss).measure(dataset, self.processes)

    def snapshot(self) -> Snapshot:
        """That of a bank, and the optimizer's state."""
        kept = super().snapshot()
        states = {OPTIMIZER + name: values for name, values in self.group.update.state.items()}
        return Snapshot(kept.tensors | states, kept.notes)

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        super().restore_(snapshot)
        self.group.update.restore_(snapshot.part(OPTIMIZER))
