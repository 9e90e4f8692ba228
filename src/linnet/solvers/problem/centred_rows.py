"""Rows whose columns are centred and scaled as they are read, and the change of parameters with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.solvers.linalg.double_double import Doubled, summed, two_product
from linnet.solvers.problem.rows import BLOCK, DenseRows, Rows, SparseRows


@dataclass(frozen=True, eq=False)
class Standard:
    """The change of columns and targets.

    Args:
        centre: m over `scale`, (D,): of the columns as they are stored.
        scale: what the model sees of a stored number is that times this.
        factor: f, powers of two, (D,).
        middle: c, (K,).
        intercept: whether there is a bias.
    """

    centre: Tensor
    scale: float
    factor: Tensor
    middle: Tensor
    intercept: bool

    def enter(self, theta: Tensor) -> Tensor:
        """θ as rows see it, (K, D + 1), as θ'; the bias is rounded once."""
        W, b = theta[:, :-1], theta[:, -1]
        level = self._lift(W) + (b - self.middle) if self.intercept else Doubled.of(b)
        return torch.cat([W / self.factor, level.high[:, None]], 1)

    def leave(self, theta: Tensor) -> Tensor:
        """θ', (K, D + 1), as θ of the rows; the bias is rounded once."""
        W, b = theta[:, :-1] * self.factor, theta[:, -1]
        level = Doubled.of(b) + self.middle - self._lift(W) if self.intercept else Doubled.of(b)
        return torch.cat([W, level.high[:, None]], 1)

    def gradient(self, gradient: Tensor) -> Tensor:
        """A derivative over θ', (K, D + 1), as that over W and the bias at the columns' centre."""
        return torch.cat([gradient[:, :-1] / self.factor, gradient[:, -1:]], 1)

    def _lift(self, W: Tensor) -> Doubled:
        """W m, (K,), in doubled precision: it may be far larger than what it leaves of a score."""
        terms = Doubled(*two_product(W, self.centre.expand_as(W))).times(W.new_tensor(self.scale))
        return summed(terms)


def centred_rows(rows: Rows, standard: Standard) -> Rows:
    """Rows as (x − m) f with targets y − c, dense or sparse as they were."""
    y = rows.y.double() - standard.middle if bool(standard.middle.any()) else rows.y
    if isinstance(rows, SparseRows):
        return CentredSparseRows.of(rows, y, standard)
    assert isinstance(rows, DenseRows), "rows are dense or sparse"
    return CentredRows(rows.dataset, y, standard, rows.dtype)


class CentredRows(DenseRows):
    """Dense rows as (x − m) f, worked out block by block from what is stored.

    Args:
        dataset: the rows as they are stored.
        y: their targets, shifted.
        standard: m and f.
        dtype: of the products.
    """

    def __init__(self, dataset: Dataset, y: Tensor, standard: Standard, dtype: torch.dtype) -> None:
        super().__init__(dataset, dtype)
        self.y, self.standard, self.scale = y, standard, 1.0
        self._factor = standard.factor * standard.scale

    def with_dtype(self, dtype: torch.dtype) -> CentredRows:
        """See `Rows.with_dtype`."""
        return CentredRows(self.dataset, self.y, self.standard, dtype)

    def sample(self, index: Tensor) -> CentredRows:
        """See `Rows.sample`."""
        return CentredRows(self.dataset.rows(index), self.y[index], self.standard, self.dtype)

    def square_norms(self) -> Tensor:
        """See `Rows.square_norms`."""
        return torch.cat([self._real(X).double().square_().sum(1) for X in self.X.split(BLOCK)])

    def _real(self, X: Tensor, features: Tensor | slice = slice(None)) -> Tensor:
        centre, factor = self.standard.centre[features], self._factor[features]
        return (X.double() - centre).mul_(factor).to(self.dtype)  # before any digit is lost to float32

    def _blocks(self, blocks: range) -> Iterator[tuple[Tensor, slice]]:
        shape = min(BLOCK, len(self)), self.features + 1
        buffer = self.X.new_ones(shape, dtype=torch.float64)
        for number in blocks:
            part = slice(number * BLOCK, min((number + 1) * BLOCK, len(self)))
            X1 = buffer[: part.stop - part.start]
            torch.sub(self.X[part], self.standard.centre, out=X1[:, :-1]).mul_(self._factor)
            yield X1.to(self.dtype), part


