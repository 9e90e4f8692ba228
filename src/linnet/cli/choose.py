"""Which run a command is about, and its data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linnet.errors import DataNotFoundError

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset, Splits
    from linnet.train.run import Run


def open_run(folder: Path | None) -> Run:
    """The run in a folder; the newest under runs/ when None.

    Raises:
        DataNotFoundError: there is none.
    """
    from linnet.runs import latest_folder
    from linnet.train.run import Run

    folder = folder or latest_folder()
    if folder is None:
        raise DataNotFoundError("no run under runs/: train one with linnet train, or give a run's folder")
    if not (folder / "run.json").exists() and (folder / "best" / "run.json").exists():
        raise DataNotFoundError(
            f"{folder} holds a search, not one run: its best model is in {folder / 'best'}"
        )
    return Run.load(folder)


def part_of(run: Run, part: str, dataset: str | None, data_dir: Path | None) -> Dataset:
    """The train or test part of a run's data set, or of another.

    Raises:
        DataNotFoundError: the data set cannot be had.
    """
    splits = splits_of(run, dataset, data_dir)
    return splits.train if part == "train" or splits.test is None else splits.test


def splits_of(run: Run, dataset: str | None, data_dir: Path | None) -> Splits:
    """Both parts of a run's data set, or of another.

    Raises:
        DataNotFoundError: the data set cannot be had.
    """
    from linnet.data.catalog import load

    asked_dir = run.asked.get("data_dir")
    folder = data_dir or (Path(asked_dir) if asked_dir else None)
    return load(dataset or run.card.dataset, folder, seed=int(run.asked.get("seed", 0)))
