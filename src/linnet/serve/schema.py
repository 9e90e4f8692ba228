"""The OpenAPI description of POST /predict."""

from __future__ import annotations

from typing import Any

from linnet.i18n import say
from linnet.model.predictor import Predictor
from linnet.serve.media import INVERT, PICTURES
from linnet.serve.parse import DTYPES, LARGEST, Limits

REFUSALS = ("400", "401", "408", "413", "415", "422", "431", "503")
"""Statuses of refusals."""


def predict_path(model: Predictor, limits: Limits) -> dict[str, Any]:
    """OpenAPI's path item of /predict, with the sizes of the model that answers now."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content: dict[str, Any] = {"application/json": {"schema": _rows(model, limits)}}
    if model.card.image_shape:
        content |= {"image/png": binary, "image/jpeg": binary}
    said = {"detail": {"type": "string"}, "example": {"type": "string", "description": "A line that works."}}
    refused = {"application/json": {"schema": {
        "type": "object", "properties": said, "required": ["detail"]}}}  # fmt: skip
    return {
        "post": {
            "summary": "Predict",
            "operationId": "predict",
            "description": f"Rows of {model.features} features as the data set stores them, before scaling: "
            "as JSON, as plain little-endian numbers one row after another (application/octet-stream; see "
            "x-raw), as an .npy file (application/x-npy), or as one picture "
            f"({', '.join(PICTURES)}). One file may also come in a "
            "form (multipart/form-data), with dtype and invert as fields. A body may be gzip'd "
            "(content-encoding).",
            "parameters": [
                _parameter("dtype", [*DTYPES], "Of a raw body; it needs one."),
                _parameter("invert", [*INVERT], "Of a picture; decided by its border when not given."),
            ],
            "requestBody": {"required": True, "content": content, "x-raw": _raw(model, limits)},
            "responses": {
                "200": {
                    "description": "The answers.",
                    "content": {"application/json": {"schema": _answers(model)}},
                },
                **{
                    code: {"description": say(f"serve.refusal.{code}", "en"), "content": refused}
                    for code in REFUSALS
                },
            },
        }
    }


def _raw(model: Predictor, limits: Limits) -> dict[str, Any]:
    """What JSON Schema cannot say of a raw body: that it is whole rows, of a size that hangs on `dtype`."""
    return {
        "contentType": "application/octet-stream",
        "byteOrder": "little-endian",
        "bytesPerRow": {name: model.features * dtype.itemsize for name, dtype in DTYPES.items()},
        "maxRows": limits.rows,
    }


def _parameter(name: str, values: list[str], description: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": values}
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _rows(model: Predictor, limits: Limits) -> dict[str, Any]:
    bounds = {"minimum": -LARGEST, "maximum": LARGEST}
    rows = _table(model.features, bounds) | {"minItems": 1, "maxItems": limits.rows}
    if model.card.image_shape:
        height, width = model.card.image_shape
        rows["description"] = f"A row may also be {height} lists of {width} numbers."
    return {
        "type": "object",
        "properties": {"rows": rows},
        "required": ["rows"],
        "additionalProperties": False,
    }


def _table(width: int, bounds: dict[str, float]) -> dict[str, Any]:
    row = {"type": "array", "items": {"type": "number", **bounds}, "minItems": width, "maxItems": width}
    return {"type": "array", "items": row}


def _answers(model: Predictor) -> dict[str, Any]:
    said: dict[str, Any] = {"model": {"type": "string", "description": "SHA-256 of the model that answered."}}
    if model.card.classes:
        names = {"type": "string", "enum": list(model.card.classes)}
        said["classes"] = {"type": "array", "items": names, "description": "Each row's likeliest class."}
        order = "The probabilities of the classes, in the order of /model's card."
        said["probabilities"] = _table(model.outputs, {}) | {"description": order}
    else:
        said["predictions"] = _table(model.outputs, {})
    required = list(said)
    if model.card.image_shape:
        why = "Why there is no answer to a picture on which nothing is to be seen, and what was done to it."
        said["nothing"] = {"type": "string", "description": why}
    return {"type": "object", "properties": said, "required": required}
