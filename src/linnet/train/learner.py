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
from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError

EVALUATION_BATCH = 1024
"""Rows scored at once when measuring: their features as floats stay in a CPU's cache."""

ModuleLoss = Callable[[Tensor, Tensor], Tensor]
"""`loss(scores, y)`, giving one value a row or their mean, as torch's losses do."""


class Learner(ABC):
    """The loop's view of what is being trained."""

    @abstractmethod
    def train_(self, block: Block, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """Train on a block's minibatches until `stopped()`; return how many were done, and their tally."""

    @abstractmethod
    def measure(self, dataset: Dataset) -> Tally:
        """The tally over a whole data set, without training."""


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
        self.lr = lr.to(bank.W).view(-1, 1, 1)  # (M, 1, 1)
        self.scale = scale
        self.step = step
        self._floats = bank.W.new_empty(0)
        self._scores = bank.W.new_empty(0)

    def train_(self, block: Block, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """Step once a minibatch."""
        bank = self.bank
        target = self.loss.encode(block.y, bank.outputs, bank.W.dtype)  # (K, n)
        kept = self._score_buffer(len(block.X))  # (M·K, n)
        done, rows = 0, 0
        for start, stop in block.bounds:
            X = self._as_float(block.X[start:stop])  # (B, D)
            out = kept[:, start:stop]
            self.step(bank, X, target[:, start:stop], self.loss, self.lr, self.scale, out)
            done, rows = done + 1, stop
            if stopped():
                break
        return done, self._tally(kept[:, :rows], block.y[:rows], target[:, :rows])

    def measure(self, dataset: Dataset) -> Tally:
        """Score the rows some hundred at a time."""
        bank, total = self.bank, empty(self.bank.models, self.bank.W.device)
        for low in range(0, len(dataset), EVALUATION_BATCH):
            rows = slice(low, low + EVALUATION_BATCH)
            y = dataset.y[rows]
            scores = bank.scores(self._as_float(dataset.X[rows]), dataset.scale)  # (M, K, B)
            total += self._tally(scores, y, self.loss.encode(y, bank.outputs, bank.W.dtype))
        return total

    def _tally(self, scores: Tensor, y: Tensor, target: Tensor) -> Tally:
        shaped = scores.view(self.bank.models, self.bank.outputs, -1)
        if y.is_floating_point():
            return tally(shaped, target, self.loss, None)
        return tally(shaped, y, self.loss, y)

    def _as_float(self, X: Tensor) -> Tensor:
        """X in the bank's dtype, in a buffer that is used again and so stays in the cache."""
        if X.dtype == self.bank.W.dtype:
            return X
        if self._floats.numel() < X.numel():
            self._floats = self.bank.W.new_empty(X.numel())
        return self._floats[: X.numel()].view(X.shape).copy_(X)

    def _score_buffer(self, rows: int) -> Tensor:
        if self._scores.numel() != len(self.bank.W) * rows:
            self._scores = self.bank.W.new_empty(len(self.bank.W), rows)
        return self._scores


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

    def reading(self, dataset: Dataset) -> ModuleLearner:
        """Take the scale and image shape of the rows from a data set."""
        self.image_shape, self.scale = dataset.image_shape, dataset.scale
        return self

    def train_(self, block: Block, stopped: Callable[[], bool]) -> tuple[int, Tally]:
        """One optimizer step a minibatch, on the mean of its losses."""
        self.module.train()
        total, done = empty(1, block.X.device), 0
        for start, stop in block.bounds:
            y = block.y[start:stop]
            scores = self.module(self._inputs(block.X[start:stop]))
            values = self._values(scores, y)
            self.optimizer.zero_grad()
            values.mean().backward()
            self.optimizer.step()
            total, done = total + self._tally(scores.detach(), values.detach(), y), done + 1
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
                total += self._tally(scores, self._values(scores, y), y)
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

    def _tally(self, scores: Tensor, values: Tensor, y: Tensor) -> Tally:
        total = values.sum(dtype=torch.float64) * (1 if values.ndim else len(y))
        if y.is_floating_point():
            hits = torch.zeros((), dtype=torch.int64, device=y.device)
        elif scores.ndim != 2:
            raise UsageError(f"a module for classes must give scores (B, K), got {tuple(scores.shape)}")
        else:
            hits = (scores.argmax(1) == y).sum()
        return Tally(total.view(1), hits.view(1), len(y))
