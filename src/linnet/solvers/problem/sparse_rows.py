"""`SparseRows`: rows of a sparse matrix, as they are stored or centred and scaled, without a dense copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.errors import ShapeError
from linnet.solvers.problem.columns import FAR
from linnet.solvers.problem.few import LARGEST, SMALLEST
from linnet.solvers.problem.rows import DenseRows, Rows
from linnet.solvers.problem.sparse_grams import SparseColumns

if TYPE_CHECKING:
    from typing_extensions import Self


class SparseRows(Rows):
    """Rows of a scipy.sparse matrix, of which no dense copy is made.

    Args:
        X: scipy.sparse, (N, D); kept as CSR and its transpose's CSR, which is as much again.
        y: class indices (N,), int64; or floating (N, K).
        outputs: K.
        weights: how much each row counts, (N,), or None.
        dtype: of the products.

    Raises:
        ShapeError: X and y have other numbers of rows.
        UsageError: there are no rows that count.
    """

    def __init__(
        self,
        X: Any,
        y: Tensor,
        outputs: int,
        weights: Tensor | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if X.shape[0] != len(y):
            raise ShapeError(f"X has {X.shape[0]} rows but y has {len(y)}")
        super().__init__(y, outputs, weights, dtype)
        self.near: dict[bool, bool] = {}
        """Whether columns lie near 0, with a bias and without, where that was asked for."""
        self._keep_(X)

    def scores(self, theta: Tensor) -> Tensor:
        """See `Rows.scores`."""
        theta = theta.to(self.dtype)
        products = self.X @ theta[:, :-1].T.contiguous().numpy()  # (N, K)
        return torch.from_numpy(np.ascontiguousarray(products.T)) + theta[:, -1:]

    def gradient_of(self, G: Tensor) -> Tensor:
        """See `Rows.gradient_of`."""
        G = G.to(self.dtype)
        weights = torch.from_numpy(self.XT @ G.T.contiguous().numpy()).T.double()  # (K, D)
        return torch.cat([weights, G.double().sum(1, keepdim=True)], 1)

    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """See `Rows.columns`."""
        inner = features[features < self.features]
        part = self.X[index.numpy()]
        part = part if len(inner) == self.features else part[:, inner.numpy()]
        X = torch.from_numpy(part.toarray())
        return torch.cat([X, X.new_ones(len(index), len(features) - len(inner))], 1)

    def sparse_columns(self, index: Tensor, features: Tensor) -> SparseColumns | None:
        """See `Rows.sparse_columns`."""
        inner = features < self.features
        ones = np.flatnonzero(~inner.numpy())
        is_all = len(index) == len(self) and bool((index == torch.arange(len(self))).all())
        part = self.X if is_all else self.X[index.numpy()]
        S = part[:, features[inner].numpy()].astype(np.float64)
        if len(ones):  # the column of ones, which holds no number but is 1 off
            place = np.flatnonzero(inner.numpy())
            S = sparse.csr_matrix((S.data, place[S.indices], S.indptr), (len(index), len(features)))
        offset = self._offset_of(features[inner])
        every = np.full(len(features), -1.0)
        every[inner.numpy()] = offset
        found = SparseColumns(S, every)
        return found if found.is_worth_it else None

    def _offset_of(self, features: Tensor) -> Any:
        """What is taken off some columns, (P,)."""
        return 0.0

    def with_dtype(self, dtype: torch.dtype) -> Self:
        """See `Rows.with_dtype`."""
        same = super().with_dtype(dtype)
        same._keep_(same.whole)
        return same

    def _keep_(self, X: Any) -> None:
        """Hold the products' matrices in their dtype."""
        self.whole = X
        self.X = X.tocsr().astype(np.float32 if self.dtype == torch.float32 else np.float64, copy=False)
        self.XT = self.X.T.tocsr()

    def _hold_(self, index: Tensor) -> None:
        self.near = {}
        self._keep_(self.whole[index.numpy()])

    def squares(self, C: Tensor) -> Tensor:
        """See `Rows.squares`."""
        sums = torch.from_numpy(self.XT.power(2) @ C.T.contiguous().numpy()).T  # (J, D)
        return torch.cat([sums, C.sum(1, keepdim=True)], 1)

    def is_finite(self) -> bool:
        """See `Rows.is_finite`."""
        return bool(np.isfinite(self.X.data).all())

    def lies_near(self, intercept: bool) -> bool:
        """Whether sums over columns as they stand lose nothing: near 0, if there is a bias, of such sizes."""
        if intercept not in self.near:
            self.near[intercept] = self._lies_near(intercept)
        return self.near[intercept]

    def _lies_near(self, intercept: bool) -> bool:
        """By Cauchy and Schwarz none is far off in which no number is stored for one row in FAR² or more."""
        sizes = np.abs(self.XT.data)
        sizes = sizes if sizes.all() else sizes[sizes > 0]
        if (
            not len(sizes)
            or sizes.max() > LARGEST
            or sizes.min() < SMALLEST
            or self.XT.indices.dtype != np.int32
        ):
            return False
        held = np.diff(self.XT.indptr)
        asked = np.flatnonzero(held if self.weights is not None else held * (1 + 1 / FAR**2) > len(self))
        if not intercept or not len(asked):
            return True
        part, shares = self.XT[asked].astype(np.float64), self.shares.numpy()
        mean, square = part @ shares, part.power(2) @ shares
        return bool((mean * mean <= FAR**2 * (square - mean * mean)).all())

    def square_norms(self) -> Tensor:
        """See `Rows.square_norms`."""
        squares = self.X.astype(np.float64).power(2).sum(1)
        return torch.from_numpy(np.asarray(squares).reshape(-1))


