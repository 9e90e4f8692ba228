"""Evaluations that tests share."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

from linnet.evaluate.evaluation import Evaluation


def make(rows: int, classes: int = 4, seed: int = 0, sharpness: float = 1.0) -> Evaluation:
    """Labels drawn from the softmax of z; the model says `sharpness` · z, which is calibrated at 1."""
    source = torch.Generator().manual_seed(seed)
    z = 2 * torch.randn(rows, classes, generator=source, dtype=torch.float64)
    labels = torch.multinomial(torch.softmax(z, 1), 1, generator=source)[:, 0]
    return Evaluation.of_scores(sharpness * z, labels, tuple("abcdefgh"[:classes]))


def rows_of(evaluation: Evaluation, rows: slice | np.ndarray) -> Evaluation:
    """Some of its rows, or some of them several times."""
    return Evaluation.of_scores(evaluation.logits[rows], evaluation.targets[rows], evaluation.classes)


evaluations = st.builds(
    make, st.integers(1, 60), st.integers(2, 5), st.integers(0, 10_000), st.floats(0.01, 30)
)
