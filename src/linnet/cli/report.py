"""`linnet report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import linnet
from linnet.cli.console import report_missing_fonts
from linnet.cli.options import DataDir, Flag, Lang
from linnet.errors import UsageError
from linnet.folders import check_is_run


def report(
    runs: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    out: Path | None = None,
    lang: Lang = "en",
    label_errors: Flag = False,
    data_dir: DataDir = None,
) -> None:
    """Write the page of a run, a sweep or a solve, or a page that compares several runs.

    It is one HTML file that asks for nothing when it is opened: figures with intervals, curves, the confusion
    matrix, templates, top losses, for a sweep how honest the choice is, for a solve its certificate, and the
    command and Python that do it again.

    Examples

        linnet report runs/first

        linnet report runs/first --lang zh --out first.zh.html --label-errors

        linnet report runs/first runs/second --out both.html

    Parameters
    ----------
    runs
        The folders. Several are compared with the first; of a sweep its best run is taken then.
    out
        The file; report.html in the run's folder, or here for several runs.
    label_errors
        Look for training rows with wrong labels, too. It trains a model a fold.
    """
    if len(runs) > 1 and label_errors:
        raise UsageError("--label-errors is for the page of a single run")
    for folder in runs:
        check_is_run(folder, or_search=True)  # before what draws is imported
    with report_missing_fonts():
        if len(runs) == 1:
            path = linnet.write_report(
                runs[0], out, language=lang, label_errors=label_errors, data_dir=data_dir
            )
        else:
            path = linnet.compare_runs(runs, out or "report.html", language=lang, data_dir=data_dir)
    print(path)
