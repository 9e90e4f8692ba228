"""Estimates with their standard errors, tests and intervals, and residuals: their parts of a page."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.evaluate.evaluation import Evaluation
from linnet.folders import RUN, read
from linnet.inference.summary_text import digits_of, number, p_value, test_text
from linnet.plot.drawing import Drawing
from linnet.report.blocks import Block, Facts, Pictures, Table, Text
from linnet.report.subject import Subject

INFERENCE = "inference.json"
LISTED = 60
"""Parameters of an output that are listed."""
OUTPUTS = 12
"""Outputs whose parameters are listed, and of which there are figures at most half as many."""

Array = NDArray[Any]

ENDS = {"+∞": math.inf, "−∞": -math.inf}
LETTERS = {"f_test": "F", "likelihood_ratio": "χ²"}

FIGURES = (
    "rows", "parameters", "degrees_of_freedom", "r2", "adjusted_r2", "residual_deviation", "f_test",
    "mcfadden_r2", "deviance", "dispersion", "log_likelihood", "null_log_likelihood",
    "likelihood_ratio", "aic", "bic",
)  # fmt: skip


def estimates(of: Subject) -> list[Block]:
    """The table of each output and how well it fits."""
    found = _load_inference(of)
    blocks: list[Block] = [Text(_say_remark(of, found["how"]))]
    for fit in found["goodness"][:OUTPUTS]:
        for output in fit["outputs"][:OUTPUTS]:
            blocks += _table(of, found, output)
        blocks.append(Facts(tuple(_facts(of, fit))))
    blocks += [Text(_say_remark(of, remark), "note") for remark in found["remarks"]]
    outputs = sum(len(fit["outputs"]) for fit in found["goodness"])
    rows = len(found["table"]) // max(1, outputs)
    if rows > LISTED or outputs > OUTPUTS:
        blocks.append(of.note("report.all_estimates"))
    return [*blocks, *_draw_estimates(of, found)]


def fit(of: Subject) -> list[Block]:
    """Figures of what the model leaves of the rows that it was fitted to."""
    rows, found = of.train, _load_inference(of)
    weights = np.ones(len(rows)) if rows.arrays.weights is None else rows.arrays.weights
    known = weights > 0
    scores = Evaluation(of.run, rows).scores.astype(np.float64)[known]
    y, w = rows.arrays.y[known], weights[known]
    if found["kind"] == "poisson":
        return _draw_counts(of, np.exp(scores), y, w[:, None] if rows.has_exposure else np.ones((len(y), 1)))
    if found["kind"] != "regression":
        return _draw_bins(of, scores, y, found["kind"])
    return _draw_residuals(of, found, scores, y, w)


def _load_inference(of: Subject) -> dict[str, Any]:
    """The inference as its folder has it; without one it is made again."""
    folder = of.run.folder
    state = None if folder is None or not (folder / RUN).is_file() else read(folder)
    if state is not None and INFERENCE in state.digests:
        return json.loads(state.read(INFERENCE))
    from linnet.inference.infer import infer  # with torch

    options = of.run.solved.inference if of.run.solved else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what it warns of stands in its remarks
        return infer(of.run, of.train, **options).summary()


def _say_remark(of: Subject, remark: Mapping[str, Any]) -> str:
    """A remark in the page's language, with what stands in its blanks where that has a translation."""
    values = {name: _translate(of, value) for name, value in remark["values"].items()}
    return of.say(remark["key"], **values)


def _translate(of: Subject, text: str) -> str:
    return of.translate(text, "inference")


def _table(of: Subject, found: Mapping[str, Any], output: str) -> list[Block]:
    rows = [row for row in found["table"] if row["output"] == output][:LISTED]
    has_p, letter = not found["l2"], "t" if found["kind"] == "regression" else "z"
    tested = (letter, "p") if has_p else ()
    heads = (of.say("report.parameter"), of.say("report.estimate"), of.say("report.std_error"), *tested)
    heads = (*heads, of.say("report.low"), of.say("report.high"), "")
    cells = []
    for row in rows:
        tests = (number(row["statistic"], 3), p_value(row["p"])) if has_p else ()
        digits = digits_of(_read_estimate(row), row["standard_error"])
        figures = (number(_read_estimate(row), digits), number(row["standard_error"], 4), *tests)
        ends = (number(row["low"], digits), number(row["high"], digits), _translate(of, row["note"]))
        name = of.say("report.bias") if row["feature"] == "bias" else str(row["feature"])
        cells.append((name, *figures, *ends))
    if all(not line[-1] for line in cells):
        heads, cells = heads[:-1], [line[:-1] for line in cells]
    title = output
    if found["reference"] is not None:
        title = of.say("report.against_reference", output=output, reference=found["reference"])
    return [Text(title), Table(heads, tuple(cells))]


