"""`Rows`, `DenseRows`: the rows of a problem, read in blocks: products of all of them with θ, and back.

A product with all rows is what an iteration of any solver costs. `Rows.sweep` is both products in one
pass: scores, something elementwise, and back, while a block is still in the processor's cache.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from linnet.core.losses import Loss
from linnet.data.dataset import Dataset
from linnet.device import map_in_threads
from linnet.errors import UsageError
from linnet.solvers.problem.sparse_grams import SparseColumns

if TYPE_CHECKING:
    from typing_extensions import Self

BLOCK = 512
"""Rows converted at once, at least: with 785 columns of float32 they are 1.6 MB. A float copy of all of
Fashion-MNIST makes no pass faster: 34 ms with it (and 188 MB), 30 ms without, both products, two threads."""

NUMBERS = 2**17
"""Of few columns as many rows are taken at once as have so many numbers, for a call costs as much as its work
on some thousands."""

ALL = slice(None)
"""All rows."""

Elementwise = Callable[[Tensor, slice], Tensor]
"""What stands between two products: scores of some rows, (K, B), to what is multiplied back, (K, B)."""


class Rows(ABC):
    """N rows of D features with a column of ones for the bias, and their targets.

    Layout: θ is (K, D + 1), weights and then the bias, as in `linnet.core.bank`; scores are (K, N).

    Args:
        y: class indices (N,), or floating (N, K).
        outputs: K.
        weights: how much each row counts, (N,), or None.
        dtype: of the products, float32 or float64. Sums over blocks are float64 whatever it is.
    """

    X: Any
    classes: tuple[str, ...] = ()
    """The classes' names, where they are known."""

    def __init__(self, y: Tensor, outputs: int, weights: Tensor | None, dtype: torch.dtype) -> None:
        self.y, self.outputs, self.dtype = y, outputs, dtype
        self.weights = None if weights is None else weights.double()
        self.total = float(len(y)) if self.weights is None else float(self.weights.sum())
        self.spreads: dict[bool, Any] = {}  # found by `standard`, with a bias and without
        self._refuse_empty()

    def _refuse_empty(self) -> None:
        """Refuse rows of which none counts."""
        if not len(self):
            raise UsageError("there are no rows to solve for: the data set is empty")
        if not self.total > 0:
            raise UsageError(
                "every row has weight 0, so there are no rows that count: give some a weight above 0"
            )

    def __len__(self) -> int:
        return len(self.y)

    @property
    def everyone(self) -> int:
        """How many rows there are, with those of other processes."""
        return len(self)

    @property
    def counts(self) -> Tensor:
        """How much each row counts, (N,), float64: 1 where there are no weights. Not to be written to."""
        if self.weights is not None:
            return self.weights
        return torch.ones(1, dtype=torch.float64, device=self.y.device).expand(len(self))

    @property
    def shares(self) -> Tensor:
        """Each row's share of the mean, (N,), float64. Not to be written to."""
        if self.weights is not None:
            return self.weights / self.total
        return (self.counts[:1] / self.total).expand(len(self))

    @property
    def features(self) -> int:
        """D, the columns without that of ones."""
        return self.X.shape[1]

    @abstractmethod
    def scores(self, theta: Tensor) -> Tensor:
        """θ X1ᵀ, (K, N), X1 being the scaled features and a column of ones."""

    @abstractmethod
    def gradient_of(self, G: Tensor) -> Tensor:
        """G X1, (K, D + 1), float64, of G (K, N)."""

    def dense(self, index: Tensor) -> Tensor:
        """Some rows of X1 as floats, scaled, with the last column of ones, (B, D + 1), in `dtype`."""
        return self.columns(index, torch.arange(self.features + 1, device=self.y.device))

    @abstractmethod
    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """Some of `dense`'s columns of some rows, (B, P), by their numbers in order; D is that of ones."""

    def sparse_columns(self, index: Tensor, features: Tensor) -> SparseColumns | None:
        """The same of sparse rows, where their products are quicker so; else None."""
        return None

    def with_dtype(self, dtype: torch.dtype) -> Self:
        """The same rows with products of another dtype."""
        same = copy.copy(self)
        same.dtype = dtype
        return same

    def sample(self, index: Tensor) -> Self:
        """Some rows, with their targets and weights."""
        same = copy.copy(self)
        weights = None if self.weights is None else self.weights[index]
        Rows.__init__(same, self.y[index], self.outputs, weights, self.dtype)
        same._hold_(index)
        return same

    @abstractmethod
    def _hold_(self, index: Tensor) -> None:
        """Keep some of the stored rows."""

    @abstractmethod
    def squares(self, C: Tensor) -> Tensor:
        """Σ_i c_ji x_ij², (J, D + 1), of C (J, N): sums of squared features."""

    @abstractmethod
    def is_finite(self) -> bool:
        """Whether no feature is NaN or infinite."""

    @abstractmethod
    def square_norms(self) -> Tensor:
        """‖x_i‖² of each row without the column of ones, (N,), float64."""

    def sweep(self, theta: Tensor, elementwise: Elementwise) -> tuple[Tensor, Tensor]:
        """Scores, something elementwise, and back.

        Args:
            theta: (K, D + 1).
            elementwise: called with the scores of some rows and where they stand, from several threads.

        Returns:
            The scores, (K, N), and the sum over rows of what it gives times X1, (K, D + 1), float64.
        """
        scores = self.scores(theta)
        return scores, self.gradient_of(elementwise(scores, ALL))

    def join(self, *sums: Tensor) -> list[Tensor]:
        """Sums over these rows as those over all: of several processes each may have some rows."""
        return list(sums)

    def most(self, value: float) -> float:
        """The largest of what is found of these rows and, likewise, of others."""
        return value

    def targets(self) -> Iterator[tuple[Tensor, slice]]:
        """Targets as dense numbers, (K, B), some rows at a time, and which."""
        yield Loss.encode(self.y, self.outputs, torch.float64), ALL

    def target(self, part: slice | Tensor = ALL) -> Tensor:
        """The targets of some rows as a loss takes them: indices (B,), or dense (K, B)."""
        y = self.y[part]
        return y.T.to(self.dtype) if y.is_floating_point() else y


