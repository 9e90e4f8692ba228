"""The tabs' settings as Python and as command lines, each of which runs as it stands."""

from __future__ import annotations

import base64
import json
import pprint
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from linnet.config import Recipe, as_dict
from linnet.data.pictures.prepare import png_of
from linnet.data.pictures.shape import is_color
from linnet.evaluate.evaluation import Evaluation
from linnet.lab.fields import row_of_cells
from linnet.lab.tables import Source
from linnet.model.run import Run
from linnet.record.lines import call, flags, table_flags

NUMBERS = """\
import torch

from linnet.core.functional import cross_entropy, naive_cross_entropy, naive_softmax, softmax
from linnet.core.functional import gumbel_draws
from linnet.device import generator

logits = torch.tensor({logits}, dtype=torch.float64) / {temperature}
target = torch.tensor([{target}])
for dtype in (torch.float16, torch.float32, torch.float64):
    o = logits.to(dtype)
    print(dtype)
    print("  naive ", naive_softmax(o).tolist(), "cross-entropy", naive_cross_entropy(o[None], target).item())
    print("  stable", softmax(o).tolist(), "cross-entropy", cross_entropy(o[None], target).item())
draws = gumbel_draws(logits, {draws}, generator({seed}, "numbers"))
print("frequencies of {draws} draws", draws.frequencies.tolist())
"""

LINE = """\
import torch

import linnet
from linnet.core.losses import by_name
from linnet.train.fit import fit
from linnet.core.step import Trace

points = torch.tensor({points}, dtype=torch.float64)
data = linnet.Dataset(points[:, :1], points[:, 1:], "points")
for name in ("squared", "huber", "absolute"):
    solution = linnet.solve(data, by_name(name, {huber}))
    w, b = solution.value.bank.theta[0].tolist()
    print(f"{{name:8}}  w {{w:.6f}}  b {{b:.6f}}  loss {{solution.stats.objective:.6f}}")
recipe = linnet.Recipe(
    loss="{loss}", huber={huber}, lr={lr}, batch_size={batch_size}, epochs={epochs}, seed={seed},
    dtype="float64", raw_columns=True,
)
trace = Trace()
try:
    fit(data, recipe, step=trace)
except linnet.LinnetError as error:
    print(error)
w, b = trace.points[-1][0].tolist()
print(f"SGD after {{len(trace.points) - 1}} steps  w {{w:.6f}}  b {{b:.6f}}")
"""

TRY = """\
import base64

import linnet
import torch

train, test = {load}
{test}run = {fit}
row = {row}
p = run.probabilities(row[None])[0]
for name, share in zip(train.classes, p.tolist()):
    print(f"{{name:12}} {{share:.6f}}")

parts = linnet.contributions(run, row){by_pixel}
print("scores", [round(score, 6) for score in parts.scores.tolist()])
image = {image}  # {what}
print("pixels that speak for it most", (-image).argsort()[:10].tolist())

evaluation = linnet.Evaluation(run, test, train)
rule = linnet.learn_sets(evaluation.on_calibration_split, {alpha}, "{method}")
names = [name for name, held in zip(train.classes, rule.sets(p[None])[0].tolist()) if held]
found = linnet.coverage(rule, evaluation)
print("set", names, f"learnt on {{rule.rows}} {{evaluation.calibration_split.source}}")
print(f"coverage of the test rows {{found.coverage:.4f}}, {{found.mean_size:.2f}} classes a set")
"""

TRY_COMMAND = """\
{train}
{predict}linnet evaluate runs/try --sets {alpha}
"""

TRY_CELLS = """\
import linnet

train, test = {load}
run = {fit}
row = {row}
print(linnet.predict(run, [row]).to_string(index=False))
"""

TRY_CELLS_COMMAND = """\
{train}
printf '%s\\n' {row} > row.jsonl
linnet predict runs/try row.jsonl
"""

PREDICT = """\
echo {png} | base64 -d > picture.png
linnet predict runs/try picture.png --no-invert
"""


class Code(BaseModel):
    """The two texts; `command` is empty where no command does the same."""

    python: str
    command: str


def render_table(name: str, values: Mapping[str, Sequence[Any]]) -> str:
    """A dictionary of lists in Python, a key a line."""
    return (
        f"{name} = {{\n"
        + "".join(f"    {key!r}: {list(several)!r},\n" for key, several in values.items())
        + "}"
    )


