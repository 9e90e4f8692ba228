"""Plain W and b with flat metadata, for any reader of safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Format, Rows
from linnet.export.tables.safetensors import TABLE, card_of_metadata, metadata_of
from linnet.model import signature
from linnet.model.predictor import Predictor, answers_of


def render(model: Predictor) -> bytes:
    """The file, with the checksum that linnet's model files carry."""
    from safetensors.numpy import save

    return signature.sign(save({"W": model.W, "b": model.b}, metadata_of(model.card, model.W.dtype)))


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The answers that follow from the file's tensors and metadata alone."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        W, b, card = file.get_tensor("W"), file.get_tensor("b"), card_of_metadata(file.metadata())
    scores = card.scale * (X.astype(np.float64) @ W.T.astype(np.float64)) + b
    return answers_of(scores, card), "safetensors and numpy"


FORMAT = Format(
    "safetensors",
    "plain.safetensors",
    render,
    answers,
    TABLE,
    (".safetensors",),
    "W and b as safetensors",
    b"linnet.linear/",
)
