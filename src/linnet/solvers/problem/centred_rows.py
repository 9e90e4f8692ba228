"""`CentredRows`: dense rows near 0 and of about unit size, without a change of what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.solvers.problem.rows import BLOCK, DenseRows, Elementwise

KEPT = 2**25
"""Numbers of X up to which centred rows are kept: 128 MB of float32, for a third of the time of a pass."""


class CentredRows(DenseRows):
    """Dense rows as (x − m) f, worked out block by block from what is stored, and kept where there are few.

    Args:
        dataset: the rows as they are stored.
        y: their targets, shifted.
        centre: m, (D,), float64.
        factor: f, (D,), float64.
        dtype: of the products.
    """

    def __init__(
        self, dataset: Dataset, y: Tensor, centre: Tensor, factor: Tensor, dtype: torch.dtype
    ) -> None:
        super().__init__(dataset, dtype)
        self.y, self.centre, self.factor, self.scale = y, centre, factor, 1.0
        self.kept: dict[torch.dtype, Tensor | None] = {}  # X1 by its dtype; None where it was read but once

    def _hold_(self, index: Tensor) -> None:
        super()._hold_(index)
        self.kept = {}

    def _read(
        self, theta: Tensor | None, elementwise: Elementwise | None, G: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        if self.dtype not in self.kept:
            self.kept[self.dtype] = None
        elif self.kept[self.dtype] is None and self.X.numel() <= KEPT:
            X1 = self.X.new_empty(len(self), self.features + 1, dtype=self.dtype)
            for block, part in self._blocks(range(-(-len(self) // BLOCK))):
                X1[part] = block
            self.kept[self.dtype] = X1
        return super()._read(theta, elementwise, G)

    def _real(self, X: Tensor, features: Tensor | slice = slice(None)) -> Tensor:
        centred = X.double() - self.centre[features]
        return centred.mul_(self.factor[features]).to(self.dtype)  # before any digit is lost to float32

    def _blocks(self, blocks: range) -> Iterator[tuple[Tensor, slice]]:
        kept = self.kept.get(self.dtype)
        if kept is not None:
            yield from ((kept[part], part) for part in map(self._part, blocks))
            return
        shape = min(BLOCK, len(self)), self.features + 1
        buffer = self.X.new_ones(shape, dtype=torch.float64)
        for part in map(self._part, blocks):
            X1 = buffer[: part.stop - part.start]
            torch.sub(self.X[part], self.centre, out=X1[:, :-1]).mul_(self.factor)
            yield X1.to(self.dtype), part
