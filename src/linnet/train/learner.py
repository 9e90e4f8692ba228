"""What learns: a bank by the fused step, or any module by autograd. The loop drives either."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.metrics import Tally, empty, tally
from linnet.core.step import Step, fused_sgd_
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError
from linnet.train.cohort import Cohort
from linnet.train.inputs import Inputs, Padded

EVALUATION_BATCH = 256
"""Rows scored at once when measuring: their features as floats stay in a CPU's cache."""

ModuleLoss = Callable[[Tensor, Tensor], Tensor]
"""`loss(scores, y)`, giving one value a row or their mean, as torch's losses do."""


class Learner(ABC):
    """The loop's view of what is being trained."""

    @abstractmethod
    def train_(self, block: Block, before: Tally, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """Train on a block's minibatches until `stopped()`; return how many, and `before` with them."""

    @abstractmethod
    def measure(self, dataset: Dataset) -> Tally:
        """The tally over a whole data set, without training."""

    @property
    @abstractmethod
    def model(self) -> Bank | nn.Module:
        """What has been learned so far."""


class BankLearner(Learner):
    """A bank trained by the fused step.

    The scores of a block's minibatches are kept in one buffer and tallied together: the figures cost a
    few operations a block instead of a few a minibatch.

    Args:
        bank: changed in place.
        loss: in score space.
        lr: one learning rate a model, (M,).
        scale: of the features.
        step: `fused_sgd_`, or the reference it is held to.
    """

    def __init__(self, bank: Bank, loss: Loss, lr: Tensor, scale: float, step: Step = fused_sgd_) -> None:
        self.bank = bank
        self.loss = loss
        self.lr = float(lr) if len(lr) == 1 else lr.to(bank.theta).view(-1, 1, 1)  # (M, 1, 1)
        self.scale = scale
        self.step = step
        self.with_ones = Padded(bank.theta, scale).fill
        self._scores = bank.theta.new_empty(len(bank.theta), 0)

    @property
    def model(self) -> Bank:
        """The bank itself."""
        return self.bank

    @torch.inference_mode()
    def train_(self, block: Block, before: Tally, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """Step once a minibatch."""
        target = self.loss.encode(block.y, self.bank.outputs, self.bank.theta.dtype)  # (K, n)
        scores = self.room(len(block.X))  # (M·K, n)
        cuts = block.X.split(block.sizes), target.split(block.sizes, 1), scores.split(block.sizes, 1)
        done, rows = 0, 0
        for X, y, out in zip(*cuts, strict=True):
            self._step(X, y, out)
            done, rows = done + 1, rows + X.shape[0]
            if stopped():
                break
        return done, self._tally(before, scores[:, :rows], block)

    def _step(self, X: Tensor, y: Tensor, out: Tensor) -> None:
        """A step on stored rows (B, D) and dense targets (K, B); `out`, (M·K, B), gets the scores."""
        self.step(self.bank, self.with_ones(X), y, self.loss, self.lr, self.scale, out)

    @torch.inference_mode()
    def measure(self, dataset: Dataset) -> Tally:
        """Score the rows some hundred at a time."""
        total = empty(self.bank.models, self.bank.theta.device)
        for block in Batches(dataset, EVALUATION_BATCH, shuffle=False).blocks(0):
            scores = self.room(len(block.X))  # (M·K, n)
            for X, out in zip(block.X.split(block.sizes), scores.split(block.sizes, 1), strict=True):
                self.bank.scores_into(out, self.with_ones(X), self.scale)
            total = self._tally(total, scores, block)
        return total

    def _tally(self, before: Tally, scores: Tensor, block: Block) -> Tally:
        """The tally with a block's first rows, of which these are the scores, (M·K, n)."""
        n, outputs = scores.shape[1], self.bank.outputs
        y, labels, weights = block.y[:n], block.labels, block.weights
        target = self.loss.encode(y, outputs, scores.dtype) if y.is_floating_point() else y
        return tally(
            before, scores.view(self.bank.models, outputs, -1), target, self.loss,
            None if labels is None else labels[:n], block.sizes[0],
            None if weights is None else weights[:n],
        )  # fmt: skip

    def room(self, rows: int) -> Tensor:
        """A buffer for a block's scores, (M·K, rows)."""
        if self._scores.shape[1] < rows:
            self._scores = self.bank.theta.new_empty(len(self.bank.theta), rows)
        return self._scores[:, :rows]


class KnobLearner(BankLearner):
    """A bank of one trained by any knobs: see `train.cohort` and `train.inputs`.

    Args:
        cohort: of one model, stepped in place.
        inputs: what it sees.
    """

    def __init__(self, cohort: Cohort, inputs: Inputs) -> None:
        super().__init__(cohort.bank, cohort.loss, torch.ones(cohort.bank.models), cohort.scale)
        self.cohort, self.inputs = cohort, inputs

    @property
    def model(self) -> Bank:
        """The model of stored rows, averaged where that was asked for."""
        return self.inputs.plain(self.cohort.update.answer)

    @torch.inference_mode()
    def train_(self, block: Block, before: Tally, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """Take a minibatch at a time."""
        theta = self.bank.theta
        target = self.loss.encode(block.y, self.bank.outputs, theta.dtype)  # (K, n)
        scores = self.room(len(block.X))  # (M·K, n)
        weights = None if block.weights is None else block.weights.to(theta)
        done, low = 0, 0
        for X in block.X.split(block.sizes):
            here, batch = slice(low, low + len(X)), block.first + done
            X1 = self.inputs.rows(X, theta, block.epoch, batch)
            weight = None if weights is None else weights[None, here]
            self.cohort.step_(X1, target[:, here], weight, scores[:, here], block.epoch, batch)
            done, low = done + 1, here.stop
            if stopped():
                break
        return done, self._tally(before, scores[:, :low], block)

    def measure(self, dataset: Dataset) -> Tally:
        """Score the stored rows by the model of them."""
        model = self.model
        one = torch.ones(model.models)
        return BankLearner(model, self.loss, one, self.inputs.raw_scale).measure(dataset)


class ModuleLearner(Learner):
    """Any module trained by autograd with a torch optimizer.

    Images reach the module as (B, 1, height, width), other rows as (B, D).

    Args:
        module: changed in place.
        loss: `loss(scores, y)`, one value a row or their mean.
        optimizer: over the module's parameters.
        dtype: of the features it is given.
    """

    def __init__(
        self, module: nn.Module, loss: ModuleLoss, optimizer: torch.optim.Optimizer, dtype: torch.dtype
    ) -> None:
        self.module = module
        self.loss = loss
        self.optimizer = optimizer
        self.dtype = dtype
        self.image_shape: tuple[int, int] | None = None
        self.scale = 1.0
        self.has_classes = True

    @property
    def model(self) -> nn.Module:
        """The module itself."""
        return self.module

    def reading(self, dataset: Dataset) -> ModuleLearner:
        """Take the scale and image shape of the rows from a data set."""
        self.image_shape, self.scale = dataset.image_shape, dataset.scale
        self.has_classes = dataset.is_classification
        return self

    def train_(self, block: Block, before: Tally, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """One optimizer step a minibatch, on the mean of its losses."""
        self.module.train()
        total, done = before, 0
        for X, y in zip(block.X.split(block.sizes), block.y.split(block.sizes), strict=True):
            scores = self.module(self._inputs(X))
            values = self._values(scores, y)
            self.optimizer.zero_grad()
            values.mean().backward()
            self.optimizer.step()
            total, done = self._tally(total, scores.detach(), values.detach(), y), done + 1
            if stopped():
                break
        return done, total

    def measure(self, dataset: Dataset) -> Tally:
        """Score all rows in eval mode, restoring the mode it was in."""
        was_training = self.module.training
        self.module.eval()
        total = empty(1, dataset.X.device)
        with torch.no_grad():
            for low in range(0, len(dataset), EVALUATION_BATCH):
                y = dataset.y[low : low + EVALUATION_BATCH]
                scores = self.module(self._inputs(dataset.X[low : low + EVALUATION_BATCH]))
                total = self._tally(total, scores, self._values(scores, y), y)
        self.module.train(was_training)
        return total

    def _inputs(self, X: Tensor) -> Tensor:
        scaled = X.to(self.dtype) * self.scale
        return scaled.view(-1, 1, *self.image_shape) if self.image_shape else scaled

    def _values(self, scores: Tensor, y: Tensor) -> Tensor:
        """The loss as one value a row, or as a scalar mean."""
        values = self.loss(scores, y)
        if values.ndim and len(values) != len(y):
            raise ShapeError(
                f"the loss gave shape {tuple(values.shape)} for {len(y)} rows: expected one a row"
            )
        return values.reshape(len(y), -1).mean(1) if values.ndim else values

    def _tally(self, before: Tally, scores: Tensor, values: Tensor, y: Tensor) -> Tally:
        if not self.has_classes:
            hits = torch.zeros((), dtype=torch.int64, device=y.device)
        elif scores.ndim != 2:
            raise UsageError(f"a module for classes must give scores (B, K), got {tuple(scores.shape)}")
        else:
            hits = (scores.argmax(1) == (y.argmax(1) if y.is_floating_point() else y)).sum()
        return before.with_rows(values.expand(1, len(y)), hits.view(1), len(y))
