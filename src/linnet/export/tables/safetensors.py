"""Plain W and b of the encoded columns, and the schema that encodes raw rows as JSON in the metadata."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Cells, TableFormat
from linnet.export.program import Program
from linnet.export.tables.cells import encode_cells
from linnet.model import signature
from linnet.model.card import Card
from linnet.model.predictor import Predictor
from linnet.schema.kinds import COLUMN_TYPES
from linnet.schema.schema import Schema


def metadata_of(card: Card, dtype: np.dtype) -> dict[str, str]:
    """What a file of plain weights says of them."""
    schema = {} if card.schema is None else {"schema": json.dumps(card.schema.to_json(), ensure_ascii=False)}
    return {
        "format": "linnet.linear/1",
        "equation": "scores = scale * X W^T + b",
        "kind": card.kind,
        "link": card.link,
        "dtype": str(dtype),
        "scale": repr(card.scale),
        "dataset": card.dataset,
        "classes": json.dumps(card.classes),
        "image_shape": json.dumps(card.image_shape),
        **schema,
        "sha256": signature.UNSIGNED,
    }


def card_of_metadata(said: dict[str, str]) -> Card:
    """The card that the metadata tell."""
    regression = "poisson" if said["link"] == "log" else "squared"
    loss = regression if said["kind"] == "regression" else said["kind"]
    schema = Schema.from_json(json.loads(said["schema"])) if "schema" in said else None
    classes = tuple(json.loads(said["classes"]))
    return Card(said["dataset"], classes, None, float(said["scale"]), loss, schema=schema)


def render(program: Program) -> bytes:
    """The file, with the checksum that linnet's model files carry."""
    from safetensors.numpy import save

    model = program.model
    return signature.sign(save({"W": model.W, "b": model.b}, metadata_of(model.card, model.W.dtype)))


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The answers that follow from the file's tensors and its schema alone."""
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        W, b, card = file.get_tensor("W"), file.get_tensor("b"), card_of_metadata(file.metadata())
    assert card.schema is not None
    X = encode_cells(card.schema, cells)
    return Predictor(W.astype(np.float64), b.astype(np.float64), card).answers(X), "safetensors and numpy"


TABLE = TableFormat(frozenset(COLUMN_TYPES), render, answers)
