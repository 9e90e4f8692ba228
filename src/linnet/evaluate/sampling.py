"""`sample_rows`: of a long stream as many rows as whose scores can be held, drawn at random."""

from __future__ import annotations

import numpy as np

from linnet.data.dataset import Dataset
from linnet.draws import Draws
from linnet.errors import warn

MOST = 1 << 25
"""Scores of a stream's rows that are held at once: 256 MiB, and a few times that for what is made of them."""


def sample_rows(rows: Dataset, outputs: int) -> Dataset:
    """The rows themselves, or of a stream with too many scores some of them, in their order, which is said.

    Args:
        rows: to be scored.
        outputs: K, scores a row.
    """
    count = max(1, MOST // outputs)
    if not rows.is_streamed or len(rows) <= count:
        return rows
    warn(
        f"{rows.name} has {len(rows):,} rows, whose {outputs} scores each are more than are held at once: "
        "loss, accuracy and counts of classes are of all rows, other figures of "
        f"{count:,} that were drawn at random"
    )
    drawn = Draws(0, "rows that are evaluated").permutation(len(rows))[:count]
    return rows.rows(np.sort(drawn))
