"""`solve_since`: a least-squares model of files, of which those that a run has summed are not read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from linnet.config import SolveRequest
from linnet.config.table import TableOptions
from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.data.formats.streamed_tables import can_stream, read_streamed
from linnet.data.formats.table_files import TableFiles
from linnet.data.locate import find_tables
from linnet.dist.processes import current
from linnet.errors import DataNotFoundError, ShortfallWarning, UsageError, warn
from linnet.folders import new_folder
from linnet.i18n import Language, check
from linnet.model.run import Run
from linnet.runs.folder import leave_solution
from linnet.solvers.least_squares.by_sums import minimise_sums
from linnet.solvers.least_squares.direct import Direct
from linnet.solvers.least_squares.kept_sums import KeptSums
from linnet.solvers.least_squares.statistics import Statistics
from linnet.solvers.passes.objective import PassObjective
from linnet.solvers.solution import Solution
from linnet.solvers.solve import make_solution

LAYOUT = ("decimal", "date_order", "header", "encoding")
"""What was said of the run's files that is so of new ones; columns have the kinds of its schema."""


@dataclass(frozen=True, eq=False)
class SolvedSince:
    """What came of files that were added.

    Args:
        solution: the model of all rows, its status and its certificate.
        sums: over all rows, and the files that they are of.
        rows: that were read.
        gone: files that have gone; their rows stay in the sums.
    """

    solution: Solution
    sums: KeptSums
    rows: Dataset
    gone: tuple[Path, ...] = ()


def solve_since(
    name: str,
    since: Path | str,
    *,
    l2: float | None = None,
    intercept: bool | None = None,
    data_dir: Path | str | None = None,
    out: Path | str | None = None,
    language: Language = "en",
    say: Callable[[str], object] | None = None,
) -> SolvedSince:
    """The least-squares model of a run's rows and of those of new files, which alone are read.

    A run that solved least squares of whole streamed files keeps the sums over their rows. Those of files
    that have come since are added to them, whole numbers exactly, and the model is that of all rows.

    Args:
        name: the files, old and new: a pattern, a folder or a file.
        since: the folder of the run.
        l2: the weight of ½‖W‖²; the run's when None.
        intercept: whether there is a bias; as the run has it when None.
        data_dir: the folder that the name is looked for in.
        out: a folder to leave the model and the sums in, new or empty.
        language: of the figures.
        say: called with a sentence on what was read.

    Raises:
        UsageError: no file is new, or the run did not solve least squares.
        DataError: a file has changed since its rows were summed.
        DataNotFoundError, FormatError: there are no such files, or their rows are others than the run's.

    Example:
        >>> rows = linnet.load("days/*.parquet", stream=True, hold_out=False).train
        >>> linnet.solve(rows, l2=1.0, out="runs/monday")
        >>> linnet.solve_since("days/*.parquet", "runs/monday", out="runs/tuesday")
    """
    check(language)
    folder = None if out is None else current().first(lambda: new_folder(Path(out)))
    run, kept = Run.load(since), KeptSums.read(since)
    request = run.solved
    if request is None or run.loss.name != "squared":  # sums are kept of no other
        raise UsageError(f"{since} did not solve least squares: give the folder of a run that did")
    gone = kept.check_unchanged()
    rows = _load_new(name, data_dir, kept, run)
    kept.check_alike(rows)
    penalty = Penalty(request.l2 if l2 is None else l2)
    intercept = request.intercept if intercept is None else intercept
    objective = PassObjective.read(rows, run.loss, penalty, intercept=intercept)
    own = Statistics.of_all(objective.rows.dataset, objective.rows.processes)
    kept = kept.added(rows, own)
    found = minimise_sums(kept.statistics, penalty, intercept=intercept)
    solution = make_solution(rows, objective, found, Direct(), solver="auto")
    asked = SolveRequest(loss="squared", l2=penalty.l2, intercept=intercept)
    # Of all files, whose rows were not read for a checksum.
    folders = None if data_dir is None else str(data_dir)
    origin = run.origin and replace(run.origin, source=name, data_dir=folders, checksum="")
    value = replace(solution.value, request=asked, origin=origin, dataset_checksum="")
    solution = replace(solution, value=value)
    if not solution.status.is_good:
        warn(str(solution.status), ShortfallWarning)
    if say is not None:
        say(_tell(kept, rows, gone))
    if folder is not None:
        current().first(lambda: leave_solution(solution, folder, language=language, sums=kept))
    return SolvedSince(solution, kept, rows, tuple(gone))


def _load_new(name: str, data_dir: Path | str | None, kept: KeptSums, run: Run) -> Dataset:
    """The rows of the files that are not in the sums yet, all to train on.

    Raises:
        UsageError: there are none, one is a file of the sums that was moved, or a row has no target.
    """
    files = find_tables(name, data_dir, is_whole=True)
    if files is None:
        raise DataNotFoundError(f"no table at {Path(data_dir or '') / name}")
    if not can_stream(files):
        raise UsageError(f"{name} cannot be streamed: give files that can, as the run's were")
    if not (new := kept.find_new(files.train)):
        raise UsageError(f"no file of {name} is new: the sums have the rows of all {len(kept.files)}")
    said = {} if run.origin is None else run.origin.table
    layout = {option: value for option, value in said.items() if option in LAYOUT}
    options = TableOptions(stream=True, split="none", **layout)
    rows = read_streamed(TableFiles(new), name, options, run.card.schema).splits(hold_out=False).train
    if rows.X.rows.kept is not None:  # type: ignore[attr-defined]
        raise UsageError(
            f"{name} has rows without a target, and sums are of whole files: take these rows out of the new"
        )
    return rows


def _tell(kept: KeptSums, rows: Dataset, gone: list[Path]) -> str:
    """What was read, and what has gone."""
    total = sum(file.rows for file in kept.files)
    said = f"{len(rows):,} new rows were read, and {total - len(rows):,} are in the sums already"
    if not gone:
        return said
    return f"{said}; {len(gone)} of their files have gone, the first of them {gone[0]}"