class CentredSparseRows(SparseRows):
    """Sparse rows as (x − m) f, of which no dense copy is made.

    A column that every row has an entry in is centred as it stands. Of the others m f stays implicit: its
    product with W' is taken off the scores, and its share of the sum off the gradient.

    Args:
        X: (x − m) f where a column is full, else x f.
        y: targets, shifted.
        outputs: K.
        weights: of the rows.
        dtype: of the products.
        offset: m f, (D,), 0 where a column is full.
    """

    def __init__(
        self, X: Any, y: Tensor, outputs: int, weights: Tensor | None, dtype: torch.dtype, offset: Tensor
    ) -> None:
        super().__init__(X, y, outputs, weights, dtype)
        self.whole, self.offset = X, offset

    @classmethod
    def of(cls, rows: SparseRows, y: Tensor, standard: Standard) -> CentredSparseRows:
        """Rows, changed."""
        X = rows.X.astype(np.float64)
        centre, factor = standard.centre.numpy(), standard.factor.numpy()
        full = np.bincount(X.indices, minlength=rows.features) == len(rows)
        shift = np.where(full, centre, 0.0)
        X.data = (X.data - shift[X.indices]) * factor[X.indices]
        offset = torch.from_numpy(np.where(full, 0.0, centre * factor))
        return cls(X, y, rows.outputs, rows.weights, rows.dtype, offset)

    def scores(self, theta: Tensor) -> Tensor:
        """See `Rows.scores`."""
        level = theta[:, -1].double() - theta[:, :-1].double() @ self.offset
        return super().scores(torch.cat([theta[:, :-1], level[:, None]], 1))

    def gradient_of(self, G: Tensor) -> Tensor:
        """See `Rows.gradient_of`."""
        sums = super().gradient_of(G)
        sums[:, :-1] -= sums[:, -1:] * self.offset
        return sums

    def dense(self, index: Tensor) -> Tensor:
        """See `Rows.dense`."""
        X1 = super().dense(index)
        X1[:, :-1] -= self.offset.to(X1)
        return X1

    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """See `Rows.columns`."""
        X = super().columns(index, features)
        inner = features[features < self.features]
        X[:, : len(inner)] -= self.offset[inner].to(X)
        return X

    def with_dtype(self, dtype: torch.dtype) -> CentredSparseRows:
        """See `Rows.with_dtype`."""
        return CentredSparseRows(self.whole, self.y, self.outputs, self.weights, dtype, self.offset)

    def sample(self, index: Tensor) -> CentredSparseRows:
        """See `Rows.sample`."""
        weights = None if self.weights is None else self.weights[index]
        X = self.whole[index.numpy()]
        return CentredSparseRows(X, self.y[index], self.outputs, weights, self.dtype, self.offset)

    def squares(self, C: Tensor) -> Tensor:
        """See `Rows.squares`."""
        sums, offset = super().squares(C), self.offset.to(C)
        crossed = torch.from_numpy(self.XT @ C.T.contiguous().numpy()).T  # (J, D)
        sums[:, :-1] += offset * (offset * sums[:, -1:] - 2 * crossed)
        sums[:, :-1].clamp_(min=0)
        return sums

    def square_norms(self) -> Tensor:
        """See `Rows.square_norms`."""
        crossed = torch.from_numpy(self.X.astype(np.float64) @ self.offset.numpy())
        return (super().square_norms() - 2 * crossed + self.offset.square().sum()).clamp_(min=0)