def _read_estimate(row: Mapping[str, Any]) -> float | None:
    """An estimate; of one that has no number the infinity to which it goes."""
    if row["estimate"] is not None:
        return float(row["estimate"])
    return next((end for text, end in ENDS.items() if text in row["reason"]), None)


def _facts(of: Subject, fit: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = []
    fit = {**fit, "residual_deviation": None if fit["sigma2"] is None else fit["sigma2"] ** 0.5}
    fit["undefined"] = {**fit["undefined"], "residual_deviation": fit["undefined"].get("sigma2", "")}
    for name in FIGURES:
        why = fit["undefined"].get(name, "").partition(":")[0]
        if fit[name] is None and not why:
            continue
        label = of.say(f"report.fit.{name}")
        if name == "r2" and fit["r2_kind"] == "uncentred":
            label = of.say("report.fit.r2_uncentred")
        value = LETTERS[name] + test_text(fit[name]) if name in LETTERS and not why else _format(fit[name])
        facts.append((label, _translate(of, why) if why else value))
    return facts


def _format(value: float | None) -> str:
    return number(value, 8) if isinstance(value, float | int) else "—"


def _draw_estimates(of: Subject, found: Mapping[str, Any]) -> list[Block]:
    """Estimates with their intervals as a figure, where there are any."""
    outputs = list(dict.fromkeys(row["output"] for row in found["table"]))[: OUTPUTS // 2]
    rows = [{**row, "estimate": _read_estimate(row)} for row in found["table"] if row["output"] in outputs]
    if all(row["low"] is None for row in rows if row["feature"] != "bias"):
        return []
    drawing = Drawing("weights:estimates_figure", (rows, found["level"], of.language))
    return [of.picture(drawing, "report.estimates_figure")]


def _draw_residuals(of: Subject, found: Mapping[str, Any], scores: Array, y: Array, w: Array) -> list[Block]:
    """Of a regression: residuals by fitted values, and against normal quantiles."""
    blocks: list[Block] = []
    for k, fit in enumerate(found["goodness"][: OUTPUTS // 2]):
        if not fit["sigma2"]:
            why = fit["undefined"].get("log_likelihood", "")
            blocks.append(Text(f"{fit['outputs'][0]}: {_translate(of, why)}", "missing"))
            continue
        title = fit["outputs"][0] if len(found["goodness"]) > 1 else ""
        left = y[:, k] - scores[:, k]
        if found["weight_kind"] == "precision":
            left = left * np.sqrt(w / w.mean())
        residuals = Drawing("residuals:residuals_figure", (scores[:, k], left, title, of.language))
        shown = (left, fit["sigma2"] ** 0.5, title, of.language)
        blocks.append(Pictures((
            of.picture(residuals, "report.residuals_figure", 440),
            of.picture(Drawing("residuals:quantiles_figure", shown), "report.quantiles_figure", 440),
        )))  # fmt: skip
    return [*blocks, of.note("report.residuals_note")]


def _draw_counts(of: Subject, means: Array, y: Array, exposure: Array) -> list[Block]:
    """Of counts, or of rates that were counted over an exposure: Pearson's residuals by fitted means."""
    pictures = []
    names = of.run.card.output_names(means.shape[1])
    for k in range(min(means.shape[1], OUTPUTS // 2)):
        left = ((y - means) / np.sqrt(means / exposure))[:, k]
        title = names[k] if means.shape[1] > 1 else ""
        drawing = Drawing("residuals:residuals_figure", (means[:, k], left, title, of.language))
        pictures.append(of.picture(drawing, "report.pearson_figure", 440))
    return [Pictures(tuple(pictures)), of.note("report.pearson_note")]


def _draw_bins(of: Subject, scores: Array, y: Array, kind: str) -> list[Block]:
    """Of classes: how much more often each occurs than was said."""
    classes = list(of.run.card.classes)
    rest = np.logaddexp.reduce(scores, 1, keepdims=True) if kind == "softmax" else np.logaddexp(0, scores)
    p = np.exp(scores - rest)
    shares = y if y.dtype.kind == "f" else np.eye(len(classes))[y]
    if not classes:
        classes = ["y"] if p.shape[1] == 1 else [f"y{k}" for k in range(p.shape[1])]
    first = 1 if len(classes) == 2 else 0  # of two, one says it all
    chosen = slice(first, first + OUTPUTS // 2)
    shown = (p[:, chosen], shares[:, chosen], classes[chosen], "", of.language)
    return [
        of.picture(Drawing("residuals:binned_figure", shown), "report.bins_figure"),
        of.note("report.bins_note"),
    ]
