"""The learner of a module of the user's own, trained by autograd with a torch optimizer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from linnet.core.metrics import Tally, empty
from linnet.data.batches import Block
from linnet.data.dataset import Dataset
from linnet.data.pictures.shape import to_channels_first
from linnet.dist.processes import ALONE, Processes
from linnet.errors import ShapeError, UsageError
from linnet.train.checkpoint import Snapshot
from linnet.train.learners import Measured, SingleLearner
from linnet.train.scorer import EVALUATION_BATCH, sum_tally

ModuleLoss = Callable[[Tensor, Tensor], Tensor]
"""`loss(scores, y)`, giving one value a row or their mean, as torch's losses do."""


class ModuleLearner(SingleLearner):
    """Any module trained by autograd with a torch optimizer.

    Images reach the module as (B, 1, height, width), those in colour as (B, 3, height, width), other rows as
    (B, D).

    Args:
        module: changed in place.
        loss: `loss(scores, y)`, one value a row or their mean.
        optimizer: over the module's parameters.
        dtype: of the features it is given.
        train: its rows, whose scale and image shape are those of all.
        measured: see `SingleLearner`.
        processes: that share the rows of each minibatch; the first has its parameters taken by all.
    """

    needs_grad = True

    def __init__(
        self,
        module: nn.Module,
        loss: ModuleLoss,
        optimizer: torch.optim.Optimizer,
        dtype: torch.dtype,
        train: Dataset,
        measured: Measured,
        processes: Processes = ALONE,
    ) -> None:
        super().__init__(measured, train.X.device, processes=processes)
        self.module, self.loss, self.optimizer, self.dtype = module, loss, optimizer, dtype
        self.image_shape, self.scale, self.features = train.image_shape, train.scale, train.features
        if processes.size > 1:
            with torch.no_grad():
                for values in (*module.parameters(), *module.buffers()):
                    processes.sum_(values if processes.is_first else values.zero_())

    @property
    def model(self) -> nn.Module:
        """The module itself."""
        return self.module

    @property
    def width(self) -> int:
        """Parameters a feature, in place of scores a row."""
        return sum(parameter.numel() for parameter in self.module.parameters()) // max(1, self.features)

    def train_(self, block: Block, stopped: Callable[[], bool]) -> None:
        """One optimizer step a minibatch, on the mean of its losses."""
        self.module.train()
        if self.processes.size > 1:
            self._train_shared(block, stopped)
            return
        for X, here, _ in block.minibatches(stopped):
            scores, y = self.module(self._inputs(X)), block.y[here]
            values = self._values(scores, y)
            self.optimizer.zero_grad()
            values.mean().backward()
            self.optimizer.step()
            self.tally = self._add(self.tally, scores.detach(), values.detach(), y)

    def _train_shared(self, block: Block, stopped: Callable[[], bool]) -> None:
        """Likewise, each process with its rows: gradients are added up in one sum a minibatch."""
        parameters = [one for one in self.module.parameters() if one.requires_grad]
        own = empty(1, block.X.device)
        for X, here, batch in block.minibatches(stopped):
            self.optimizer.zero_grad()
            y = block.y[here]
            if len(X):
                scores = self.module(self._inputs(X))
                values = self._values(scores, y)
                (values.mean() * (len(X) / block.whole(batch))).backward()
                own = self._add(own, scores.detach(), values.detach(), y)
            gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
            flat = self.processes.sum_(torch.cat([one.flatten() for one in gradients]))
            cuts = flat.split([one.numel() for one in parameters])
            for one, gradient in zip(parameters, cuts, strict=True):
                one.grad = gradient.view_as(one)
            self.optimizer.step()
        self.tally = self.tally.with_sums(sum_tally(own, self.processes)[:, None], is_weighted=False)

    def measure(self, dataset: Dataset) -> Tally:
        """Score all rows in eval mode, restoring the mode it was in."""
        was_training = self.module.training
        self.module.eval()
        total, own = empty(1, dataset.X.device), self.processes.share(len(dataset))
        with torch.no_grad():
            for low in range(own.start, own.stop, EVALUATION_BATCH):
                rows = slice(low, min(low + EVALUATION_BATCH, own.stop))
                y, scores = dataset.y[rows], self.module(self._inputs(dataset.X[rows]))
                total = self._add(total, scores, self._values(scores, y), y)
        self.module.train(was_training)
        if self.processes.size == 1:
            return total
        return empty(1, dataset.X.device).with_sums(
            sum_tally(total, self.processes)[:, None], is_weighted=False
        )

    def _inputs(self, X: Tensor) -> Tensor:
        scaled = X.to(self.dtype) * self.scale
        return to_channels_first(scaled, self.image_shape) if self.image_shape else scaled

    def _values(self, scores: Tensor, y: Tensor) -> Tensor:
        """The loss as one value a row, or as a scalar mean."""
        values = self.loss(scores, y)
        if values.ndim and len(values) != len(y):
            raise ShapeError(
                f"the loss gave shape {tuple(values.shape)} for {len(y)} rows: expected one a row"
            )
        return values.reshape(len(y), -1).mean(1) if values.ndim else values

    def _add(self, before: Tally, scores: Tensor, values: Tensor, y: Tensor) -> Tally:
        if not self.measured.has_classes:
            is_right = torch.zeros(len(y), dtype=torch.bool, device=y.device)
        elif scores.ndim != 2:
            raise UsageError(f"a module for classes must give scores (B, K), got {tuple(scores.shape)}")
        else:
            is_right = scores.argmax(1) == (y.argmax(1) if y.is_floating_point() else y)
        return before.with_rows(values.expand(1, len(y)), is_right[None], len(y))

    def snapshot(self) -> Snapshot:
        """None: the optimizer is the user's own.

        Raises:
            UsageError: always.
        """
        raise UsageError("checkpoints are of linear models: keep a module of yours with torch.save")

    def restore_(self, snapshot: Snapshot) -> None:
        """None either.

        Raises:
            UsageError: always.
        """
        raise UsageError("checkpoints are of linear models: load a module of yours with torch.load")