def render_load(source: Source, data_dir: Path | None) -> str:
    """The call that loads a data set."""
    folder = [] if data_dir is None or source.is_sent else [repr(str(data_dir))]
    return call("linnet.load", [repr(source.name), *folder], source.table)


def render_command(name: str, source: Source, options: Mapping[str, Any], data_dir: Path | None) -> str:
    """A linnet command on a data set, with its options."""
    folder = {} if data_dir is None or source.is_sent else {"data_dir": str(data_dir)}
    words = [*flags({"data": source.name}), *table_flags(source.table), *flags({**options, **folder})]
    return shlex.join(["linnet", name, *words])


def render_heredoc(python: str) -> str:
    """A command for a shell that runs a script."""
    return f"python - <<'END'\n{python}END\n"


def render_try(
    evaluation: Evaluation, source: Source, row: int | None, picture: np.ndarray | None, k: int,
    other: int | None, data_dir: Path | None, *, alpha: float, method: str,
) -> tuple[str, str]:  # fmt: skip
    """The Try tab as Python and as a command; empty where the model was not trained by a recipe.

    Args:
        evaluation: of the model.
        source: its data.
        row: the number of a test row; None for a picture.
        picture: uint8, (height, width) or (height, width, 3); None for a row that is no picture.
        k: the class whose score is explained.
        other: the class that it is held against; None for none.
        data_dir: the folder with the data sets' files.
        alpha: of the prediction sets.
        method: of the prediction sets.
    """
    run, settings = evaluation.run, recipe_of(evaluation.run)
    if settings is None:
        return "", ""
    card = run.card
    image = f"parts.parts[{k}]" if other is None else f"parts.between({k}, {other})"
    against = "" if other is None else f" against {card.classes[other]}"
    python = TRY.format(
        load=render_load(source, data_dir), fit=call("linnet.fit", ["train"], {**settings, "show": False}),
        test="test = train\n" if evaluation.rows is evaluation.train else "",
        row=_row(run, row, picture), image=image,
        by_pixel=".by_pixel(train.image_shape)" if is_color(card.image_shape) else "",
        what=f"for {card.classes[k]}{against}".replace("\n", " "), alpha=alpha, method=method,
    )  # fmt: skip
    train = render_command("train", source, {**settings, "out": "runs/try"}, data_dir)
    predict = "" if picture is None else PREDICT.format(png=base64.b64encode(png_of(picture)).decode())
    return python, TRY_COMMAND.format(train=train, predict=predict, alpha=alpha)


def render_cells(
    run: Run, source: Source, cells: Mapping[str, Any], data_dir: Path | None
) -> tuple[str, str]:
    """A row of a table that is asked about as Python and as a command; empty as in `render_try`.

    Args:
        run: of a model of a table.
        source: its data.
        cells: by the names of columns.
        data_dir: the folder with the data sets' files.
    """
    settings = recipe_of(run)
    if settings is None or run.card.schema is None:
        return "", ""
    row = row_of_cells(run.card.schema, cells)
    python = TRY_CELLS.format(
        load=render_load(source, data_dir), fit=call("linnet.fit", ["train"], {**settings, "show": False}),
        row=pprint.pformat(row, sort_dicts=False),
    )  # fmt: skip
    train = render_command("train", source, {**settings, "out": "runs/try"}, data_dir)
    line = shlex.quote(json.dumps(row, ensure_ascii=False))
    return python, TRY_CELLS_COMMAND.format(train=train, row=line)


def recipe_of(run: Run) -> dict[str, object] | None:
    """What was asked for beside the book's values; None where the run was not trained by a recipe."""
    if run.fitted is None:
        return None
    usual, request = as_dict(Recipe().resolved(bool(run.card.classes))), as_dict(run.fitted)
    names = [name for name in request if name not in ("threads", "device")]
    said = () if run.card.schema is None else ("epochs", "batch_size")  # by the rows, where none is given
    return {name: request[name] for name in names if name in said or usual.get(name) != request[name]}


def _row(run: Run, row: int | None, picture: np.ndarray | None) -> str:
    """The row as Python: one of the test rows, or the bytes of a picture."""
    if row is not None or picture is None:
        return f"test.X[{row}]"
    text = base64.b64encode(picture.tobytes()).decode()
    scale = round(1 / run.card.scale) / 255
    times = "" if scale == 1 else f" * {scale!r}"
    return (
        f'torch.frombuffer(bytearray(base64.b64decode(\n    "{text}"\n)), dtype=torch.uint8).double(){times}'
    )
