"""`linnet evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.cells import cell_len

import linnet
from linnet.cli.console import open_run, pad, print_result
from linnet.cli.decisions import (
    LEARNT,
    keep_rules,
    report_abstaining,
    report_baseline,
    report_comparison,
    report_costs,
    report_prediction_intervals,
    report_prediction_sets,
    warn,
)
from linnet.cli.options import DataDir, Flag, Json, OtherData, Part, Randomised
from linnet.dist.processes import job
from linnet.errors import UsageError

SHARES = ("precision", "recall", "f1")
UNDEFINED = "–"
"""As of `linnet.evaluate.interval`, which is imported with numpy."""

if TYPE_CHECKING:
    from linnet.evaluate.assess import Assessment
    from linnet.evaluate.score import Score


PARTS = {
    "all": "rows, all that are there", "train": "training rows", "test": "test rows",
    "validation": "validation rows",
}  # fmt: skip
"""The parts of the data, for people."""


def evaluate(
    run: Path | None = None,
    *,
    part: Part = None,
    intervals: Flag = False,
    top_k: Annotated[list[int] | None, Parameter(negative="")] = None,
    positive: str | None = None,
    calibrate: Literal["temperature", "vector", "none"] | None = None,
    sets: float | None = None,
    randomised: Randomised = False,
    method: Literal["lac", "aps"] = "lac",
    abstain: float | None = None,
    keep: Flag = False,
    costs: str | None = None,
    compare: Path | None = None,
    data: OtherData = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Score a run's model: loss, accuracy, each class's precision, recall and F1, and its calibration.

    Examples

        linnet evaluate runs/first

        linnet evaluate runs/first --intervals --top-k 2 --top-k 5

        linnet evaluate runs/first --calibrate temperature --sets 0.1

        linnet evaluate runs/houses --sets 0.1 --keep

        linnet evaluate runs/first --abstain 0.95 --costs 1,1,1,1,1,1,5,1,1,1

        linnet evaluate runs/first --compare runs/second --json

    Parameters
    ----------
    run
        The run's folder; the newest under runs/ when not given.
    intervals
        Give 95 % intervals of every figure.
    top_k
        Give the share of rows whose class is among the k likeliest, too; may be repeated.
    positive
        Of two classes the one that precision, recall, F1, ROC AUC and average precision are of; the second
        when not given.
    calibrate
        Learn a calibration on the run's validation rows (a fifth of its training rows if it kept none, never
        the test rows) and keep it in the run: one temperature, a scale and shift a class, or none again.
    sets
        Learn conformal prediction sets on the same rows, of a regression prediction intervals, to miss the
        class or number in this share of rows, such as 0.1, and say what they come to.
    method
        Of the sets that --keep keeps: lac has the smallest on average, aps tells hard rows from easy ones.
    abstain
        Learn, on the same rows, the confidence below which nothing is said so that this share of the answers
        is right, such as 0.95, and say what it comes to.
    keep
        Keep in the run what --sets and --abstain have learnt: linnet predict then gives each row's set or
        interval and says of which it abstains. What was kept before is replaced.
    costs
        What mistakes cost: a CSV file with a row for each true class and a column for each answer, or a
        number for each class that is missed, such as 1,1,5. Says what answers of least expected cost come
        to; they are only as good as the probabilities, so calibrate first.
    compare
        Another run, to say whether the two differ beyond noise on these rows.
    """
    opened = open_run(run)
    from linnet.evaluate.rows import describe_weights
    from linnet.evaluate.score import Score

    asked = (top_k, positive, calibrate, abstain is not None, costs, randomised)
    if not opened.card.classes and any(asked):
        raise UsageError(
            "--top-k, --positive, --calibrate, --randomised, --abstain and --costs are for classes"
        )
    if keep and randomised:
        raise UsageError("--keep keeps no rule that draws at random: leave out --randomised")
    if randomised and sets is None:
        raise UsageError("--randomised is of prediction sets: give their error too, such as --sets 0.1")
    evaluation = linnet.Evaluation.named(opened, data, part=part, data_dir=data_dir)
    warn(evaluation)
    notes: list[str] = []
    if calibrate is not None:
        evaluation, note = _calibrate(evaluation, calibrate)
        notes.append(note)
    result = Score.of(evaluation)
    values: dict[str, Any] = {
        "run": str(opened.folder), "dataset": evaluation.rows.name, "part": evaluation.part,
        "holds_training_rows": evaluation.holds_training, **result.as_dict(),
    }  # fmt: skip
    if opened.origin is not None and not opened.origin.has_held_out and evaluation.holds_training:
        notes.append(
            f"no rows of {evaluation.rows.name} were held out, so figures are of the rows it was fitted to"
        )
        values["note"] = notes[-1]
    if weighing := describe_weights(opened, evaluation.rows):
        notes.append(weighing)
        values["weights"] = weighing
    lines = [*notes, f"{opened.folder} on {evaluation.rows.name}, {result.rows:,} {PARTS[evaluation.part]}"]
    if opened.card.classes:
        lines += _assess(evaluation, result, intervals, top_k or [], positive, values)
    else:
        lines += _regress(evaluation, result, intervals, values, json or intervals)
    lines += report_baseline(evaluation, result, values)
    if sets is not None and opened.card.classes:
        lines += report_prediction_sets(evaluation, sets, randomised, values)
    elif sets is not None:
        lines += report_prediction_intervals(evaluation, sets, values)
    if abstain is not None:
        lines += report_abstaining(evaluation, abstain, values)
    if costs is not None:
        lines += report_costs(evaluation, costs, values)
    if compare is not None:
        lines += report_comparison(evaluation, compare, values, data, data_dir)
    if keep:
        lines += keep_rules(evaluation, sets, abstain, method)
    elif calibrate is not None:  # last, so that what is refused leaves the run as it was
        assert opened.folder is not None, "it was read from one"
        if job().is_first:
            evaluation.run.save_model(opened.folder)
    print_result(lambda: values, lambda: lines, json)


