"""`Parameters`: the weights and biases of linear models as arrays, for what does without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import ShapeError

if TYPE_CHECKING:
    from linnet.core.bank import Bank


@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters of M models, side by side as in `Bank`, which they become where torch is wanted.

    Args:
        W: weights, (M·K, D).
        b: biases, (M·K,).
        models: M.

    Raises:
        ShapeError: W and b do not fit, or their rows do not divide by M.
    """

    W: NDArray[np.floating]
    b: NDArray[np.floating]
    models: int = 1

    def __post_init__(self) -> None:
        check_parameters(self.W, self.b, self.models)

    @property
    def outputs(self) -> int:
        """K, the outputs of one model."""
        return len(self.W) // self.models

    def to_bank(self) -> Bank:
        """The bank of the same numbers, with memory of its own."""
        import torch

        from linnet.core.bank import Bank

        W, b = (torch.from_numpy(np.array(one)) for one in (self.W, self.b))
        return Bank.of(W, b, self.models).contiguous()


def check_parameters(W: Any, b: Any, models: int) -> None:
    """Refuse weights and biases, arrays or tensors, that are not those of so many models.

    Raises:
        ShapeError: they are not.
    """
    if W.ndim != 2 or b.shape != W.shape[:1] or W.dtype != b.dtype:
        raise ShapeError(
            f"expected W (M·K, D) and b (M·K,) of one dtype, got {tuple(W.shape)} {W.dtype} "
            f"and {tuple(b.shape)} {b.dtype}"
        )
    if models < 1 or len(W) % models:
        raise ShapeError(f"{len(W)} rows of theta cannot be shared by {models} models")
