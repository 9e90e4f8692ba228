"""Which run a command is about, and its data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linnet.errors import DataNotFoundError

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset
    from linnet.evaluate.rows import Part
    from linnet.model.run import Run


def open_run(folder: Path | None) -> Run:
    """The run in a folder; the newest under runs/ when None.

    Raises:
        DataNotFoundError: there is none.
    """
    from linnet.folders import latest_folder
    from linnet.model.run import Run

    folder = folder or latest_folder()
    if folder is None:
        raise DataNotFoundError("no run under runs/: train one with linnet train, or give a run's folder")
    if not (folder / "run.json").exists() and (folder / "best" / "run.json").exists():
        raise DataNotFoundError(
            f"{folder} holds a search, not one run: its best model is in {folder / 'best'}"
        )
    return Run.load(folder)


def part_of(run: Run, part: Part | None, dataset: str | None, data_dir: Path | None) -> Dataset:
    """A part of a run's data set or of another; of a file all its rows when no part is asked for.

    Raises:
        LinnetError: as `linnet.evaluate.rows.named_rows` raises.
    """
    from linnet.evaluate.rows import named_rows

    return named_rows(run, dataset, part=part, data_dir=data_dir).rows


def trained_on(run: Run, kind: str, part: Part | None, dataset: str | None, data_dir: Path | None) -> Dataset:
    """The rows that a figure trains or learns on: for sets the run's own, else as `part_of` gives them.

    Raises:
        LinnetError: as `part_of` raises.
    """
    from linnet.data.user_data import is_own

    if kind == "sets" or dataset is None:
        return part_of(run, "train", None, data_dir)
    return part_of(run, part if is_own(dataset) else "train", dataset, data_dir)