def _calibrate(evaluation: linnet.Evaluation, kind: str) -> tuple[linnet.Evaluation, str]:
    """The evaluation of the run with a calibration, which is yet to be kept; and what to say of it."""
    run = evaluation.run
    if kind == "none":
        return evaluation.with_run(run.calibrated(None)), "the calibration was taken away"
    made = linnet.calibrate(run, evaluation.train, kind)
    found = made.card.calibration
    assert found is not None
    what = f"temperature {found.temperature:.4g}" if kind == "temperature" else "a scale and a shift a class"
    seen = " (the model has seen them: train with --validation to have others)" * (
        found.source == "training rows"
    )
    note = f"calibration: {what}, learnt on {found.rows:,} {found.source}{seen}, kept in {run.folder}"
    if evaluation.part == "validation":
        note = f"{note}\n{LEARNT}"
    return evaluation.with_run(made), note


def _assess(
    evaluation: linnet.Evaluation,
    result: Score,
    intervals: bool,
    top: list[int],
    positive: str | None,
    values: dict[str, Any],
) -> list[str]:
    """Lines of a classifier's figures, which are put into `values` too."""
    from linnet.evaluate.score import loss_name

    found = linnet.assess(evaluation, top=top, intervals=intervals, positive=positive)
    calibration = evaluation.run.card.calibration
    values["assessment"] = found.as_dict()
    values["calibrated"] = None if calibration is None else vars(calibration)
    loss = loss_name(evaluation.run.card)
    values["loss_of"], values["positive"] = loss, found.positive or None
    return [*report(result, found, loss, intervals), *_calibration(found, calibration is not None)]


