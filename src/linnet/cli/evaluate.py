"""`linnet evaluate`."""

from __future__ import annotations

import json as json_format
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.cells import cell_len

from linnet.errors import UsageError

if TYPE_CHECKING:
    from linnet.cli.case import Case
    from linnet.evaluate.assess import Assessment
    from linnet.evaluate.score import Score


def evaluate(
    run: Path | None = None,
    *,
    part: Literal["test", "train", "all"] | None = None,
    intervals: Annotated[bool, Parameter(negative="")] = False,
    top_k: Annotated[list[int] | None, Parameter(negative="")] = None,
    calibrate: Literal["temperature", "vector", "none"] | None = None,
    sets: float | None = None,
    randomised: Annotated[bool, Parameter(negative="")] = False,
    abstain: float | None = None,
    costs: str | None = None,
    compare: Path | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Score a run's model: loss, accuracy, each class's precision, recall and F1, and its calibration.

    Examples
        linnet evaluate runs/first

        linnet evaluate runs/first --intervals --top-k 2 --top-k 5

        linnet evaluate runs/first --calibrate temperature --sets 0.1

        linnet evaluate runs/first --abstain 0.95 --costs 1,1,1,1,1,1,5,1,1,1

        linnet evaluate runs/first --compare runs/second --json

    Parameters
    ----------
    run
        The run's folder; the newest under runs/ when not given.
    part
        Which part of the data: test, train or all. When not given, all rows of a file that --dataset names;
        otherwise the test rows, or the training rows of data that keep none to test on.
    intervals
        Give 95 % bootstrap intervals of every figure.
    top_k
        Give the share of rows whose class is among the k likeliest, too; may be repeated.
    calibrate
        Learn a calibration on the run's validation rows (a fifth of its training rows if it kept none, never
        the test rows) and keep it in the run: one temperature, a scale and shift a class, or none again.
    sets
        Learn conformal prediction sets on the same rows, to miss the class in this share of rows, such as
        0.1, and say what they come to.
    randomised
        Let the sets of APS be drawn, so that they cover no more than is asked; they may be empty.
    abstain
        Learn, on the same rows, the confidence below which nothing is said so that this share of the answers
        is right, such as 0.95, and say what it comes to.
    costs
        What mistakes cost: a CSV file with a row for each true class and a column for each answer, or a
        number for each class that is missed, such as 1,1,5. Says what answers of least expected cost come
        to; they are only as good as the probabilities, so calibrate first.
    compare
        Another run, to say whether the two differ beyond noise on these rows.
    dataset
        Other data of the same features and classes than the run's own: a name, or a path, all of whose rows
        are scored.
    data_dir
        The folder with the data set's files.
    json
        Print JSON, with the confusion matrix.
    """
    from linnet.cli.case import Case, warn
    from linnet.cli.choose import open_run
    from linnet.cli.decisions import abstained, compared, conformed, costly
    from linnet.evaluate.score import score

    opened = open_run(run)
    asked = (top_k, calibrate, sets is not None, abstain is not None, costs, compare)
    if not opened.card.classes and any(asked):
        raise UsageError("--top-k, --calibrate, --sets, --abstain, --costs and --compare are for classes")
    if randomised and sets is None:
        raise UsageError("--randomised is of prediction sets: give their error too, such as --sets 0.1")
    case = Case.of(opened, part, dataset, data_dir)
    warn(case)
    notes: list[str] = []
    if calibrate is not None:
        case, note = _calibrated(case, calibrate)
        notes.append(note)
    result = score(case.run, case.rows)
    values: dict[str, Any] = {
        "run": str(opened.folder), "dataset": case.rows.name, "part": case.named.part,
        "holds_training_rows": case.named.holds_training, **result.as_dict(),
    }  # fmt: skip
    lines = [*notes, f"{opened.folder} on {case.rows.name}, {result.rows:,} {case.part}"]
    if opened.card.classes:
        lines += _assessed(case, result, intervals, top_k or [], values)
    else:
        lines += _regressed(case, result, intervals, values)
    if sets is not None:
        lines += conformed(case, sets, randomised, values)
    if abstain is not None:
        lines += abstained(case, abstain, values)
    if costs is not None:
        lines += costly(case, costs, values)
    if compare is not None:
        lines += compared(case, compare, values)
    print(json_format.dumps(values, ensure_ascii=False) if json else "\n".join(lines))


def _calibrated(case: Case, kind: str) -> tuple[Case, str]:
    """The case of the run with a calibration, which is kept in its folder; and what to say of it."""
    from linnet.evaluate.scaling import calibrate

    run = case.run
    assert run.folder is not None  # it was read from one
    if kind == "none":
        plain = run.calibrated(None)
        plain.save_model(run.folder)
        return replace(case, run=plain), "the calibration was taken away"
    made = calibrate(run, case.own().train, kind)
    made.save_model(run.folder)
    found = made.card.calibration
    assert found is not None
    what = f"temperature {found.temperature:.4g}" if kind == "temperature" else "a scale and a shift a class"
    seen = " (the model has seen them: train with --validation to have others)" * (
        found.source == "training rows"
    )
    note = f"calibration: {what}, learnt on {found.rows:,} {found.source}{seen}, kept in {run.folder}"
    return replace(case, run=made), note


def _assessed(
    case: Case, result: Score, intervals: bool, top: list[int], values: dict[str, Any]
) -> list[str]:
    """Lines of a classifier's figures, which are put into `values` too."""
    from linnet.evaluate.assess import assess

    found = assess(case.judged, top=top, intervals=intervals)
    calibration = case.run.card.calibration
    values["assessment"] = found.as_dict()
    values["calibrated"] = None if calibration is None else vars(calibration)
    return [*report(result, found, intervals), *_calibration(found, calibration is not None)]


