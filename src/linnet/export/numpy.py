"""One Python file that needs numpy alone."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Format, Rows, base64_lines, headline, run_program
from linnet.export.tables.numpy import TABLE
from linnet.model.predictor import Predictor

_FILE = '''"""{headline}.

Written by linnet. It needs numpy alone. Rows are as the data set stores them (pixels as 0...{full:g}),
one a row, (B, {features}){images}.
"""

import base64

import numpy as np

KIND = {kind!r}
DATASET = {dataset!a}
CLASSES = {classes!a}
FEATURES = {features}
IMAGE_SHAPE = {image_shape!r}
SCALE = {scale!r}


def scores(rows):
    """The scores of rows, (B, {outputs}), in float64."""
    rows = np.asarray(rows, np.float64)
    rows = rows.reshape(-1, FEATURES) if rows.ndim == 1 else rows.reshape(len(rows), -1)
    if rows.shape[1] != FEATURES:
        raise ValueError(f"expected rows of {{FEATURES}} features, got {{rows.shape[1]}}")
    return SCALE * (rows @ W.T) + b

{functions}

def _array(text, *shape):
    return np.frombuffer(base64.b64decode(text), {dtype!r}).reshape(shape)


W = _array(
    """
{W}
    """,
    {outputs},
    FEATURES,
)
b = _array("{b}", {outputs})
'''

_CLASSIFIER = '''
def predict_proba(rows):
    """The class probabilities of rows, (B, {outputs}), each row summing to 1."""
    logits = {logits}
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def predict(rows):
    """The name of each row's likeliest class."""
    return [CLASSES[k] for k in scores(rows).argmax(1)]
'''

_REGRESSION = '''
def predict(rows):
    """The predictions for rows, (B, {outputs})."""
    return {mean}


def predict_proba(rows):
    """Refuse: a regression has no probabilities."""
    raise TypeError("a regression has no probabilities: use predict")
'''

_DRIVER = """
import runpy, sys
import numpy as np
model = runpy.run_path(sys.argv[1])
answers = model["predict" if model["KIND"] == "regression" else "predict_proba"]
np.save(sys.argv[3], answers(np.load(sys.argv[2])))
"""


def render(model: Predictor) -> bytes:
    """The file's source."""
    card = model.card
    logits = "-np.logaddexp(0, -scores(rows))  # log sigmoid" if card.kind == "logistic" else "scores(rows)"
    mean = "np.exp(scores(rows))" if card.link == "log" else "scores(rows)"
    functions = _REGRESSION if card.kind == "regression" else _CLASSIFIER
    images = f" or as images (B, {', '.join(map(str, card.image_shape))})" if card.image_shape else ""
    source = _FILE.format(
        headline=headline(model), full=1 / card.scale, features=model.features, images=images,
        kind=card.kind, dataset=card.dataset, classes=card.classes, image_shape=card.image_shape,
        scale=card.scale, outputs=model.outputs, dtype=f"<f{model.W.itemsize}",
        functions=functions.format(outputs=model.outputs, logits=logits, mean=mean).rstrip() + "\n",
        W="\n".join(base64_lines(model.W)), b="".join(base64_lines(model.b)),
    )  # fmt: skip
    return source.encode()


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The answers of the file in a Python of its own, which finds numpy and not linnet's source."""
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        given, made = Path(folder, "rows.npy"), Path(folder, "answers.npy")
        np.save(given, X)
        run_program([sys.executable, "-I", "-c", _DRIVER, path, given, made], "Python")
        return np.load(made), "Python and numpy"


FORMAT = Format("numpy", "model.py", render, answers, TABLE, (".py",), "one Python file")