def _regress(
    evaluation: linnet.Evaluation, result: Score, intervals: bool, values: dict[str, Any], has_ends: bool
) -> list[str]:
    """Lines of a regression's figures, which are put into `values` too."""
    from linnet.evaluate.interval import LEVEL
    from linnet.evaluate.score import loss_name

    found = linnet.regression_figures(evaluation, level=LEVEL if has_ends else None)
    values["errors"] = {name: interval.as_dict() for name, interval in found.items()}
    values["loss_of"], values["target"] = loss_name(evaluation.run.card), evaluation.run.card.target or None
    lines = [f"loss      {result.loss:.6g} ({values['loss_of']})"]
    lines[:0] = [f"predicts  {evaluation.run.card.target}"] if evaluation.run.card.target else []
    about = "" if evaluation.run.has_intercept else " (about the mean)"
    r2, d2 = f"R²{about}", f"D²{about}"
    shapes = {"rmse": ("RMSE", ".6g"), "mae": ("MAE", ".6g"), "r2": (r2, ".6f"), "d2": (d2, ".6f")}
    for name, (said, form) in {name: shapes[name] for name in found}.items():
        shown = found[name].text(form)
        lines.append(f"{said:<9} {shown if intervals else shown.split(' ')[0]}")
        if found[name].reason and (intervals or not found[name].is_defined):
            lines.append(f"          {UNDEFINED}  {found[name].reason}")
    for said, values_of in ((r2, result.r2), (d2, result.d2)):
        if len(values_of) > 1:
            each = ", ".join(UNDEFINED if value != value else f"{value:.6f}" for value in values_of.tolist())
            lines.append(f"{said} of each output  {each}")
    return lines


def report(result: Score, found: Assessment, loss: str, intervals: bool = False) -> list[str]:
    """A classifier's figures as lines."""
    from linnet.evaluate.assess import figure_name

    names = {name: figure_name(name, found.positive) for name in found.whole}
    lines = [f"loss      {result.loss:.6g} ({loss})"]
    if found.positive:
        other = next(name for name in result.classes if name != found.positive)
        lines.append(f"positive  {found.positive} (--positive {other} takes the other class)")
    for name, interval in found.whole.items():
        shown = str(interval) if intervals or not interval.is_defined else f"{interval.value:.4f}"
        lines.append(f"{pad(names[name], 9)} {shown}")
    width = max(cell_len(name) for name in ("class", *result.classes))
    return [*lines, *_class_lines(found, result, width, intervals), *reasons(found)]


def reasons(found: Assessment) -> list[str]:
    """A line for each reason why a figure is a dash, or has no interval."""
    classes: dict[str, dict[str, list[str]]] = {}
    for name, figure, why in found.undefined:
        classes.setdefault(why, {}).setdefault(name, []).append(figure.replace("_", " "))
    lines = []
    for why, each in classes.items():
        said = "; ".join(f"{name} ({', '.join(figures)})" for name, figures in each.items())
        lines.append(f"{UNDEFINED}  {why}: {said}")
    bare = {name: one.reason for name, one in found.whole.items() if one.is_defined and one.reason}
    return [*lines, *(f"[{UNDEFINED}]  {name.replace('_', ' ')}: {why}" for name, why in bare.items())]


def _class_lines(found: Assessment, result: Score, width: int, intervals: bool) -> list[str]:
    """A line a class: its figures, and without intervals what it is most often taken for."""
    form = "{!s:<23}" if intervals else "{:>9}"
    names = list(next(iter(found.classes.values())))
    names = names if intervals else [name for name in names if name in SHARES]
    heads = [form.format(name.replace("_", " ").replace("f1", "F1")) for name in names]
    lines = [
        "  ".join([pad("class", width), *heads, *([] if intervals else ["most often taken for"])]).rstrip()
    ]
    for k, (name, figures) in enumerate(found.classes.items()):
        shown = [
            form.format(figures[one] if intervals else figures[one].text().split(" ")[0]) for one in names
        ]
        rest = [] if intervals else [_mistake(result, k)]
        lines.append("  ".join([pad(name, width), *shown, *rest]).rstrip())
    return lines


def _calibration(found: Assessment, is_calibrated: bool) -> list[str]:
    """What to say of the confidence."""
    noise = found.expected_ece
    said = ", ".join(
        f"{table.ece:.4f} in {table.bins} bins of equal {name} ({noise[name]:.4f} expected when calibrated)"
        for name, table in found.calibration.items()
    )
    return [f"ECE       {said}{', calibrated' if is_calibrated else ''}"]


def _mistake(result: Score, k: int) -> str:
    """The class that rows of class k are most often mistaken for."""
    row = result.confusion[k].copy()
    row[k] = 0
    return f"{result.classes[int(row.argmax())]} ({float(row.max()):g})" if float(row.max()) else UNDEFINED
