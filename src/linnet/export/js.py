"""One ES module for browsers and node."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Format, Rows, base64_lines, headline, run_module
from linnet.export.tables.js import TABLE
from linnet.model.predictor import Predictor

_FILE = """// {headline}.
// Written by linnet. An ES module without requirements: import {{ predict }} from "./model.mjs".

export const kind = "{kind}";
export const dataset = {dataset};
export const classes = {classes};
export const features = {features};
export const outputs = {outputs};
export const imageShape = {image_shape};
export const scale = {scale};

/**
 * The scores of one row.
 * @param {{ArrayLike<number>}} pixels features as the data set stores them, before scaling
 * @returns {{Float64Array}} one score an output
 */
export function scores(pixels) {{
  if (pixels.length !== features) {{
    throw new RangeError(`expected ${{features}} features, got ${{pixels.length}}`);
  }}
  const result = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {{
    let sum = 0;
    for (let j = 0; j < features; j++) sum += W[k * features + j] * pixels[j];
    result[k] = scale * sum + b[k];
  }}
  return result;
}}

/**
 * {promise} of one row.
 * @param {{ArrayLike<number>}} pixels features as the data set stores them, before scaling
 * @returns {{Float64Array}} one number an output
 */
export function predict(pixels) {{
{predict}
}}

function numbers(base64) {{
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const count = bytes.length / {size};
  return Float{bits}Array.from({{ length: count }}, (_, i) => view.getFloat{bits}(i * {size}, true));
}}

const W = numbers(
{W}
);
const b = numbers("{b}");
"""

_SOFTMAX = """  const logits = {logits};
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);"""

_LOG_SIGMOID = "scores(pixels).map((o) => Math.min(o, 0) - Math.log1p(Math.exp(-Math.abs(o))))"

_DRIVER = """
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [model, rows, made] = process.argv.slice(2);
const { predict, features, outputs } = await import(pathToFileURL(model));
const bytes = readFileSync(rows);
const X = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const count = X.length / features;
const answers = new Float64Array(count * outputs);
for (let i = 0; i < count; i++) {
  answers.set(predict(X.subarray(i * features, (i + 1) * features)), i * outputs);
}
writeFileSync(made, new Uint8Array(answers.buffer));
"""


def render(model: Predictor) -> bytes:
    """The module's source."""
    card = model.card
    lines = [f'  "{line}"' for line in base64_lines(model.W)]
    logits = _LOG_SIGMOID if card.kind == "logistic" else "scores(pixels)"
    regression = card.kind == "regression"
    mean = "scores(pixels).map(Math.exp)" if card.link == "log" else "scores(pixels)"
    source = _FILE.format(
        headline=headline(model), kind=card.kind, dataset=json.dumps(card.dataset),
        classes=json.dumps(card.classes), features=model.features, outputs=model.outputs,
        image_shape=json.dumps(card.image_shape), scale=repr(card.scale),
        promise="The predictions" if regression else "The class probabilities",
        predict=f"  return {mean};" if regression else _SOFTMAX.format(logits=logits),
        size=model.W.itemsize, bits=8 * model.W.itemsize,
        W=" +\n".join(lines), b="".join(base64_lines(model.b)),
    )  # fmt: skip
    return source.encode()


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The answers of the module in node.

    Raises:
        NotCheckedError: there is no node.
        ExportError: node cannot use it.
    """
    with tempfile.TemporaryDirectory(prefix="linnet-") as name:
        folder = Path(name)
        (folder / "rows").write_bytes(X.astype("<f8").tobytes())
        run_module(path, _DRIVER, folder / "rows", folder / "answers")
        return np.fromfile(folder / "answers", "<f8").reshape(len(X), -1), "node"


FORMAT = Format("js", "model.mjs", render, answers, TABLE, (".mjs", ".js"), "one ES module")
