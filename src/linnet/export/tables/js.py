"""One ES module that takes a row of a table as an object."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Cells, TableFormat, base64_lines, headline, run_module
from linnet.export.program import Program
from linnet.export.tables.cells import example_row, with_iso_dates
from linnet.export.tables.js_template import FILE, LOG_SIGMOID, SOFTMAX
from linnet.export.tables.template import fill_in
from linnet.schema.cells import MISSING, NO_NUMBER

_DRIVER = """
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [model, rows, made] = process.argv.slice(2);
const { predict, outputs } = await import(pathToFileURL(model));
const given = JSON.parse(readFileSync(rows, "utf-8"));
const answers = new Float64Array(given.length * outputs);
given.forEach((row, i) => answers.set(predict(row), i * outputs));
writeFileSync(made, new Uint8Array(answers.buffer));
"""


def render(program: Program) -> bytes:
    """The module's source, in ASCII."""
    model, card, plain = program.model, program.model.card, program.to_json()
    mean = "scores(row).map(Math.exp)" if card.link == "log" else "scores(row)"
    logits = LOG_SIGMOID if card.kind == "logistic" else "scores(row)"
    is_regression = card.kind == "regression"
    return fill_in(
        FILE, headline=headline(model), example=json.dumps(example_row(program)), kind=card.kind,
        dataset=json.dumps(card.dataset), target=json.dumps(card.target), classes=json.dumps(card.classes),
        outputs=model.outputs, columns=_lines(plain["columns"]), factors=_lines(plain["factors"]),
        promise="The predictions" if is_regression else "The class probabilities",
        predict=f"  return {mean};" if is_regression else fill_in(SOFTMAX, logits=logits),
        missing=json.dumps(sorted(MISSING)), no_number=json.dumps(sorted(NO_NUMBER)),
        products=json.dumps(plain["products"]), tables=json.dumps(plain["tables"]),
        W=" +\n".join(f'  "{line}"' for line in base64_lines(program.weights)) or '  ""',
        bits=8 * program.weights.itemsize, b="".join(base64_lines(model.b)), bits_b=8 * model.b.itemsize,
    ).encode("ascii")  # fmt: skip


def _lines(values: list[object]) -> str:
    return ",\n".join(f"  {json.dumps(value)}" for value in values)


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The answers of the module in node.

    Raises:
        NotCheckedError: there is no node.
        ExportError: node cannot use it.
    """
    given = with_iso_dates(program, cells)
    rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    with tempfile.TemporaryDirectory(prefix="linnet-") as name:
        folder = Path(name)
        (folder / "rows").write_text(json.dumps(rows), "utf-8")
        run_module(path, _DRIVER, folder / "rows", folder / "answers")
        return np.fromfile(folder / "answers", "<f8").reshape(len(rows), -1), "node"


TABLE = TableFormat(frozenset(("number", "truth", "category", "hash", "date", "text")), render, answers)
