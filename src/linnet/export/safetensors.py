"""Plain W and b with flat metadata, for any reader of safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Format, Rows
from linnet.model import signature
from linnet.model.card import Card
from linnet.model.predictor import Predictor, answers_of


def render(model: Predictor) -> bytes:
    """The file, with the checksum that linnet's model files carry."""
    from safetensors.numpy import save

    card = model.card
    metadata = {
        "format": "linnet.linear/1",
        "equation": "scores = scale * X W^T + b",
        "kind": card.kind,
        "link": card.link,
        "dtype": str(model.W.dtype),
        "scale": repr(card.scale),
        "dataset": card.dataset,
        "classes": json.dumps(card.classes),
        "image_shape": json.dumps(card.image_shape),
        "sha256": signature.UNSIGNED,
    }
    return signature.sign(save({"W": model.W, "b": model.b}, metadata))


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The answers that follow from the file's tensors and metadata alone."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        W, b, said = file.get_tensor("W"), file.get_tensor("b"), file.metadata()
    scores = float(said["scale"]) * (X.astype(np.float64) @ W.T.astype(np.float64)) + b
    regression = "poisson" if said["link"] == "log" else "squared"
    loss = regression if said["kind"] == "regression" else said["kind"]
    card = Card(said["dataset"], tuple(json.loads(said["classes"])), None, float(said["scale"]), loss)
    return answers_of(scores, card), "safetensors and numpy"


FORMAT = Format("safetensors", "plain.safetensors", render, answers)
