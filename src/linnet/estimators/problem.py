"""`Problem`: what an estimator asks of a solver, whatever its rows are stored as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from linnet.core.losses import Loss
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.solvers.problem.objective import Objective
from linnet.solvers.problem.rows import DenseRows, Rows
from linnet.solvers.problem.sparse_rows import SparseRows

SMALL = 2**22
"""Numbers in a sparse matrix, zeros too, up to which a dense copy costs nothing worth saving: 32 MiB."""


@dataclass(frozen=True, eq=False)
class Problem:
    """The mean loss of rows and a penalty, to be minimised.

    Args:
        X: rows, (N, D): a tensor, or scipy's CSR.
        y: class indices (N,), int64; or numbers (N, K), floating.
        outputs: K.
        weights: how much each row counts, (N,), or None.
        loss: in score space.
        penalty: of the weights as they stand here; `own_l2` is what of it a person's l2 comes to.
        intercept: whether there is a bias.
    """

    X: Any
    y: Tensor
    outputs: int
    weights: Tensor | None
    loss: Loss
    penalty: Penalty
    intercept: bool = True

    def __len__(self) -> int:
        return len(self.y)

    @property
    def features(self) -> int:
        """D."""
        return self.X.shape[1]

    def own_l2(self, l2: float) -> float:
        """The l2 of these weights that is ½ l2 ‖W‖² of softmax's W, (K, D), or of a regression's.

        Of two classes the weights here are w, by how much the second is ahead. Softmax says the same with the
        rows ±w/2, of which ‖W‖² is ½ ‖w‖² and ‖W‖₁ is ‖w‖₁: half the l2, and the same l1.
        """
        return l2 / 2 if self.loss.is_for_classes and not self.loss.couples_outputs else l2

    def with_penalty(self, l2: float, l1: float) -> Problem:
        """The problem with a penalty on softmax's or a regression's W."""
        return replace(self, penalty=Penalty(self.own_l2(l2), l1))

    @property
    def is_sparse(self) -> bool:
        """Whether the rows are scipy's."""
        return not isinstance(self.X, Tensor)

    @property
    def is_small(self) -> bool:
        """Whether a dense copy of the rows is no matter."""
        return self.X.shape[0] * self.features <= SMALL

    @property
    def dtype(self) -> torch.dtype:
        """Of the products: float32 for rows of float32 or pixels, float64 otherwise."""
        name = str(self.X.dtype).removeprefix("torch.")
        return torch.float32 if name in ("float32", "uint8") else torch.float64

    def dataset(self) -> Dataset:
        """The rows as a data set; those that are sparse are copied."""
        return self._dataset(slice(None))

    def parts(self, rows: int) -> Iterator[Dataset]:
        """The rows as data sets of so many each, one after the other."""
        for low in range(0, len(self.y), rows):
            yield self._dataset(slice(low, low + rows))

    def rows(self) -> Rows:
        """The rows as solvers read them."""
        if not self.is_sparse:
            return DenseRows(self.dataset(), self.dtype)
        if self.is_small:
            return DenseRows(self.dataset(), torch.float64)
        return SparseRows(self.X, self.y, self.outputs, self.weights, self.dtype)

    def objective(self) -> Objective:
        """What is minimised."""
        return Objective(self.rows(), self.loss, self.penalty, intercept=self.intercept)

    def chosen(self, index: np.ndarray) -> Problem:
        """The problem of some rows."""
        places = torch.from_numpy(index).to(self.y.device)
        weights = None if self.weights is None else self.weights[places]
        X = self.X[index] if self.is_sparse else self.X[places]
        return Problem(X, self.y[places], self.outputs, weights, self.loss, self.penalty, self.intercept)

    def dense(self, index: Tensor | slice) -> Tensor:
        """Some rows, (B, D), as they are stored."""
        if isinstance(self.X, Tensor):
            return self.X[index]
        return torch.from_numpy(self.X[index if isinstance(index, slice) else index.numpy()].toarray())

    def _dataset(self, index: Tensor | slice) -> Dataset:
        X = self.dense(index)
        weights = None if self.weights is None else self.weights[index]
        names = () if self.y.is_floating_point() else tuple(str(k) for k in range(self.outputs))
        return Dataset(X, self.y[index], "rows", names, weights=weights)


def as_csr(X: Any) -> Any:
    """A scipy.sparse matrix or array with its entries in order and none twice."""
    X = sparse.csr_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X
