"""One C99 file: a table and a function."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.export.c_source import compile_and_run, number, numbers, string
from linnet.export.formats import Format, Rows, headline
from linnet.export.tables.c import TABLE
from linnet.model.predictor import Predictor

_FILE = """/* {headline}.
 * Written by linnet. C99; link with -lm. For C++ and other files declare
 *     void linnet_predict(const {type} *row, {type} *answers);
 *
 * row: LINNET_FEATURES features as the data set stores them, before scaling.
 * answers: LINNET_OUTPUTS numbers: {promise}.
 */
#include <math.h>

#define LINNET_FEATURES {features}
#define LINNET_OUTPUTS {outputs}
#define LINNET_NUMBER {type}
{image}
void linnet_predict(const {type} *row, {type} *answers);

const int linnet_features = LINNET_FEATURES;
const int linnet_outputs = LINNET_OUTPUTS;
const char *const linnet_dataset = {dataset};
{classes}
static const {type} linnet_b[LINNET_OUTPUTS] = {{
{b}
}};

static const {type} linnet_W[LINNET_OUTPUTS][LINNET_FEATURES] = {{
{W}
}};

void linnet_predict(const {type} *row, {type} *answers) {{
    double scores[LINNET_OUTPUTS];
    for (int k = 0; k < LINNET_OUTPUTS; k++) {{
        double sum = 0;
        for (int j = 0; j < LINNET_FEATURES; j++) sum += (double)linnet_W[k][j] * row[j];
        scores[k] = {scale} * sum + linnet_b[k];
    }}
{answer}
}}
"""

_CLASSES = """const char *const linnet_classes[LINNET_OUTPUTS] = {{
{names}
}};
"""

_REGRESSION = """    for (int k = 0; k < LINNET_OUTPUTS; k++) answers[k] = ({type}){mean};"""

_SOFTMAX = """{before}    double largest = scores[0], total = 0;
    for (int k = 1; k < LINNET_OUTPUTS; k++) largest = fmax(largest, scores[k]);
    for (int k = 0; k < LINNET_OUTPUTS; k++) total += scores[k] = exp(scores[k] - largest);
    for (int k = 0; k < LINNET_OUTPUTS; k++) answers[k] = ({type})(scores[k] / total);"""

_LOG_SIGMOID = """    for (int k = 0; k < LINNET_OUTPUTS; k++)
        scores[k] = fmin(scores[k], 0) - log1p(exp(-fabs(scores[k])));
"""

SIDES = ("HEIGHT", "WIDTH", "CHANNELS")
"""What the sizes of pictures are called; those in grey have the first two."""

_DRIVER = """#include <stdio.h>
#include <stdlib.h>
extern const int linnet_features, linnet_outputs;
void linnet_predict(const NUMBER *row, NUMBER *answers);
int main(int argc, char **argv) {
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL, *out = in ? fopen(argv[2], "wb") : NULL;
    NUMBER *row = malloc(sizeof *row * linnet_features), *answers = malloc(sizeof *answers * linnet_outputs);
    if (!out || !row || !answers) return 1;
    while (fread(row, sizeof *row, linnet_features, in) == (size_t)linnet_features) {
        linnet_predict(row, answers);
        if (fwrite(answers, sizeof *answers, linnet_outputs, out) != (size_t)linnet_outputs) return 1;
    }
    free(row);
    free(answers);
    return fclose(out);
}
"""


def render(model: Predictor) -> bytes:
    """The file's source, in ASCII."""
    card, regression = model.card, model.card.kind == "regression"
    table = [f"    {{\n{numbers(row)}\n    }}" for row in model.W]
    names = ",\n".join(f"    {string(name)}" for name in card.classes)
    shape = card.image_shape
    kind = _type(model.W.dtype)
    source = _FILE.format(
        headline=headline(model), features=model.features, outputs=model.outputs,
        promise="the predictions" if regression else "the class probabilities",
        image="".join(f"#define LINNET_{side} {n}\n" for side, n in zip(SIDES, shape or (), strict=False)),
        dataset=string(card.dataset), type=kind,
        classes="" if regression else _CLASSES.format(names=names),
        b=numbers(model.b), W=",\n".join(table), scale=number(np.float64(card.scale)),
        answer=_REGRESSION.format(type=kind, mean="exp(scores[k])" if card.link == "log" else "scores[k]")
        if regression else
        _SOFTMAX.format(before=_LOG_SIGMOID if card.kind == "logistic" else "", type=kind),
    )  # fmt: skip
    return source.encode("ascii")


def answers(path: Path, X: Rows) -> tuple[NDArray[np.floating], str]:
    """The answers of the file, compiled here.

    Raises:
        NotCheckedError: there is no C compiler.
        ExportError: it does not compile, or does not run.
    """
    with tempfile.TemporaryDirectory(prefix="linnet-") as name:
        folder = Path(name)
        (folder / "model.c").write_bytes(path.read_bytes())
        (folder / "driver.c").write_text(_DRIVER.replace("NUMBER", _type(X.dtype)), "ascii")
        X.tofile(folder / "rows")
        compiler = compile_and_run(folder, ["model.c", "driver.c"])
        made = np.fromfile(folder / "answers", X.dtype).reshape(len(X), -1)
        return made, f"the C compiler {compiler}"


def _type(dtype: np.dtype) -> str:
    """What rows and answers are in C: what the model's weights are."""
    return "float" if dtype.itemsize == 4 else "double"


FORMAT = Format("c", "model.c", render, answers, TABLE, (".c", ".h"), "one C99 file")