def height_of(columns: int, outputs: int) -> int:
    """The rows that are taken at once."""
    return max(BLOCK, NUMBERS // max(columns, outputs))


class DenseRows(Rows):
    """The rows of a data set, which stay as they are stored: a block at a time is converted.

    Each thread that torch may use takes a run of blocks and computes alone, which for ten classes is twice as
    fast as sharing each small product among the threads.

    Args:
        dataset: the rows; they stay on its device.
        dtype: of the products.

    Raises:
        UsageError: there are no rows that count.
    """

    def __init__(self, dataset: Dataset, dtype: torch.dtype = torch.float32) -> None:
        super().__init__(dataset.y, dataset.outputs, dataset.weights, dtype)
        self.dataset, self.X, self.scale, self.classes = dataset, dataset.X, dataset.scale, dataset.classes
        self.height = height_of(self.features + 1, self.outputs)

    def scores(self, theta: Tensor) -> Tensor:
        """See `Rows.scores`."""
        return self._read(theta, None, None)[0]

    def gradient_of(self, G: Tensor) -> Tensor:
        """See `Rows.gradient_of`."""
        return self._read(None, None, G.to(self.dtype))[1]

    def sweep(self, theta: Tensor, elementwise: Elementwise) -> tuple[Tensor, Tensor]:
        """See `Rows.sweep`."""
        return self._read(theta, elementwise, None)

    def dense(self, index: Tensor) -> Tensor:
        """See `Rows.dense`; once a minibatch of gradient descent, so without the search for columns."""
        X = self._real(self.X[index])
        return torch.cat([X, X.new_ones(len(X), 1)], 1)

    def columns(self, index: Tensor, features: Tensor) -> Tensor:
        """See `Rows.columns`."""
        inner, X = features[features < self.features], self.X[index]
        X = self._real(X) if len(inner) == self.features else self._real(X[:, inner], inner)
        return torch.cat([X, X.new_ones(len(index), len(features) - len(inner))], 1)

    def _real(self, X: Tensor, features: Tensor | slice = slice(None)) -> Tensor:
        """Stored numbers of some columns as the products take them."""
        return X.to(self.dtype) * self.scale

    def _hold_(self, index: Tensor) -> None:
        self.dataset = self.dataset.rows(index)
        self.X = self.dataset.X

    def squares(self, C: Tensor) -> Tensor:
        """See `Rows.squares`."""
        sums = self.X.new_zeros(len(C), self.features + 1, dtype=self.dtype)
        for X1, part in self._blocks(range(-(-len(self) // self.height))):
            sums += C[:, part] @ (X1 * self.scale).square_()
        return sums

    def is_finite(self) -> bool:
        """See `Rows.is_finite`."""
        stored = self.dataset.stored  # none of a stream, whose rows are checked as they are read
        return not stored.is_floating_point() or bool(stored.sum(dtype=torch.float64).isfinite())

    def square_norms(self) -> Tensor:
        """See `Rows.square_norms`."""
        wide = self.with_dtype(torch.float64)
        return torch.cat([wide._real(X).square().sum(1) for X in self.X.split(self.height)])

    def _read(
        self, theta: Tensor | None, elementwise: Elementwise | None, G: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Go through all blocks once; a run of blocks a thread."""
        theta = None if theta is None else theta.to(self.dtype)
        scores = self.X.new_empty(0 if theta is None else len(theta), len(self), dtype=self.dtype)
        blocks = -(-len(self) // self.height)
        workers = min(torch.get_num_threads(), blocks) if self.X.device.type == "cpu" else 1
        bounds = [blocks * worker // workers for worker in range(workers + 1)]

        def run(worker: int) -> Tensor:
            return self._run(range(bounds[worker], bounds[worker + 1]), theta, elementwise, G, scores)

        first, *others = map_in_threads(run, range(workers))
        return scores, torch.stack([first, *others]).sum(0) if others else first

    def _run(
        self,
        blocks: range,
        theta: Tensor | None,
        elementwise: Elementwise | None,
        G: Tensor | None,
        scores: Tensor,
    ) -> Tensor:
        """Some blocks, one after another: fill their scores, and add up what is multiplied back."""
        outputs = len(scores) if G is None else len(G)
        sums = self.X.new_zeros(outputs, self.features + 1, dtype=torch.float64)
        for X1, part in self._blocks(blocks):
            if theta is not None:
                torch.mul(theta @ X1.T, self.scale, out=scores[:, part])  # (K, B)
            if elementwise is not None:
                sums += elementwise(scores[:, part], part) @ X1
            elif G is not None:
                sums += G[:, part] @ X1
        return sums * self.scale

    def _part(self, block: int) -> slice:
        """Where a block stands."""
        return slice(block * self.height, min((block + 1) * self.height, len(self)))

    def _blocks(self, blocks: range) -> Iterator[tuple[Tensor, slice]]:
        """Blocks as floats with a last column of 1/scale, (B, D + 1), in one buffer, and where they stand."""
        buffer = self.X.new_empty(min(self.height, len(self)), self.features + 1, dtype=self.dtype)
        buffer[:, -1] = 1 / self.scale
        for part in map(self._part, blocks):
            X1 = buffer[: part.stop - part.start]
            X1[:, :-1].copy_(self.X[part])
            yield X1, part