def _regressed(case: Case, result: Score, intervals: bool, values: dict[str, Any]) -> list[str]:
    """Lines of a regression's figures, which are put into `values` too."""
    from linnet.evaluate.regression import errors_of

    found = errors_of(case.run, case.rows).figures()
    errors = {"RMSE": found["rmse"], "MAE": found["mae"]}
    values["errors"] = {name.lower(): interval.as_dict() for name, interval in errors.items()}
    shown = {name: str(one) if intervals else f"{one.value:.6g}" for name, one in errors.items()}
    return [
        f"loss      {result.loss:.6g}",
        *(f"{name:<9} {text}" for name, text in shown.items()),
        "R²        " + ", ".join(f"{value:.6f}" for value in result.r2.tolist()),
    ]


def report(result: Score, found: Assessment, intervals: bool = False) -> list[str]:
    """A classifier's figures as lines."""
    lines = [f"loss      {result.loss:.6g}"]
    for name, interval in found.whole.items():
        if intervals or name.startswith(("accuracy", "top_", "brier", "log_loss")):
            shown = str(interval) if intervals else f"{interval.value:.4f}"
            lines.append(f"{name.replace('_', ' '):<9} {shown}")
    width = max(cell_len(name) for name in ("class", *result.classes))
    if intervals:
        return [*lines, *_class_intervals(found, width)]
    lines.append(f"{padded('class', width)}  precision  recall     F1  most often taken for")
    for k, name in enumerate(result.classes):
        figures = f"{result.precision[k]:9.4f}  {result.recall[k]:6.4f}  {result.f1[k]:6.4f}"
        lines.append(f"{padded(name, width)}  {figures}  {_mistake(result, k)}")
    return lines


def padded(name: str, width: int) -> str:
    """A name and spaces to a width in cells of a terminal, of which a Chinese character takes two."""
    return name + " " * (width - cell_len(name))


def _class_intervals(found: Assessment, width: int) -> list[str]:
    names = next(iter(found.classes.values()))
    heads = "  ".join(f"{name.replace('_', ' '):<23}" for name in names)
    lines = [f"{padded('class', width)}  {heads}".rstrip()]
    for name, figures in found.classes.items():
        shown = "  ".join(f"{figure!s:<23}" for figure in figures.values())
        lines.append(f"{padded(name, width)}  {shown}")
    return lines


def _calibration(found: Assessment, is_calibrated: bool) -> list[str]:
    """What to say of the confidence."""
    noise = found.expected_ece
    said = ", ".join(
        f"{table.ece:.4f} in {table.bins} bins of equal {name} ({noise[name]:.4f} were it perfect)"
        for name, table in found.calibration.items()
    )
    return [f"ECE       {said}{', calibrated' if is_calibrated else ''}"]


def _mistake(result: Score, k: int) -> str:
    """The class that rows of class k are most often mistaken for."""
    row = result.confusion[k].clone()
    row[k] = 0
    return f"{result.classes[int(row.argmax())]} ({int(row.max())})" if int(row.max()) else "-"
