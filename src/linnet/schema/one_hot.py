"""`OneHot`: a column of which each cell chooses one of the columns that it becomes, or none."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import Cells
from linnet.schema.columns import Block, Column, Seen


@dataclass(frozen=True)
class OneHot(Column):
    """A column that becomes columns of 0 and 1, at most one of which is 1."""

    @property
    @abstractmethod
    def width(self) -> int:
        """How many columns it becomes."""

    @abstractmethod
    def choose(self, cells: Cells) -> tuple[NDArray[np.intp], Seen]:
        """The column that is 1 for each cell, (N,), −1 where none is; and what was seen."""

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        block = np.empty((len(cells), self.width))
        return block, self.write(cells, block)

    def write(self, cells: Cells, out: NDArray[np.float64]) -> Seen:
        """See `Column.write`."""
        at, seen = self.choose(cells)
        rows = (at >= 0).nonzero()[0]
        out[:] = 0.0
        out[rows, at[rows]] = 1.0
        return seen

    def encode_sparse(self, cells: Cells) -> tuple[Block, Seen]:
        """Cells (N,) as a sparse matrix of scipy, (N, d), where a dense block would be too large."""
        from scipy.sparse import csr_array

        at, seen = self.choose(cells)
        rows = (at >= 0).nonzero()[0]
        return csr_array((np.ones(len(rows)), (rows, at[rows])), shape=(len(cells), self.width)), seen
