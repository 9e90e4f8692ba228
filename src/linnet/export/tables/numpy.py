"""One Python file that takes rows of a table and needs numpy alone."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Cells, TableFormat, base64_lines, headline, run_program
from linnet.export.program import Program
from linnet.export.tables.cells import example_row, with_iso_dates
from linnet.export.tables.numpy_template import FILE
from linnet.export.tables.template import fill_in
from linnet.schema.cells import MISSING, NO_NUMBER

_DRIVER = """
import json, runpy, sys
import numpy as np
model = runpy.run_path(sys.argv[1])
answers = model["predict" if model["KIND"] == "regression" else "predict_proba"]
np.save(sys.argv[3], answers(json.load(open(sys.argv[2], encoding="utf-8"))))
"""

_CLASSIFIER = '''
def predict_proba(rows):
    """The class probabilities of rows, (B, @outputs@), each row summing to 1."""
    logits = @logits@
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def predict(rows):
    """The name of each row's likeliest class."""
    return [CLASSES[k] for k in scores(rows).argmax(1)]
'''

_REGRESSION = '''
def predict(rows):
    """The predictions for rows, (B,), or (B, K) of several outputs."""
    found = @mean@
    return found[:, 0] if found.shape[1] == 1 else found


def predict_proba(rows):
    """Refuse: a regression has no probabilities."""
    raise TypeError("a regression has no probabilities: use predict")
'''


def render(program: Program) -> bytes:
    """The file's source."""
    card, plain = program.model.card, program.to_json()
    functions = fill_in(
        _REGRESSION if card.kind == "regression" else _CLASSIFIER,
        outputs=program.model.outputs,
        logits="-np.logaddexp(0, -scores(rows))  # log sigmoid"
        if card.kind == "logistic"
        else "scores(rows)",
        mean="np.exp(scores(rows))" if card.link == "log" else "scores(rows)",
    )
    lists = {name: "\n".join(f"    {one!a}," for one in plain[name]) for name in ("columns", "factors")}
    return fill_in(
        FILE, headline=headline(program.model), example=ascii(example_row(program)), kind=repr(card.kind),
        dataset=ascii(card.dataset), target=ascii(card.target), classes=ascii(card.classes), **lists,
        products=plain["products"], tables=plain["tables"], missing=ascii(tuple(sorted(MISSING))),
        no_number=ascii(tuple(sorted(NO_NUMBER))), outputs=program.model.outputs,
        functions=functions.rstrip() + "\n", dtype=repr(f"<f{program.weights.itemsize}"),
        W="\n".join(base64_lines(program.weights)), b="".join(base64_lines(program.model.b)),
        dtype_b=repr(f"<f{program.model.b.itemsize}"),
    ).encode()  # fmt: skip


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The answers of the file in a Python of its own, which finds numpy and not linnet's source."""
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        given, made = Path(folder, "rows.json"), Path(folder, "answers.npy")
        given.write_text(json.dumps(with_iso_dates(program, cells)), "utf-8")
        run_program([sys.executable, "-I", "-c", _DRIVER, path, given, made], "Python")
        found = np.load(made)
        return found.reshape(len(found), -1), "Python and numpy"


TABLE = TableFormat(frozenset(("number", "truth", "category", "hash", "date", "text")), render, answers)
