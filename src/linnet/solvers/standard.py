"""`standardised`: columns centred and scaled, and targets shifted, as solvers that take steps see them.

    x' = (x − m) f,    y' = y − c;    W = W' f,    b = b' + c − W m

The bias is free, so centring is exact, and f are powers of two, so scaling is too. The penalty stays on the
columns as they stood: it is of W' f. Without a bias m and c are 0. Steps, their number and the digits of the
scores are then those of columns near 0 of unit size, wherever the columns lie and whatever their units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from linnet.core.losses import AbsoluteError, Huber, Loss, SquaredError
from linnet.data.dataset import Dataset
from linnet.solvers.design import power
from linnet.solvers.doubled import Doubled, summed, two_product
from linnet.solvers.objective import Objective
from linnet.solvers.rows import BLOCK, DenseRows, Rows, SparseRows

SAMPLE, FAR = 4096, 30.0
"""Pixels stay as they are, unless in so many rows some column lies so many deviations from 0."""

HEAVIEST = 1e150
"""The largest penalty of a scaled column: a column that is all but nothing is scaled up no further."""


class Spread(NamedTuple):
    """Where stored columns lie and how far they reach about there: mean and root mean square, (D,) each."""

    centre: Tensor
    size: Tensor


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


class Framed(NamedTuple):
    """An objective for solvers, and how it comes from the one that was asked; None where it is that one."""

    objective: Objective
    standard: Standard | None

    def enter(self, theta: Tensor) -> Tensor:
        """See `Standard.enter`."""
        return theta if self.standard is None else self.standard.enter(theta)

    def leave(self, theta: Tensor) -> Tensor:
        """See `Standard.leave`."""
        return theta if self.standard is None else self.standard.leave(theta)

    def gradient(self, gradient: Tensor) -> Tensor:
        """See `Standard.gradient`."""
        return gradient if self.standard is None else self.standard.gradient(gradient)


def standardised(objective: Objective, l2: float = 0.0, *, is_uniform: bool = False) -> Framed:
    """The same problem over columns near 0 of about unit size.

    Args:
        objective: of any rows; one that has been through here comes back as it is.
        l2: a penalty that counts with a column's size, so that none is scaled up beyond what it holds down.
        is_uniform: one factor for all columns, which keeps the metric of the weights.
    """
    rows, intercept = objective.rows, objective.intercept
    if objective.units is not None or not rows.features or not rows.is_finite():
        return Framed(objective, None)
    if isinstance(rows, DenseRows) and not _is_worth(rows, intercept):
        return Framed(objective, None)
    spread = _spread(rows, intercept)
    factor = _factor(objective, spread, l2, is_uniform)
    middle = _middle(rows, objective.loss, intercept)
    scale = rows.scale if isinstance(rows, DenseRows) else 1.0
    standard = Standard(spread.centre, scale, factor, middle, intercept)
    inner = Objective(
        _changed(rows, standard), objective.loss, objective.penalty, intercept=intercept, units=factor,
        meter=objective.meter,
    )  # fmt: skip
    return Framed(inner, standard)


def _is_worth(rows: DenseRows, intercept: bool) -> bool:
    """Whether rows are not pixels, which share one unit, or are pixels far from 0."""
    if rows.X.dtype != torch.uint8:
        return True
    every = max(1, len(rows) // SAMPLE)
    X = rows.X[::every].double()
    mean, size = X.mean(0), X.std(0, correction=0)
    return intercept and bool(((mean > FAR * size) & (size > 0)).any())


def _factor(objective: Objective, spread: Spread, l2: float, is_uniform: bool) -> Tensor:
    """Powers of two that bring the columns to unit size."""
    scale = objective.rows.scale if isinstance(objective.rows, DenseRows) else 1.0
    size = spread.size * scale
    size = size.amax().expand_as(size) if is_uniform else size
    size = torch.where(size > 0, torch.hypot(size, size.new_tensor(l2**0.5)), 0.0)
    least = max((objective.penalty.l2 / HEAVIEST) ** 0.5, objective.penalty.l1 / HEAVIEST)
    return 1 / power(torch.where(size > 0, size.clamp(min=least), 0.0))


def _middle(rows: Rows, loss: Loss, intercept: bool) -> Tensor:
    """A number amid each regression's targets, (K,); 0 for classes."""
    zero = torch.zeros(rows.outputs, dtype=torch.float64, device=rows.y.device)
    is_shifted = isinstance(loss, SquaredError | Huber | AbsoluteError) and rows.y.is_floating_point()
    if not intercept or not is_shifted:
        return zero
    y = rows.y.double()
    return (y[0] + (y - y[0]).mean(0)).nan_to_num(0.0, 0.0, 0.0)


