"""What OpenAPI says of POST /predict, and a page that shows it without scripts or outside requests."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from linnet.serve.parse import DTYPES, LARGEST
from linnet.serve.predict import Limits
from linnet.train.predictor import Predictor

_ERRORS = {
    "400": "The body is no JSON, or was cut off.",
    "401": "The API key is missing or wrong.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large.",
    "415": "The content type is none of these, or the model takes no pictures.",
    "422": "The body does not hold rows of the model's features; the reason names the row and the feature.",
}

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:CanvasText;background:Canvas;color-scheme:light dark}pre{overflow:auto;padding:.75rem;"
    "border:1px solid GrayText;border-radius:4px}h2{margin-top:2.5rem}"
)


def predict_path(model: Predictor, limits: Limits) -> dict[str, Any]:
    """OpenAPI's path item of /predict, with the sizes of the model that answers now."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content: dict[str, Any] = {"application/json": {"schema": _rows(model, limits)}}
    if model.card.image_shape:
        content |= {"image/png": binary, "image/jpeg": binary}
    refused = {"application/json": {"schema": {
        "type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}}}  # fmt: skip
    return {
        "post": {
            "summary": "Predict",
            "operationId": "predict",
            "description": f"Rows of {model.features} features as the data set stores them, before scaling: "
            "as JSON, as plain little-endian numbers one row after another (application/octet-stream; see "
            "x-raw), or as one picture.",
            "parameters": [
                _parameter("dtype", ["float32", "uint8"], "Of a raw body; it needs one."),
                _parameter(
                    "invert", ["true", "false"], "Of a picture; decided by its border when not given."
                ),
            ],
            "requestBody": {"required": True, "content": content, "x-raw": _raw(model, limits)},
            "responses": {
                "200": {
                    "description": "The answers.",
                    "content": {"application/json": {"schema": _answers(model)}},
                },
                **{code: {"description": why, "content": refused} for code, why in _ERRORS.items()},
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
    row = _table(model.features, bounds) | {"minItems": 1, "maxItems": limits.rows}
    return {
        "type": "object",
        "properties": {"rows": row},
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
        said["probabilities"] = _table(model.outputs, {})
    else:
        said["predictions"] = _table(model.outputs, {})
    return {"type": "object", "properties": said, "required": list(said)}


def page(openapi: dict[str, Any]) -> str:
    """The description as an HTML page."""
    info = openapi["info"]
    parts = [f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>", _EXAMPLES]
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2>{method.upper()} {escape(path)}</h2>")
            parts.append(f"<p>{escape(operation.get('description', operation['summary']))}</p>")
            shown = {
                key: operation[key] for key in ("parameters", "requestBody", "responses") if key in operation
            }
            text = escape(json.dumps(shown, indent=2, ensure_ascii=False))
            parts.append(f"<details><summary>Schema</summary><pre>{text}</pre></details>")
    body = "\n".join(parts)
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>linnet</title>"
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


_EXAMPLES = """<p>The same as data: <a href="openapi.json">openapi.json</a>.</p>
<pre>curl -H 'content-type: application/json' -d '{"rows": [[0, 0.5, ...]]}' HOST/predict
curl -H 'content-type: application/octet-stream' --data-binary @rows.bin 'HOST/predict?dtype=uint8'
curl -H 'content-type: image/png' --data-binary @shirt.png HOST/predict</pre>"""
