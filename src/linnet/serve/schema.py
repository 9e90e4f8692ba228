"""The OpenAPI description of POST /predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from linnet.data.pictures.shape import is_color
from linnet.i18n import say
from linnet.model.card import Card
from linnet.model.predictor import Predictor
from linnet.schema.profile import ColumnProfile, profile
from linnet.schema.schema import Schema
from linnet.serve.media import INVERT, PICTURES
from linnet.serve.parse import DTYPES, LARGEST, Limits
from linnet.serve.records import EXTRA

BOUNDS = {"minimum": -LARGEST, "maximum": LARGEST}

LISTED = 20
"""Names of columns and levels that a description lists."""

KIND_WORDS = {
    "number": "a number",
    "truth": "a truth",
    "category": "a level",
    "hash": "a level, of which a hash is taken",
    "date": "a date as text",
    "text": "a text",
}
"""What a cell of a kind is."""

UNSEEN = "had a level that training did not see, or too rarely for a column of its own"

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
            "description": f"{_what(model)}: as JSON, as plain little-endian numbers one row after another "
            "(application/octet-stream; see x-raw), as an .npy file (application/x-npy), or as one picture "
            f"({', '.join(PICTURES)}). One file may also come in a "
            "form (multipart/form-data), with dtype and invert as fields. A body may be gzip'd "
            "(content-encoding).",
            "parameters": [
                _parameter("dtype", [*DTYPES], "Of a raw body; it needs one."),
                _parameter("invert", [*INVERT], _invert(model)),
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


def _what(model: Predictor) -> str:
    """What is asked for."""
    if model.card.schema is None:
        order = (
            "; red, green and blue of each pixel, line by line" if is_color(model.card.image_shape) else ""
        )
        return f"Rows of {model.features} features as the data set stores them, before scaling{order}"
    names = ", ".join(model.card.schema.names[:LISTED])
    return (
        f"Rows of a table by the names of its columns ({names}), raw, in any order; others are let be. "
        "Objects stand in rows, dataframe_records or instances, lists in dataframe_split or by column in "
        "inputs, or the body is a table in text (text/csv) whose first line names the columns. A cell "
        "without a value is null, and it is answered as training would have it, as a level that training "
        f"did not see is; the answer tells of both. Or rows of the {model.features} encoded columns"
    )


def _raw(model: Predictor, limits: Limits) -> dict[str, Any]:
    """What JSON Schema cannot say of a raw body: that it is whole rows, of a size that hangs on `dtype`."""
    return {
        "contentType": "application/octet-stream",
        "byteOrder": "little-endian",
        "bytesPerRow": {name: model.features * dtype.itemsize for name, dtype in DTYPES.items()},
        "maxRows": limits.rows,
    }


def _invert(model: Predictor) -> str:
    if is_color(model.card.image_shape):
        return "Of a picture; not inverted when not given."
    return "Of a picture; decided by its border when not given."


def _parameter(name: str, values: list[str], description: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": values}
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _rows(model: Predictor, limits: Limits) -> dict[str, Any]:
    count = {"minItems": 1, "maxItems": limits.rows}
    rows = _table(model.features, BOUNDS) | count
    if model.card.schema is not None:
        rows["description"] = "Rows of the encoded columns, in the order of /model's card."
        rows = {"anyOf": [{"type": "array", "items": _record(model.card.schema), **count}, rows]}
    elif model.card.image_shape:
        sizes = " lists of ".join(map(str, model.card.image_shape))
        order = ": red, green and blue" if is_color(model.card.image_shape) else ""
        rows["description"] = f"A row may also be {sizes} numbers{order}."
    return {
        "type": "object",
        "properties": {"rows": rows},
        "required": ["rows"],
        "additionalProperties": False,
    }


def _record(schema: Schema) -> dict[str, Any]:
    """A row by column name."""
    profiles = [profile(column) for column in schema.columns]
    return {
        "type": "object",
        "properties": {one.name: _cell(one) for one in profiles},
        "required": [one.name for one in profiles],
        "maxProperties": len(profiles) + EXTRA,
        "example": example_row(schema),
    }


def example_row(schema: Schema) -> dict[str, Any]:
    """A row such as training had, by column name."""
    return {column.name: profile(column).example for column in schema.columns}


def _cell(one: ColumnProfile) -> dict[str, Any]:
    """What JSON Schema can say of a cell: which texts are numbers or dates it cannot."""
    plain = [{"type": "string"}, {"type": "null"}]
    others = [{"type": "number", **(BOUNDS if one.kind == "number" else {})}, {"type": "boolean"}]
    cells = plain if one.kind == "date" or _is_percent(one) else others + plain
    return {"anyOf": cells, "description": _about(one), "example": one.example}


def _is_percent(one: ColumnProfile) -> bool:
    """Whether a column's numbers are written with a sign that a number of JSON does not have."""
    return one.kind == "number" and isinstance(one.example, str)


def _about(one: ColumnProfile) -> str:
    """What a column takes, in words."""
    about = "a number with the sign of percent, as text" if _is_percent(one) else KIND_WORDS[one.kind]
    if one.levels:
        about += f": {', '.join(one.levels[:LISTED])}" + ", …" * (len(one.levels) > LISTED)
    if one.low is not None:
        about += f", in training {one.low} to {one.high}"
    return about + (", in training sometimes missing" if one.had_gaps else ", in training never missing")


def _table(width: int, bounds: dict[str, float]) -> dict[str, Any]:
    row = {"type": "array", "items": {"type": "number", **bounds}, "minItems": width, "maxItems": width}
    return {"type": "array", "items": row}


def _named(model: Predictor) -> dict[str, Any]:
    """The answer to rows by column name."""
    said: dict[str, Any] = {"model": {"type": "string"}}
    names = model.card.output_names(model.outputs)
    number = {"type": "number"}
    numbers = {"type": "object", "properties": dict.fromkeys(names, number), "required": list(names)}
    if model.card.classes:
        classes = {"type": "string", "enum": list(names)}
        said["classes"] = {"type": "array", "items": classes, "description": "Each row's likeliest class."}
        said["probabilities"] = {"type": "array", "items": numbers}
    else:
        said["predictions"] = {"type": "array", "items": number if len(names) == 1 else numbers}
    for name, what in (("missing", "had no value"), ("unseen", UNSEEN)):
        cells = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
        said[name] = {**cells, "description": f"For each row the columns that {what}."}
    said |= _by_rules(model.card, names)
    return {"type": "object", "properties": said, "required": list(said), "additionalProperties": False}


def _by_rules(card: Card, names: Sequence[str]) -> dict[str, Any]:
    """What the rules that the model keeps add to an answer."""
    said: dict[str, Any] = {}
    if card.rules is not None and card.rules.intervals is not None:
        ends: dict[str, Any] = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        each = {"type": "object", "properties": dict.fromkeys(names, ends), "required": list(names)}
        said["intervals"] = {"type": "array", "items": ends if len(names) == 1 else each}
    if card.rules is not None and card.rules.sets is not None:
        held = {"type": "array", "items": {"type": "string", "enum": list(names)}}
        said["sets"] = {"type": "array", "items": held}
    if card.rules is not None and card.rules.abstention is not None:
        said["abstains"] = {"type": "array", "items": {"type": "boolean"}}
    return said


def _answers(model: Predictor) -> dict[str, Any]:
    if model.card.schema is None:
        return _positional(model)
    return {"anyOf": [_named(model), _positional(model) | {"additionalProperties": False}]}


def _positional(model: Predictor) -> dict[str, Any]:
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
