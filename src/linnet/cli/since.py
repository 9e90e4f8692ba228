"""`linnet solve --since RUN`: new files added to the sums of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from linnet.cli.console import print_json, without_warnings
from linnet.config import TableChoices, as_dict
from linnet.dist.processes import current
from linnet.errors import CollinearWarning, ShortfallWarning, UsageError
from linnet.folders import default_folder


def check_others(others: Mapping[str, object], table: TableChoices | None) -> None:
    """Refuse what the run of `--since` has settled.

    Args:
        others: what was given beside it, by the name of its flag.
        table: what was said of the files.

    Raises:
        UsageError: something was given.
    """
    said = {} if table is None else {name: value for name, value in table.table.items() if name != "stream"}
    if given := next((name for name, value in {**others, **said}.items() if value), None):
        flag = given.replace("_", "-")
        raise UsageError(f"--since goes by the loss and the columns of its run: leave out --{flag}")


def add_files(
    data: str, since: Path, *, out: Path | None, say: Callable[[str], None], is_json: bool, **how: Any
) -> None:
    """Solve for all rows, of which those of new files are read, print how it ended, and leave the run.

    Args:
        data: the files, old and new.
        since: the run whose sums are added to.
        out: a folder for the run, new or empty; runs/NAME-TIME when None.
        say: prints a line.
        is_json: whether figures are printed as JSON.
        **how: as `linnet.solve_since` takes it.
    """
    from linnet.runs.since import solve_since

    folder = out or current().first(lambda: default_folder("since"))
    with without_warnings(ShortfallWarning, CollinearWarning):
        found = solve_since(data, since, out=folder, say=say, **how)
    solution, files = found.solution, found.sums.files
    if is_json:
        print_json({
            "folder": str(folder), "status": solution.status.name, "advice": solution.status.advice,
            "certificate": solution.stats.as_dict(), "request": as_dict(solution.value.request),
            "rows": sum(file.rows for file in files), "new_rows": len(found.rows), "files": len(files),
            "gone": [str(path) for path in found.gone],
        })  # fmt: skip
    else:
        say(f"{solution}\nthe run is in {folder}")
    if not solution.status.is_good:
        sys.exit(1)
