"""`score_rows`: a model's scores of a data set's rows, some at a time."""

from __future__ import annotations

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.sparse import SparseFeatures
from linnet.dist.processes import job
from linnet.evaluate.interval import Array
from linnet.model.predictor import Predictor

ROWS_AT_ONCE = 4096


def score_rows(model: Predictor, rows: Dataset) -> Array:
    """Scores before any calibration, or the numbers that are predicted, (N, K); processes share the rows.

    Args:
        model: whose scores these are.
        rows: in its units.
    """
    if isinstance(rows.arrays.X, SparseFeatures):
        return np.asarray(model.scores(rows.arrays.X.matrix))
    processes = job()
    own = processes.share(len(rows), ROWS_AT_ONCE)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers too large for float32
        found = [model.scores(part) for part in rows.arrays.parts(ROWS_AT_ONCE, own)]
    shares = processes.gather(np.concatenate(found) if found else None)
    return np.concatenate([one for one in shares if one is not None])
