"""`Scorer`: scores and tallies of a bank's models over rows, some hundred at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from linnet.core.bank import Bank
from linnet.core.losses import Loss
from linnet.core.metrics import Tally, empty, judge, sum_minibatches
from linnet.data.batches import Batches, Block
from linnet.data.dataset import Dataset
from linnet.dist.processes import ALONE, Processes
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
    def measure(self, dataset: Dataset, processes: Processes = ALONE) -> Tally:
        """The tally of all rows of a data set, each scored by one of the processes."""
        batches = Batches(dataset, EVALUATION_BATCH, shuffle=False)
        own, total = processes.share(len(batches)), empty(self.bank.models, self.bank.theta.device)
        for block in batches.blocks(0, own.start, own.stop):
            block, scores = self.enter(block), self.room(len(block.X))  # (M·K, n)
            for X, out in zip(block.X.split(block.sizes), scores.split(block.sizes, 1), strict=True):
                self.bank.scores_into(out, self.with_ones(X), self.scale)
            total = self.tally(total, scores, block)
        if processes.size == 1:
            return total
        sums, is_weighted = sum_tally(total, processes), dataset.weights is not None
        return empty(self.bank.models, total.loss.device).with_sums(sums[:, None], is_weighted)

    def tally(self, before: Tally, scores: Tensor, block: Block) -> Tally:
        """The tally with an entered block's first rows, of which these are the scores, (M·K, n)."""
        n, weights = scores.shape[1], block.weights
        values, is_right = self._judge(scores, block)
        return before.with_rows(
            values, is_right, block.sizes[0], None if weights is None else weights[:n].double()
        )

    def sums(self, scores: Tensor, block: Block) -> Tensor:
        """What a tally adds up of each of an entered block's minibatches, see `sum_minibatches`."""
        weights = None if block.weights is None else block.weights.double()
        return sum_minibatches(*self._judge(scores, block), block.sizes, weights)

    def _judge(self, scores: Tensor, block: Block) -> tuple[Tensor, Tensor]:
        """The losses of an entered block's first rows, and which are hits, by their scores, (M·K, n)."""
        n, outputs, labels = scores.shape[1], self.bank.outputs, block.labels
        y = block.y[:n]
        target = self.loss.encode(y, outputs, scores.dtype) if y.is_floating_point() else y
        return judge(
            scores.view(self.bank.models, outputs, n), target, self.loss,
            None if labels is None else labels[:n],
            1.0 if self.columns is None else self.columns.targets.worth,
        )  # fmt: skip


def sum_tally(own: Tally, processes: Processes) -> Tensor:
    """The sums of the rows of all processes, as `Tally.with_sums` takes them, (2M + 1,)."""
    return processes.sum_(torch.cat([own.loss, own.hits.double(), own.loss.new_full((1,), float(own.rows))]))
