"""What `linnet evaluate` says of sets of classes, of abstaining, of costs, and of another run beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnet.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.cli.case import Case
    from linnet.evaluate.conformal import Conformal

HINT = (
    "--costs takes a CSV file with a row for each true class and a column for each answer, or what it costs "
    "to miss each class, such as 1,1,5"
)


def conformed(case: Case, alpha: float, randomised: bool, values: dict[str, Any]) -> list[str]:
    """Lines of what conformal sets come to, which is put into `values` too.

    Raises:
        UsageError: α cannot be.
    """
    from linnet.evaluate.conformal import METHODS, coverage, fewest_rows, learn_sets

    kept = case.kept
    rules = [learn_sets(case.seen, alpha, m, randomised=randomised and m == "aps") for m in METHODS]
    values["sets"] = {"learnt_on": kept.source, "rows": len(kept.rows), "randomised": randomised}
    lines = [f"prediction sets, learnt on {len(kept.rows):,} {kept.source}", *case.doubts]
    if len(kept.rows) < fewest_rows(alpha):
        lines.append(
            f"  too few rows for {alpha:g}, which takes {fewest_rows(alpha):,}: each set holds all classes"
        )
    for rule in rules:
        found, expected = coverage(rule, case.judged), rule.expected(len(case.judged))
        values["sets"][rule.method] = {**found.as_dict(), "expected": list(expected)}
        lines.append(
            f"  {rule.method}  hold the class of {found.coverage:.4f} of the rows {found.interval.ends()} "
            f"({found.asked:g} asked, {_range(rule, expected)} by chance), "
            f"{found.mean_size:.2f} classes a set"
        )
    return lines


def _range(rule: Conformal, expected: tuple[float, float]) -> str:
    low, high = expected
    is_tied = rule.method == "aps" and not rule.randomised  # its ties only raise the coverage
    return f"{low:.4f} or more" if is_tied else f"{low:.4f} to {high:.4f}"


def abstained(case: Case, accuracy: float, values: dict[str, Any]) -> list[str]:
    """Lines of the threshold that answers rows with such an accuracy, which are put into `values` too.

    Raises:
        UsageError: the accuracy cannot be, or no threshold gives it.
    """
    from linnet.evaluate.abstain import abstain_curve
    from linnet.evaluate.proportions import proportion

    if not 0 < accuracy <= 1:
        raise UsageError(f"--abstain takes an accuracy above 0 and at most 1, not {accuracy}")
    kept, judged = case.kept, case.judged
    threshold = abstain_curve(case.seen).threshold(accuracy)
    answered = judged.confidence >= threshold
    share, right = proportion(answered), proportion(judged.hits[answered], reason="none is answered")
    values["abstain"] = {
        "asked": accuracy, "threshold": threshold, "learnt_on": kept.source, "rows": len(kept.rows),
        "coverage": share.value, "accuracy": right.value if right.is_defined else None,
        "intervals": {"coverage": share.as_dict(), "accuracy": right.as_dict()},
    }  # fmt: skip
    said = right.reason
    if right.is_defined:
        said = f"{right.value:.4f} of the {share.value:.1%} answered are right {right.ends()}"
    learnt = f"for {accuracy:g} on {len(kept.rows):,} {kept.source}"
    return [f"abstaining below a confidence of {threshold:.4f} ({learnt}): {said}", *case.doubts]


def costly(case: Case, costs: str, values: dict[str, Any]) -> list[str]:
    """Lines of the answers of least expected cost, which are put into `values` too.

    Raises:
        UsageError, ShapeError: the costs are no numbers, or not a row a class and a column an answer.
    """
    from linnet.evaluate.costs import cheapest, mean_cost

    table = _table(costs, len(case.run.card.classes))
    judged = case.judged
    answers = cheapest(judged.probabilities, table)
    before, after = mean_cost(judged, judged.guesses, table), mean_cost(judged, answers, table)
    changed = float((answers != judged.guesses).double().mean())
    values["costs"] = {"likeliest": before, "cheapest": after, "changed": changed}
    return [
        f"costs     {after:.6g} a row by the answers of least expected cost, {before:.6g} by the likeliest; "
        f"they differ on {changed:.1%} of the rows"
    ]


def compared(case: Case, folder: Path, values: dict[str, Any]) -> list[str]:
    """Lines of the comparison with another run, which is put into `values` too."""
    from linnet.cli.choose import open_run
    from linnet.evaluate.compare import compare
    from linnet.evaluate.forecast import forecast

    found = compare(case.judged, forecast(open_run(folder), case.rows))
    values["comparison"] = {"with": str(folder), **found.as_dict()}
    return [f"less {folder}, on the same rows", *(f"  {line}" for line in str(found).splitlines())]


def _table(costs: str, classes: int) -> Tensor:
    """The costs (K, J) of a CSV file, or of a list of what it costs to miss each class."""
    import torch

    from linnet.evaluate.costs import per_class

    path = Path(costs)
    if path.is_file():
        return _costs_of(path, classes)
    try:
        each = [float(cost) for cost in costs.split(",")]
    except ValueError as error:
        missing = "" if "," in costs else f" (there is no file {costs!r})"
        raise UsageError(f"{HINT}: {error}{missing}") from None
    if len(each) != classes:
        raise UsageError(f"--costs needs a number for each of {classes} classes, got {len(each)}")
    return per_class(torch.tensor(each, dtype=torch.float64))


def _costs_of(path: Path, classes: int) -> Tensor:
    """The costs in a CSV file; its columns begin with the classes, and further ones are other answers."""
    import numpy as np
    import torch

    text = path.read_text("utf-8-sig")  # a spreadsheet's mark of UTF-8 is no number
    if not text.strip():
        raise UsageError(f"{HINT}: {path} is empty")
    try:
        table = torch.from_numpy(np.loadtxt(text.splitlines(), delimiter=",", ndmin=2))
    except ValueError as error:
        raise UsageError(f"{HINT}: in {path}, {error}") from None
    if table.shape[0] != classes or table.shape[1] < classes:
        raise ShapeError(
            f"{path} has {table.shape[0]} rows and {table.shape[1]} columns: expected a row for each of "
            f"{classes} classes and a column for each of them, perhaps with more for other answers"
        )
    return table
