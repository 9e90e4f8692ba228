"""`join_blocks`: the encoded rows of several columns beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linnet.schema.columns import Block


def join_blocks(blocks: Sequence[Block]) -> Block:
    """The encoded rows of columns beside each other, (N, D): sparse where one of them is."""
    if all(isinstance(block, np.ndarray) for block in blocks):
        return np.column_stack(blocks)
    from scipy.sparse import csr_array, hstack

    return csr_array(hstack([csr_array(block) for block in blocks]))
