"""`PassRows`: rows that are read anew in each pass, block by block, of which nothing is kept but sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.device import map_in_threads, read_ahead
from linnet.solvers.passes.survey import Survey, Surveyor
from linnet.solvers.problem.centred_rows import CentredRows
from linnet.solvers.problem.rows import BLOCK, DenseRows

NUMBERS = 2**18
"""Of a block, beside which the calls on it are short."""

TARGETS = 2**16
"""Targets that are looked at together where no row is read."""

Work = Callable[[Tensor, slice], Sequence[Tensor]]
"""Makes float64 sums of a block: X1 (B, D + 1), and where it stands."""


class PassRows(DenseRows):
    """Rows as (x − m) f, read and converted a block at a time whenever a pass goes over them.

    Scores, of which there would be K a row, are not kept: a pass makes its sums of them while their block is
    at hand. Each of several processes has a share of the rows, and sums are of all.

    Args:
        dataset: this process's rows as they are stored.
        surveyor: of all rows.
        dtype: of the products; sums of blocks are float64.
    """

    def __init__(self, dataset: Dataset, surveyor: Surveyor, dtype: torch.dtype = torch.float64) -> None:
        self._surveyor, self.processes = surveyor, surveyor.processes
        super().__init__(dataset, dtype)
        self.total = surveyor.weight
        self.height = max(BLOCK, NUMBERS // max(self.features + 1, self.outputs))
        self.centre = torch.zeros(self.features, dtype=torch.float64)
        self.factor = torch.full_like(self.centre, self.scale)
        self._is_plain = self.scale == 1

    def centred(self, centre: Tensor, factor: Tensor, y: Tensor) -> PassRows:
        """The rows as (x − m) f, with other targets."""
        same = PassRows(self.dataset, self._surveyor, self.dtype)
        same.y, same.outputs, same.scale = y, self.outputs, 1.0
        same.centre, same.factor, same._is_plain = centre, factor, False
        return same

    @property
    def survey(self) -> Survey:
        """What a pass over the rows tells of them; it is gone over once."""
        return self._surveyor.survey

    def sampled(self, level: Tensor | float = 0.0) -> DenseRows:
        """The rows of the survey's sample, in memory, their targets less a level."""
        sample = self.survey.sample
        y = sample.y.double() - level if sample.y.is_floating_point() else sample.y
        rows = CentredRows(sample, y, self.centre, self.factor, self.dtype)
        rows.outputs = self.outputs
        return rows

    def fold(self, work: Work) -> list[Tensor]:
        """The sums over all rows, those of other processes too, of what is made of their blocks."""
        self._surveyor.read += len(self)
        blocks = -(-len(self) // self.height)
        workers = max(1, min(torch.get_num_threads(), blocks))
        bounds = [blocks * worker // workers for worker in range(workers + 1)]

        def run(worker: int) -> list[Tensor]:
            sums: list[Tensor] = []
            for X1, part in self._blocks(range(bounds[worker], bounds[worker + 1])):
                found = work(X1, part)
                sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else list(found)
            return sums

        each = zip(*map_in_threads(run, range(workers)), strict=True)
        return self.join(*(torch.stack(parts).sum(0) for parts in each))

    def blocks(self) -> Iterator[tuple[Tensor, slice]]:
        """Rows of this process in order, X1 (B, D + 1), and where they stand; a block is used at once."""
        self._surveyor.read += len(self)
        return self._blocks(range(-(-len(self) // self.height)))

    @property
    def everyone(self) -> int:
        """See `Rows.everyone`."""
        return self._surveyor.rows

    @property
    def passes(self) -> float:
        """How often the rows were read."""
        return self._surveyor.read / len(self)

    def join(self, *sums: Tensor) -> list[Tensor]:
        """See `Rows.join`."""
        if self.processes.size == 1:
            return list(sums)
        flat = self.processes.sum_(torch.cat([one.double().flatten() for one in sums]))
        parts = flat.split([one.numel() for one in sums])
        return [part.view_as(one) for part, one in zip(parts, sums, strict=True)]

    def most(self, value: float) -> float:
        """See `Rows.most`."""
        return max(self.processes.gather(value))

    def targets(self) -> Iterator[tuple[Tensor, slice]]:
        """See `Rows.targets`."""
        for low in range(0, len(self), TARGETS):
            part = slice(low, min(low + TARGETS, len(self)))
            yield Loss.encode(self.y[part], self.outputs, torch.float64), part

    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """See `Rows.columns`; rows that follow each other are read in order, and once."""
        self._surveyor.read += len(index)
        is_run = len(index) > 0 and int(index[-1]) - int(index[0]) == len(index) - 1
        chosen = slice(int(index[0]), int(index[-1]) + 1) if is_run else index
        inner = features[features < self.features]
        X = self._real(self.X[chosen][:, inner], inner)
        return torch.cat([X, X.new_ones(len(index), len(features) - len(inner))], 1)

    def dense(self, index: Tensor) -> Tensor:
        """See `Rows.dense`."""
        return self.columns(index, torch.arange(self.features + 1))

    def _real(self, X: Tensor, features: Tensor | slice = slice(None)) -> Tensor:
        centred = X.double() - self.centre[features]
        return centred.mul_(self.factor[features]).to(self.dtype)

    def _hold_(self, index: Tensor) -> None:
        raise AssertionError("rows of a pass are sampled by their survey")

    def _refuse_empty(self) -> None:
        """Whether any process has rows that count is the surveyor's to say."""

    def _blocks(self, blocks: range) -> Iterator[tuple[Tensor, slice]]:
        """Blocks as floats with a last column of ones, (B, D + 1), in one buffer, and where they stand."""
        shape = min(self.height, len(self)), self.features + 1
        wide = torch.ones(shape, dtype=torch.float64)
        narrow = wide if self.dtype == torch.float64 else torch.ones(shape, dtype=self.dtype)
        parts = [self._part(block) for block in blocks]
        stored = (self.X[part] for part in parts)
        for X, part in zip(read_ahead(stored) if self.dataset.is_streamed else stored, parts, strict=True):
            X1 = wide[: len(X)]
            X1[:, :-1] = X
            if not self._is_plain:
                X1[:, :-1].sub_(self.centre).mul_(self.factor)
            yield (X1 if narrow is wide else narrow[: len(X)].copy_(X1)), part
