"""What `linnet evaluate` says of answers that need not be the likeliest class: abstaining, and costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnet.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.data.dataset import Dataset
    from linnet.train.run import Run


def abstained(
    run: Run, rows: Dataset, accuracy: float, data_dir: Path | None, values: dict[str, Any]
) -> list[str]:
    """Lines of the threshold that answers rows with such an accuracy, which are put into `values` too.

    Raises:
        UsageError: the accuracy cannot be, or no threshold gives it.
    """
    from linnet.cli.choose import part_of
    from linnet.evaluate.abstain import abstain_curve
    from linnet.evaluate.forecast import forecast
    from linnet.evaluate.held_out import held_out

    if not 0 < accuracy <= 1:
        raise UsageError(f"--abstain takes an accuracy above 0 and at most 1, not {accuracy}")
    kept = held_out(run, part_of(run, "train", None, data_dir))
    threshold = abstain_curve(forecast(run, kept.rows)).threshold(accuracy)
    judged = forecast(run, rows)
    answered = judged.confidence >= threshold
    share = float(answered.double().mean())
    right = float(judged.hits[answered].double().mean()) if share else None
    values["abstain"] = {
        "asked": accuracy, "threshold": threshold, "learnt_on": kept.source, "rows": len(kept.rows),
        "coverage": share, "accuracy": right,
    }  # fmt: skip
    said = "none is answered" if right is None else f"{right:.4f} of the {share:.1%} answered are right"
    learnt = f"for {accuracy:g} on {len(kept.rows):,} {kept.source}"
    lines = [f"abstaining below a confidence of {threshold:.4f} ({learnt}): {said}"]
    if not kept.is_unseen:
        lines.append("  the model has seen those rows, so expect less: train with --validation")
    return lines


def costly(run: Run, rows: Dataset, costs: str, values: dict[str, Any]) -> list[str]:
    """Lines of the answers of least expected cost, which are put into `values` too.

    Raises:
        UsageError, ShapeError: the costs are no numbers, or not a row a class.
    """
    from linnet.evaluate.costs import cheapest, mean_cost
    from linnet.evaluate.forecast import forecast

    table = _table(costs, len(run.card.classes))
    judged = forecast(run, rows)
    likeliest = judged.probabilities.argmax(1)
    answers = cheapest(judged.probabilities, table)
    before, after = mean_cost(judged, likeliest, table), mean_cost(judged, answers, table)
    changed = float((answers != likeliest).double().mean())
    values["costs"] = {"likeliest": before, "cheapest": after, "changed": changed}
    return [
        f"costs     {after:.6g} a row by the answers of least expected cost, {before:.6g} by the likeliest; "
        f"they differ on {changed:.1%} of the rows"
    ]


def _table(costs: str, classes: int) -> Tensor:
    """The costs (K, J) of a CSV file, or of a list of what it costs to miss each class."""
    import numpy as np
    import torch

    from linnet.evaluate.costs import per_class

    try:
        if Path(costs).is_file():
            return torch.from_numpy(np.loadtxt(costs, delimiter=",", ndmin=2))
        each = [float(cost) for cost in costs.split(",")]
    except ValueError as error:
        raise UsageError(
            "--costs takes a CSV file with a row for each true class and a column for each answer, or what "
            f"it costs to miss each class, such as 1,1,5: {error}"
        ) from None
    if len(each) != classes:
        raise UsageError(f"--costs needs a number for each of {classes} classes, got {len(each)}")
    return per_class(torch.tensor(each))
