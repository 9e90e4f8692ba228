"""`linnet evaluate`."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from linnet.evaluate.score import Score


def evaluate(
    run: Path | None = None,
    *,
    part: Literal["test", "train"] = "test",
    dataset: str | None = None,
    data_dir: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Score a run's model: loss, accuracy, and each class's precision, recall and F1.

    Examples
        linnet evaluate runs/first

        linnet evaluate runs/first --part train --json

    Parameters
    ----------
    run
        The run's folder; the newest under runs/ when not given.
    part
        Which part of the data set. Data without a test part are scored on the train part.
    dataset
        Another data set of the same features and classes than the run's own.
    data_dir
        The folder with the data set's files.
    json
        Print JSON, with the confusion matrix.
    """
    from linnet.cli.choose import open_run, part_of
    from linnet.evaluate.score import score

    opened = open_run(run)
    rows = part_of(opened, part, dataset, data_dir)
    result = score(opened, rows)
    if json:
        print(json_format.dumps({"run": str(opened.folder), "dataset": rows.name, **result.as_dict()}))
    else:
        print(f"{opened.folder} on {rows.name}, {result.rows:,} rows")
        print("\n".join(report(result)))


def report(result: Score) -> list[str]:
    """The figures as lines."""
    lines = [f"loss      {result.loss:.6g}"]
    if not result.classes:
        return [*lines, "R²        " + ", ".join(f"{value:.6f}" for value in result.r2.tolist())]
    lines.append(f"accuracy  {result.accuracy:.4f}")
    width = max(map(len, result.classes))
    lines.append(f"{'class':<{width}}  precision  recall     F1  most often taken for")
    for k, name in enumerate(result.classes):
        figures = f"{result.precision[k]:9.4f}  {result.recall[k]:6.4f}  {result.f1[k]:6.4f}"
        lines.append(f"{name:<{width}}  {figures}  {_mistake(result, k)}")
    return lines


def _mistake(result: Score, k: int) -> str:
    """The class that rows of class k are most often mistaken for."""
    row = result.confusion[k].clone()
    row[k] = 0
    return f"{result.classes[int(row.argmax())]} ({int(row.max())})" if int(row.max()) else "-"
