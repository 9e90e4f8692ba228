"""Minibatches as the book has them, from the blocks that training takes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from linnet.data.batches import Batches


def minibatches(
    batches: Batches, epoch: int, dtype: torch.dtype = torch.float32
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch of (X, y), X being floating and scaled, (B, D)."""
    for block in batches.blocks(epoch):
        for X, here, _ in block.minibatches(lambda: False):
            yield X.to(dtype) * batches.dataset.scale, block.y[here]
