"""`ReadFeatures`: features that are no array, of which rows are dense, and in memory, when they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from linnet.errors import UsageError
from linnet.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

CELLS = 2**23
"""Numbers that are dense at a time where all rows are read: 64 MiB."""


class ReadFeatures(ABC):
    """N rows of D features, where `Dataset.X` may also be a tensor: `X[index]` are rows, dense, (B, D)."""

    called: ClassVar[str]
    """What messages call the rows."""

    ndim = 2
    shape: tuple[int, int]

    @property
    def device(self) -> torch.device:
        """Always the CPU."""
        return torch.device("cpu")

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def __getitem__(self, index: Tensor | NDArray[Any] | slice | int) -> Tensor:
        """Some rows, dense, (B, D); a single one, (D,), by a number."""

    @property
    @abstractmethod
    def numpy_dtype(self) -> np.dtype[Any]:
        """Of the numbers."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the numbers."""
        return getattr(torch, str(self.numpy_dtype))

    def is_floating_point(self) -> bool:
        """Whether the numbers are."""
        return self.numpy_dtype.kind == "f"

    def element_size(self) -> int:
        """Bytes of a number when it is dense."""
        return self.numpy_dtype.itemsize

    def new_empty(self, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """A tensor beside these, as a tensor makes one."""
        return torch.empty(shape, dtype=dtype or self.dtype)

    def new_zeros(self, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """A tensor of zeros beside these, as a tensor makes one."""
        return torch.zeros(shape, dtype=dtype or self.dtype)

    @property
    @abstractmethod
    def digest(self) -> Iterator[NDArray[Any]]:
        """Arrays that tell these features from all others."""

    @abstractmethod
    def take_rows(self, index: Tensor | NDArray[Any] | slice) -> Self:
        """Some rows, as they are kept."""

    def split(self, rows: int) -> Iterator[Tensor]:
        """All rows, dense, at most so many at a time, and fewer where they are long."""
        height = max(1, min(rows, CELLS // max(1, self.shape[1])))
        return (self[slice(low, low + height)] for low in range(0, len(self), height))

    @abstractmethod
    def times(self, factor: float | NDArray[Any]) -> Self:
        """All numbers times a factor, or each column times its own, (D,)."""

    def to(self, device: torch.device) -> Self:
        """The same features: they are computed with on the CPU.

        Raises:
            UsageError: another device is asked for.
        """
        if torch.device(device).type != "cpu":
            raise UsageError(
                f"{self.called} are computed with on the CPU, not on {device}: give device='cpu'"
            )
        return self
