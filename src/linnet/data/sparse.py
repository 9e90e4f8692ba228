"""`SparseFeatures`: the features of a sparse matrix, of which a part is made dense when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.data.features import ReadFeatures
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.rows import StreamedRows
from linnet.errors import UsageError
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor

SMALL = 2**22
"""Numbers, zeros too, up to which a sparse matrix is made dense: 32 MiB, a copy that costs nothing."""


class SparseFeatures(ReadFeatures):
    """N rows of D features as scipy's CSR; it stands where `Dataset.X` may also be a tensor.

    Rows that are read, `X[index]`, are dense, (B, D): the whole never is.

    Args:
        matrix: scipy.sparse, (N, D), of any layout and real numbers; float64 unless it is float32.
    """

    called = "sparse rows"

    def __init__(self, matrix: Any) -> None:
        from scipy.sparse import csr_array

        matrix = csr_array(matrix)
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        self.matrix = matrix if matrix.dtype == np.float32 else matrix.astype(np.float64, copy=False)
        self.shape = (int(matrix.shape[0]), int(matrix.shape[1]))

    @classmethod
    def of_tensor(cls, tensor: Tensor) -> SparseFeatures:
        """The features of torch's sparse tensor of any layout, (N, D)."""
        from scipy.sparse import coo_array

        coo = tensor.detach().cpu().to_sparse_coo().coalesce()
        rows, columns = coo.indices().numpy()
        return cls(coo_array((coo.values().numpy(), (rows, columns)), shape=tuple(tensor.shape)))

    def __getitem__(self, index: Tensor | NDArray[Any] | slice | int) -> Tensor:
        """Some rows, dense, (B, D); a single one, (D,), by a number."""
        if isinstance(index, int):
            return self[slice(index, index + 1)][0]
        return torch.from_numpy(self.matrix[_plain(index)].toarray())

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """Of the numbers: float32 or float64."""
        return self.matrix.dtype

    @property
    def entries(self) -> Tensor:
        """The numbers that are stored, in no order that matters."""
        return torch.from_numpy(self.matrix.data)

    @property
    def parts(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Numbers, their columns, and where rows begin, as CSR has them."""
        return self.matrix.data, self.matrix.indices, self.matrix.indptr

    @property
    def nbytes(self) -> int:
        """Of all that is stored."""
        return sum(part.nbytes for part in self.parts)

    @property
    def digest(self) -> Iterator[NDArray[Any]]:
        """See `ReadFeatures.digest`."""
        return iter(self.parts)

    def take_rows(self, index: Tensor | NDArray[Any] | slice) -> SparseFeatures:
        """Some rows, sparse still."""
        return SparseFeatures(self.matrix[_plain(index)])

    def times(self, factor: float | NDArray[Any]) -> SparseFeatures:
        """All numbers times a factor, or each column times its own, (D,)."""
        return SparseFeatures(self.matrix * factor)


def stack(parts: Sequence[Any]) -> Any:
    """The rows of several parts, one after the other, of the type of the first; sparse where one is.

    Args:
        parts: `SparseFeatures`, tensors or arrays; arrays alone make an array, and streams alone a stream.

    Raises:
        UsageError: some are streamed, and some are not.
    """
    if not any(isinstance(part, ReadFeatures) for part in parts):
        first = parts[0]
        if all(isinstance(part, np.ndarray) for part in parts):
            return np.concatenate([part.astype(first.dtype, copy=False) for part in parts])
        first = torch.as_tensor(first)
        return torch.cat([torch.as_tensor(part).to(first) for part in parts])
    streams = [part for part in parts if isinstance(part, StreamedFeatures)]
    if len(streams) == len(parts):
        return StreamedFeatures(StreamedRows.join([one.rows for one in streams]))
    if not all(isinstance(part, SparseFeatures) or not isinstance(part, ReadFeatures) for part in parts):
        raise UsageError("rows of a stream stay in their files, and cannot be joined with others")
    from scipy.sparse import vstack

    matrices = [part.matrix if isinstance(part, SparseFeatures) else _plain(part) for part in parts]
    return SparseFeatures(vstack(matrices))


def _plain(given: Any) -> Any:
    return given.cpu().numpy() if is_tensor(given) else given