class CentredSparseRows(SparseRows):
    """Sparse rows as (x − m) f, of which no dense copy is made.

    A column that every row has an entry in is centred as it stands. Of the others m f stays implicit: its
    product with W' is taken off the scores, and its share of the sum off the gradient.

    Args:
        rows: as they are stored.
        y: their targets, shifted.
        centre: m, (D,), float64.
        factor: f, (D,), float64.
    """

    def __init__(self, rows: SparseRows, y: Tensor, centre: Tensor, factor: Tensor) -> None:
        X = rows.whole.tocsr().astype(np.float64)
        m, f = centre.numpy(), factor.numpy()
        full = np.bincount(X.indices, minlength=rows.features) == len(rows)
        X.data = (X.data - np.where(full, m, 0.0)[X.indices]) * f[X.indices]
        super().__init__(X, y, rows.outputs, rows.weights, rows.dtype)
        self.classes = rows.classes
        self.offset = torch.from_numpy(np.where(full, 0.0, m * f))  # m f, (D,)

    def scores(self, theta: Tensor) -> Tensor:
        """See `Rows.scores`."""
        level = theta[:, -1].double() - theta[:, :-1].double() @ self.offset
        return super().scores(torch.cat([theta[:, :-1], level[:, None]], 1))

    def gradient_of(self, G: Tensor) -> Tensor:
        """See `Rows.gradient_of`."""
        sums = super().gradient_of(G)
        sums[:, :-1] -= sums[:, -1:] * self.offset
        return sums

    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """See `Rows.columns`."""
        X = super().columns(index, features)
        inner = features[features < self.features]
        X[:, : len(inner)] -= self.offset[inner].to(X)
        return X

    def _offset_of(self, features: Tensor) -> Any:
        return self.offset[features].numpy()

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


def read_rows(dataset: Dataset, dtype: torch.dtype = torch.float32) -> Rows:
    """The rows of a data set as solvers read them, dense or sparse.

    Raises:
        UsageError: there are no rows that count.
    """
    if not isinstance(dataset.X, SparseFeatures):
        return DenseRows(dataset, dtype)
    X = dataset.X if dataset.scale == 1 else dataset.X.times(dataset.scale)
    rows = SparseRows(X.matrix, dataset.y, dataset.outputs, dataset.weights, dtype)
    rows.classes = dataset.classes
    return rows
