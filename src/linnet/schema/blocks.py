"""`join_blocks`: the encoded rows of several columns beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from linnet.schema.cells import Cells
from linnet.schema.columns import Block, Column, Seen
from linnet.schema.one_hot import OneHot

MOST_DENSE = 50_000_000
"""Numbers of categories that are made dense, at 8 bytes each; of more only the ones are kept."""


def is_wide(columns: Sequence[Column], rows: int) -> bool:
    """Whether the levels of so many rows are too many for a dense block."""
    return rows * sum(one.width for one in columns if isinstance(one, OneHot)) > MOST_DENSE


def encode_blocks(
    columns: Sequence[Column], cells: Mapping[str, Cells], *, wide: bool
) -> tuple[Block, dict[str, Seen]]:
    """Columns beside each other, (N, D), and what was seen in each.

    Args:
        columns: fitted.
        cells: of each, (N,), by name.
        wide: whether categories are made sparse.
    """
    blocks, seen = list[Block](), dict[str, Seen]()
    for one in columns:
        encode = one.encode_sparse if wide and isinstance(one, OneHot) else one.encode
        block, seen[one.name] = encode(cells[one.name])
        blocks.append(block)
    return join_blocks(blocks), seen


def join_blocks(blocks: Sequence[Block]) -> Block:
    """The encoded rows of columns beside each other, (N, D): sparse where one of them is."""
    if all(isinstance(block, np.ndarray) for block in blocks):
        return np.column_stack(blocks)
    from scipy.sparse import csr_array, hstack

    return csr_array(hstack([csr_array(block) for block in blocks]))
