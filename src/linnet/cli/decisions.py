"""Lines and JSON of `linnet evaluate`: prediction sets, abstaining, costs, the baseline, another run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import linnet
from linnet.cli.console import open_run
from linnet.dist.processes import job
from linnet.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from linnet.core.conformal import Conformal
    from linnet.evaluate.interval import Array
    from linnet.evaluate.score import Score

HINT = (
    "--costs takes a CSV file with a row for each true class and a column for each answer, or what it costs "
    "to miss each class, such as 1,1,5"
)


LEARNT = "  those are the rows that it is measured on here, so figures are biased: take the test part"


def warn(evaluation: linnet.Evaluation) -> None:
    """Say on stderr if the rows to judge the run by may be rows that it has learnt."""
    from linnet.evaluate.rows import is_trained_on

    run, name = evaluation.run, evaluation.rows.name
    if evaluation.part != "train" and evaluation.holds_training:
        print(
            f"linnet: {name} holds rows that the run was trained on, so its figures are better "
            "than on new rows: --part test leaves them out",
            file=sys.stderr,
        )
        return
    if name == run.card.dataset and is_trained_on(run, evaluation.train) is False:
        print(
            f"linnet: {name} has changed since the run was trained on it, or is read otherwise since, so "
            "rows that it is judged by may be rows that it has learnt",
            file=sys.stderr,
        )


def doubts(evaluation: linnet.Evaluation) -> list[str]:
    """Lines that say why what is learnt on the calibration split may be optimistically biased."""
    found = []
    if not evaluation.calibration_split.is_unseen:
        found.append("  the model has seen those rows, so expect less: train with --validation")
    if evaluation.holds_training:
        found.append("  those are among the training rows it is measured on here: take the test part")
    if evaluation.part == "validation":
        found.append(LEARNT)
    return found


def report_prediction_sets(
    evaluation: linnet.Evaluation, alpha: float, randomised: bool, values: dict[str, Any]
) -> list[str]:
    """Lines of what conformal sets come to, which is put into `values` too.

    Raises:
        UsageError: α cannot be.
    """
    from linnet.core.conformal import METHODS, fewest_rows

    kept = evaluation.calibration_split
    rules = [
        linnet.learn_sets(evaluation.on_calibration_split, alpha, m, randomised=randomised and m == "aps")
        for m in METHODS
    ]
    values["sets"] = {"learnt_on": kept.source, "rows": len(kept.rows), "randomised": randomised}
    lines = [f"prediction sets, learnt on {len(kept.rows):,} {kept.source}", *doubts(evaluation)]
    if len(kept.rows) < fewest_rows(alpha):
        lines.append(
            f"  too few rows for {alpha:g}, which takes {fewest_rows(alpha):,}: each set holds all classes"
        )
    for rule in rules:
        found, expected = linnet.coverage(rule, evaluation), rule.expected(len(evaluation))
        values["sets"][rule.method] = {**found.as_dict(), "expected": list(expected)}
        lines.append(
            f"  {rule.method}  hold the class of {found.coverage:.4f} of the rows {found.interval.ends()} "
            f"({found.asked:g} asked, {_range(rule, expected)} by chance), "
            f"{found.mean_size:.2f} classes a set"
        )
    return lines


def report_prediction_intervals(
    evaluation: linnet.Evaluation, alpha: float, values: dict[str, Any]
) -> list[str]:
    """Lines of what conformal intervals of a regression come to, which are put into `values` too.

    Raises:
        UsageError: α cannot be.
    """
    from linnet.core.conformal import fewest_rows

    kept = evaluation.calibration_split
    rule = linnet.learn_intervals(evaluation.on_calibration_split, alpha)
    head = [f"prediction intervals, learnt on {len(kept.rows):,} {kept.source}", *doubts(evaluation)]
    values["sets"] = {"learnt_on": kept.source, "rows": len(kept.rows), "spread": rule.spread}
    if len(kept.rows) < fewest_rows(alpha):
        values["sets"]["half_widths"] = None
        return [
            *head,
            f"  too few rows for {alpha:g}, which takes {fewest_rows(alpha):,}: no interval is kept to",
        ]
    found, (low, high) = linnet.interval_coverage(rule, evaluation), rule.expected(len(evaluation))
    values["sets"] |= {**found.as_dict(), "expected": [low, high], "half_widths": list(rule.half_widths)}
    unit = " √μ" if rule.spread == "root" else ""
    widths = ", ".join(f"±{width:.6g}{unit}" for width in rule.half_widths)
    return [
        *head,
        f"  {widths}  hold the number of {found.coverage.value:.4f} of the rows {found.coverage.ends()} "
        f"({found.asked:g} asked, {low:.4f} to {high:.4f} by chance); {found.below:.4f} lie below, "
        f"{found.above:.4f} above",
    ]


def keep_rules(
    evaluation: linnet.Evaluation, alpha: float | None, accuracy: float | None, method: str
) -> list[str]:
    """Keep what was learnt in the run's folder, for the rows that it is to answer; and what to say of it.

    Raises:
        UsageError: there is nothing to keep, or too few rows.
    """
    if alpha is None and accuracy is None:
        raise UsageError("--keep keeps what --sets and --abstain learn: give one of them, such as --sets 0.1")
    run = evaluation.run
    assert run.folder is not None, "it was read from one"
    rules = linnet.learn_rules(evaluation, alpha=alpha, accuracy=accuracy, method=method)
    if job().is_first:
        run.with_rules(rules).save_model(run.folder)
    named = {
        "sets": f"prediction sets ({method})",
        "intervals": "prediction intervals",
        "abstention": "abstaining",
    }
    kept = " and ".join(named[name] for name in rules.to_json())
    return [f"kept in {run.folder}, so that linnet predict answers by it: {kept}"]


def _range(rule: Conformal, expected: tuple[float, float]) -> str:
    low, high = expected
    is_tied = rule.method == "aps" and not rule.randomised  # its ties only raise the coverage
    return f"{low:.4f} or more" if is_tied else f"{low:.4f} to {high:.4f}"


def report_abstaining(evaluation: linnet.Evaluation, accuracy: float, values: dict[str, Any]) -> list[str]:
    """Lines of the threshold that answers rows with such an accuracy, which are put into `values` too.

    Raises:
        UsageError: the accuracy cannot be, or no threshold gives it.
    """
    from linnet.evaluate.interval import proportion

    if not 0 < accuracy <= 1:
        raise UsageError(f"--abstain takes an accuracy above 0 and at most 1, not {accuracy}")
    kept = evaluation.calibration_split
    threshold = linnet.abstain_curve(evaluation.on_calibration_split).threshold(accuracy)
    answered = evaluation.confidence >= threshold
    share, right = proportion(answered), proportion(evaluation.hits[answered], reason="none is answered")
    values["abstain"] = {
        "asked": accuracy, "threshold": threshold, "learnt_on": kept.source, "rows": len(kept.rows),
        "coverage": share.value, "accuracy": right.value if right.is_defined else None,
        "intervals": {"coverage": share.as_dict(), "accuracy": right.as_dict()},
    }  # fmt: skip
    said = right.reason
    if right.is_defined:
        said = f"{right.value:.4f} of the {share.value:.1%} answered are right {right.ends()}"
    learnt = f"for {accuracy:g} on {len(kept.rows):,} {kept.source}"
    return [f"abstaining below a confidence of {threshold:.4f} ({learnt}): {said}", *doubts(evaluation)]


def report_costs(evaluation: linnet.Evaluation, costs: str, values: dict[str, Any]) -> list[str]:
    """Lines of the answers of least expected cost, which are put into `values` too.

    Raises:
        UsageError, ShapeError: the costs are no numbers, or not a row a class and a column an answer.
    """
    from linnet.evaluate.confidence.decisions import cheapest, mean_cost

    table = _table(costs, len(evaluation.run.card.classes))
    answers = cheapest(evaluation.probabilities, table)
    before, after = (mean_cost(evaluation, each, table) for each in (evaluation.predictions, answers))
    changed = float((answers != evaluation.predictions).mean())
    values["costs"] = {"likeliest": before, "cheapest": after, "changed": changed}
    return [
        f"costs     {after:.6g} a row by the answers of least expected cost, {before:.6g} by the likeliest; "
        f"they differ on {changed:.1%} of the rows"
    ]


def report_comparison(
    evaluation: linnet.Evaluation,
    folder: Path,
    values: dict[str, Any],
    data: str | None = None,
    data_dir: Path | None = None,
) -> list[str]:
    """Lines of the comparison with another run, which is put into `values` too.

    A model of other columns of a table reads the rows by its own schema.

    Raises:
        UsageError: its rows are others.
    """
    run = open_run(folder)
    other = linnet.Evaluation(run, evaluation.whole) if run.card.schema == evaluation.run.card.schema else (
        linnet.Evaluation.named(run, data, part=evaluation.part, data_dir=data_dir)
    )  # fmt: skip
    head = f"less {folder}, on the same rows"
    if evaluation.classes:
        found = linnet.compare(evaluation, other)
        values["comparison"] = {"with": str(folder), **found.as_dict()}
        return [head, *(f"  {line}" for line in str(found).splitlines())]
    from linnet.evaluate.compare import compare_regressions, noise

    gaps = compare_regressions(evaluation, other)
    values["comparison"] = {"with": str(folder), **{name: gap.as_dict() for name, gap in gaps.items()}}
    names = {"rmse": "RMSE", "mae": "MAE"}
    return [
        head,
        *(f"  {names[name]:<9} {gap.text('+.6g')}  {noise(gap.holds_zero)}" for name, gap in gaps.items()),
    ]


def _table(costs: str, classes: int) -> Array:
    """The costs (K, J) of a CSV file, or of a list of what it costs to miss each class."""
    import numpy as np

    from linnet.evaluate.confidence.decisions import per_class

    path = Path(costs)
    is_file = path.is_file()
    text = path.read_text("utf-8-sig") if is_file else costs  # a spreadsheet's mark of UTF-8 is no number
    if not text.strip():
        raise UsageError(f"{HINT}, not {costs!r}" if not is_file else f"{HINT}: {path} is empty")
    try:
        table = np.loadtxt(text.splitlines(), delimiter=",", ndmin=2)
    except ValueError as error:
        missing = "" if is_file or "," in costs else f" (there is no file {costs!r})"
        raise UsageError(f"{HINT}: {f'in {path}, ' * is_file}{error}{missing}") from None
    if not is_file and table.size != classes:
        raise UsageError(f"--costs needs a number for each of {classes} classes, got {table.size}")
    if is_file and (table.shape[0] != classes or table.shape[1] < classes):
        raise ShapeError(
            f"{path} has {table.shape[0]} rows and {table.shape[1]} columns: expected a row for each of "
            f"{classes} classes and a column for each of them, perhaps with more for other answers"
        )
    return table if is_file else per_class(table[0])


def report_baseline(evaluation: linnet.Evaluation, result: Score, values: dict[str, Any]) -> list[str]:
    """Lines of what answers without features come to, which are put into `values` too."""
    from linnet.model.baseline import Baseline, describe_baseline, judge_baseline

    run = evaluation.run
    answers = Baseline.from_json(run.baseline) if run.baseline else Baseline.of(evaluation.rows)
    values["baseline"] = found = answers.figures(evaluation.rows, run.loss)
    accuracy = result.accuracy if result.classes else None
    verdict = judge_baseline(found, result.loss, accuracy, is_solved=run.optimum is not None)
    return [f"baseline  {describe_baseline(found)}", *([verdict] if verdict else [])]
