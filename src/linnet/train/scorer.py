"""`Scorer`: scores and tallies of a bank's models over rows, some hundred at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.metrics import Tally, empty, tally
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.train.columns import ColumnScaling
from linnet.train.inputs import InputPipeline, Padded

EVALUATION_BATCH = 256
"""Rows scored at once when measuring: their features as floats stay in a CPU's cache."""


class Scorer:
    """Scores a bank's models over rows, some hundred at a time, in buffers that are used again.

    Args:
        bank: as it is when rows are scored.
        loss: in score space.
        scale: of the features.
        columns: that the bank is over; None where it is over the stored ones.
    """

    def __init__(self, bank: Bank, loss: Loss, scale: float, columns: ColumnScaling | None = None) -> None:
        self.bank, self.loss, self.scale, self.columns = bank, loss, scale, columns
        if columns is not None:
            self.loss, self.scale = columns.targets.loss, 1.0
        self.with_ones = Padded(bank.theta, self.scale).fill
        self._scores = bank.theta.new_empty(len(bank.theta), 0)

    @classmethod
    def of(cls, bank: Bank, inputs: InputPipeline, loss: Loss) -> Scorer:
        """That of a bank as it is trained, over stored rows.

        Args:
            bank: of models that see the inputs.
            inputs: what they see.
            loss: in score space.
        """
        if inputs.columns is not None:
            return cls(bank, loss, 1.0, inputs.columns)
        return cls(inputs.absorb(bank), loss, inputs.raw_scale)

    def enter(self, block: Block) -> Block:
        """A block of stored rows over the bank's columns and targets."""
        return block if self.columns is None else self.columns.enter(block, self.bank.theta.dtype)

    def room(self, rows: int) -> Tensor:
        """A buffer for a block's scores, (M·K, rows)."""
        if self._scores.shape[1] < rows:
            self._scores = self.bank.theta.new_empty(len(self.bank.theta), rows)
        return self._scores[:, :rows]

    @torch.inference_mode()
    def measure(self, dataset: Dataset) -> Tally:
        """The tally of all rows of a data set."""
        total = empty(self.bank.models, self.bank.theta.device)
        for block in Batches(dataset, EVALUATION_BATCH, shuffle=False).blocks(0):
            block, scores = self.enter(block), self.room(len(block.X))  # (M·K, n)
            for X, out in zip(block.X.split(block.sizes), scores.split(block.sizes, 1), strict=True):
                self.bank.scores_into(out, self.with_ones(X), self.scale)
            total = self.tally(total, scores, block)
        return total

    def tally(self, before: Tally, scores: Tensor, block: Block) -> Tally:
        """The tally with an entered block's first rows, of which these are the scores, (M·K, n)."""
        n, outputs = scores.shape[1], self.bank.outputs
        y, labels, weights = block.y[:n], block.labels, block.weights
        target = self.loss.encode(y, outputs, scores.dtype) if y.is_floating_point() else y
        return tally(
            before, scores.view(self.bank.models, outputs, -1), target, self.loss,
            None if labels is None else labels[:n], block.sizes[0],
            None if weights is None else weights[:n],
            worth=1.0 if self.columns is None else self.columns.targets.worth,
        )  # fmt: skip
