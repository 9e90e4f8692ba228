"""`CentredRows`: dense rows near 0 and of about unit size, without a change of what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.solvers.problem.rows import DenseRows, Elementwise

KEPT = 2**25
"""Numbers of X up to which centred rows are kept: 128 MB of float32, for a third of the time of a pass."""


NEAR = 4.0
"""Units that a column may lie from 0 so that float64 sums over it, as it stands, lose no digits."""


class CentredRows(DenseRows):
    """Dense rows as (x − m) f, worked out block by block from what is stored, and kept where there are few.

    Of float64 columns that lie near 0 the products are of what is stored, and m and f of the sums:
    θ (x − m) f = (W f) x + (b − (W f) m).

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

        self._is_near = bool((centre.abs() * factor <= NEAR).all())

    def _hold_(self, index: Tensor) -> None:
        super()._hold_(index)
        self.kept = {}

    def _read(
        self, theta: Tensor | None, elementwise: Elementwise | None, G: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        if self._is_as_stored:
            pass
        elif self.dtype not in self.kept:
            self.kept[self.dtype] = None
        elif self.kept[self.dtype] is None and self.X.numel() <= KEPT:
            X1 = self.X.new_empty(len(self), self.features + 1, dtype=self.dtype)
            for block, part in self._blocks(range(-(-len(self) // self.height))):
                X1[part] = block
            self.kept[self.dtype] = X1
        return super()._read(theta, elementwise, G)

    @property
    def _is_as_stored(self) -> bool:
        """Whether products are of the stored numbers."""
        return self._is_near and self.X.dtype == self.dtype == torch.float64

    def _run(
        self,
        blocks: range,
        theta: Tensor | None,
        elementwise: Elementwise | None,
        G: Tensor | None,
        scores: Tensor,
    ) -> Tensor:
        if not self._is_as_stored:
            return super()._run(blocks, theta, elementwise, G, scores)
        outputs, W, b = len(scores) if G is None else len(G), None, None
        if theta is not None:
            W = theta[:, :-1] * self.factor
            b = (theta[:, -1] - W @ self.centre)[:, None]
        sums = self.X.new_zeros(outputs, self.features + 1)
        for part in map(self._part, blocks):
            X = self.X[part]
            if W is not None and b is not None:
                torch.addmm(b, W, X.T, out=scores[:, part])  # (K, B)
            back = None if G is None else G[:, part]
            back = back if elementwise is None else elementwise(scores[:, part], part)
            if back is not None:
                sums[:, :-1] += back @ X
                sums[:, -1] += back.sum(1)
        sums[:, :-1] -= sums[:, -1:] * self.centre
        sums[:, :-1] *= self.factor
        return sums

    def _real(self, X: Tensor, features: Tensor | slice = slice(None)) -> Tensor:
        centred = X.double() - self.centre[features]
        return centred.mul_(self.factor[features]).to(self.dtype)  # before any digit is lost to float32

    def _blocks(self, blocks: range) -> Iterator[tuple[Tensor, slice]]:
        kept = self.kept.get(self.dtype)
        if kept is not None:
            yield from ((kept[part], part) for part in map(self._part, blocks))
            return
        shape = min(self.height, len(self)), self.features + 1
        buffer = self.X.new_ones(shape, dtype=torch.float64)
        for part in map(self._part, blocks):
            X1 = buffer[: part.stop - part.start]
            torch.sub(self.X[part], self.centre, out=X1[:, :-1]).mul_(self.factor)
            yield X1.to(self.dtype), part