def _spread(rows: Rows, intercept: bool) -> Spread:
    """Of the rows that count; looked at once a set of rows."""
    if intercept not in rows.spreads:
        found = (
            _sparse_spread(rows, intercept)
            if isinstance(rows, SparseRows)
            else _dense_spread(rows, intercept)
        )
        rows.spreads[intercept] = found
    return rows.spreads[intercept]


def _blocks(rows: DenseRows) -> Iterator[tuple[Tensor, Tensor]]:
    """Stored rows in float64, (B, D), and their shares, (B,)."""
    weights = rows.weights
    for low in range(0, len(rows), BLOCK):
        X = rows.X[low : low + BLOCK].double()
        if weights is None:
            yield X, X.new_full((len(X),), 1 / rows.total)
            continue
        share = weights[low : low + BLOCK]
        yield X[share > 0], share[share > 0] / rows.total


def _dense_spread(rows: Rows, intercept: bool) -> Spread:
    """In three looks: the mean, how far columns reach, and their size, whose squares then neither end."""
    assert isinstance(rows, DenseRows), "rows are dense or sparse"
    centre = rows.X.new_zeros(rows.features, dtype=torch.float64)
    if intercept:
        first = next(X[0] for X, _ in _blocks(rows) if len(X))
        centre = first + torch.stack([share @ (X - first) for X, share in _blocks(rows)]).sum(0)
    reach = torch.stack([(X - centre).abs().amax(0) for X, _ in _blocks(rows) if len(X)]).amax(0)
    inverse = 1 / power(reach)
    squares = [share @ ((X - centre) * inverse).square() for X, share in _blocks(rows)]
    return Spread(centre, torch.stack(squares).sum(0).sqrt() / inverse)


def _sparse_spread(rows: Rows, intercept: bool) -> Spread:
    assert isinstance(rows, SparseRows), "rows are dense or sparse"
    X, D = rows.X.tocsc(), rows.features
    share = np.ones(len(rows)) if rows.weights is None else rows.weights.numpy()
    data, share = X.data.astype(np.float64), share[X.indices] / rows.total
    column = np.repeat(np.arange(D), np.diff(X.indptr))
    held = np.bincount(column, share, D)
    full = np.diff(X.indptr) == len(rows)
    first = np.zeros(D)
    first[full] = data[X.indptr[:-1][full]]  # so that a constant column is centred to 0 exactly
    centre = first + np.bincount(column, share * (data - first[column]), D) if intercept else np.zeros(D)
    off = data - centre[column]
    rest = np.where(full, 0.0, np.abs(centre))
    reach = np.maximum(_amax(np.abs(off), X.indptr), rest)
    inverse = 1 / power(torch.from_numpy(reach)).numpy()
    squares = np.bincount(column, share * (off * inverse[column]) ** 2, D)
    squares += np.where(full, 0.0, (1 - held).clip(0)) * (centre * inverse) ** 2
    return Spread(torch.from_numpy(centre), torch.from_numpy(np.sqrt(squares) / inverse))


def _amax(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The largest value of each column of a CSC matrix, 0 of an empty one."""
    if not len(values):
        return np.zeros(len(starts) - 1)
    found = np.maximum.reduceat(np.append(values, 0.0), np.minimum(starts[:-1], len(values)))
    return np.where(np.diff(starts) > 0, found, 0.0)


def _changed(rows: Rows, standard: Standard) -> Rows:
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
