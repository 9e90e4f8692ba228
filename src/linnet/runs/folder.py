"""The folders of runs, sweeps, tunes and solves: the same files from Python and the command line.

Figures and pages are imported where they are made, after the model has been: nobody waits for them to see it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linnet.data.dataset import Splits
from linnet.dist.processes import alone, current
from linnet.errors import UsageError
from linnet.folders import CHECKPOINT, new_folder
from linnet.i18n import Language
from linnet.model.run import Run
from linnet.plot.beside import Drawer
from linnet.plot.save import render

if TYPE_CHECKING:
    from linnet.inference.result import Inference
    from linnet.report.subject import Subject
    from linnet.search.result import SweepResult
    from linnet.search.tune import TuneResult
    from linnet.solvers.least_squares.kept_sums import KeptSums
    from linnet.solvers.path import Path as PenaltyPath
    from linnet.solvers.solution import Solution
    from linnet.train.checkpoint import Checkpoint

BEST = "best"
"""The folder of a search's best model, within the search's own."""


def run_folder(out: Path | str | None, resume: Path | str | None) -> Path | None:
    """Where to leave what is trained: a new folder, or the one to continue in; None keeps it in memory.

    Raises:
        UsageError: both are given, or the folder holds something else.
    """
    if out is not None and resume is not None:
        raise UsageError("resume continues in its own folder: leave out out=")
    if resume is not None and (Path(resume) / CHECKPOINT).exists():
        return Path(resume)
    folder = out if resume is None else resume
    return None if folder is None else new_folder(Path(folder))


def leave_run(
    run: Run,
    checkpoint: Checkpoint,
    folder: Path,
    splits: Splits | None = None,
    *,
    is_catalog: bool = False,
    language: Language = "en",
    drawer: Drawer | None = None,
) -> None:
    """Leave a run in its folder: checkpoint, figures, model, history, run.json and the report.

    Args:
        run: what to leave.
        checkpoint: where it ended.
        folder: new or its own.
        splits: its rows, for its report; None leaves no report.
        is_catalog: whether they are known to be as linnet loads them by name.
        language: of the figures and the report.
        drawer: what draws the figures; this process when None.
    """
    drawer = drawer or Drawer()
    figures = _templates(run, drawer)
    if run.history.records:
        figures["curves.svg"] = drawer.draw(
            "curves:curves", (run.history.records, run.card.dataset, language), ".svg"
        )
    run.dataset_checksum = checkpoint.identity["data"]
    checkpoint.write(folder / CHECKPOINT)
    page = None
    try:
        if splits is not None:
            page = _begin_page(run, splits, is_catalog, language, drawer)
    finally:  # whatever becomes of its page
        run.save(folder, {name: drawn() for name, drawn in figures.items()})
    if page is not None:
        from linnet.report.write import write_run_page

        write_run_page(page)


def leave_search(
    result: SweepResult | TuneResult,
    folder: Path,
    splits: Splits,
    *,
    is_catalog: bool = False,
    language: Language = "en",
    report: bool = True,
) -> None:
    """Leave a sweep or a tune: tables, figures and summary, the best model trained again, and the report.

    The best is trained on all training rows and scored once on the test rows. Where the search or this
    training was interrupted, neither the best nor a report is left.

    Args:
        result: what to leave.
        folder: new or its own.
        splits: the rows that were searched over, and those that the best is scored on.
        is_catalog: whether they are known to be as linnet loads them by name.
        language: of the figures and the report.
        report: leave report.html, too.
    """
    is_first = current().is_first
    if is_first:
        with alone():
            result.save(folder, language)
    if result.is_interrupted:
        return
    best = result.refit(splits.test)  # which several processes do together
    if best.status == "interrupted" or not is_first:
        return
    with alone():
        best.save(folder / BEST)
        if report:
            _report(folder, splits, is_catalog, language)


def leave_solution(
    solution: Solution,
    folder: Path,
    *,
    inference: Inference | None = None,
    path: PenaltyPath | None = None,
    sums: KeptSums | None = None,
    splits: Splits | None = None,
    is_catalog: bool = False,
    language: Language = "en",
) -> None:
    """Leave a solution: figures, tables, model, history, run.json and the report.

    Args:
        solution: what to leave.
        folder: new or its own.
        inference: its estimates with their errors.
        path: the L1 penalties that its own was chosen from.
        sums: over the rows of files, to which those of new files can be added.
        splits: its rows, for the report; None leaves no report.
        is_catalog: whether they are known to be as linnet loads them by name.
        language: of the figures and the report.
    """
    from linnet.plot.curves import curves
    from linnet.plot.optimum import gap_figure, path_figure

    run, records = solution.value, solution.value.history.records
    pictures = _templates(run, Drawer())
    gap = None if run.optimum is None else run.optimum.gap
    is_traced = bool(records) and "objective" in records[0]
    figure = gap_figure(records, gap, run.card.dataset) if is_traced else curves(records, run.card.dataset)
    contents = {"curves.svg": render(figure, ".svg"), **{name: drawn() for name, drawn in pictures.items()}}
    if path is not None:
        drawn = path_figure(path.table, path.weights.numpy(), path.penalty_name, run.card.dataset, language)
        contents |= {"table.csv": path.table.to_csv(index=False).encode(), "path.svg": render(drawn, ".svg")}
    if inference is not None:
        contents |= _estimates(inference)
    if sums is not None:
        contents["sums.safetensors"] = sums.to_bytes()
    run.save(folder, contents)
    if splits is not None:
        _report(run, splits, is_catalog, language)


def _report(of: Run | Path, splits: Splits, is_catalog: bool, language: Language) -> None:
    """The page of a run or a search beside its files."""
    from linnet.report.subject import Rows
    from linnet.report.write import write_page

    write_page(of, Rows(splits.train, splits.test, is_catalog=is_catalog), language=language)


def _begin_page(run: Run, splits: Splits, is_catalog: bool, language: Language, drawer: Drawer) -> Subject:
    """What the page of a run is about: what does not wait for figures is done while they are drawn."""
    from linnet.report.subject import Rows, Subject
    from linnet.report.write import begin_run_page

    of = Subject(run, Rows(splits.train, splits.test, is_catalog=is_catalog), language, drawer=drawer)
    begin_run_page(of)
    return of


def _templates(run: Run, drawer: Drawer) -> dict[str, Callable[[], bytes]]:
    """The weights as pictures, where rows are images."""
    if not run.card.image_shape:
        return {}
    W = run.predictor.W
    called = (W, run.card.image_shape, run.card.output_names(len(W)))
    return {"weights.png": drawer.draw("weights:templates", called, ".png")}


def _estimates(inference: Inference) -> Mapping[str, bytes]:
    """The table of estimates as CSV, in which what is not a finite number is empty, and all as JSON."""
    table = inference.table.replace([math.inf, -math.inf], math.nan)
    text = json.dumps(inference.summary(), ensure_ascii=False, indent=1, allow_nan=False)
    return {"inference.csv": table.to_csv(index=False).encode(), "inference.json": f"{text}\n".encode()}
