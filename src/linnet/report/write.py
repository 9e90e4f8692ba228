"""`write_report`: the page of a run, a sweep or a solve, in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from linnet import files
from linnet.data.dataset import Dataset
from linnet.data.origin import read_record
from linnet.errors import DataNotFoundError
from linnet.i18n import Language, check
from linnet.model.pipeline import run_of
from linnet.model.run import Run
from linnet.report.blocks import page_template, render
from linnet.report.images import read_images
from linnet.report.pages import page_of_run, page_of_sweep
from linnet.report.subject import Rows, Subject, find_rows
from linnet.report.sweep import Swept, is_sweep

NAME = "report.html"


def write_report(
    of: Run | Path | str | Any,
    out: Path | str | None = None,
    *,
    language: Language = "en",
    train: Dataset | None = None,
    test: Dataset | None = None,
    label_errors: bool = False,
    data_dir: Path | str | None = None,
) -> Path:
    """Write the page of a run, a sweep or a solve: one file, which asks for nothing when it is opened.

    What a part lacks to be made is said in its place.

    Args:
        of: the folder, a run that is in none, or a fitted pipeline (see `linnet.run_of`).
        out: the file; report.html in the folder when None.
        language: "en" or "zh".
        train: the training rows, where they are at hand; else they are loaded by their name or path.
        test: the rows to judge it by, likewise.
        label_errors: look for training rows with wrong labels, which trains a model a fold.
        data_dir: where the data set's files are now; where they were when None.

    Returns:
        Where it was written.

    Raises:
        DataNotFoundError: there is nothing in the folder, or no `out` for a run that is in none.
        FormatError, ChecksumError: a file in it is not whole.
        UsageError: a file that linnet did not make is where the page is to be.
        OSError: the file cannot be written.
    """
    of = of if isinstance(of, str | Path) else run_of(of)
    return write_page(of, None if train is None else Rows(train, test), out, language, label_errors, data_dir)


def write_page(
    of: Run | Path | str,
    rows: Rows | None = None,
    out: Path | str | None = None,
    language: Language = "en",
    label_errors: bool = False,
    data_dir: Path | str | None = None,
) -> Path:
    """`write_report` for callers that have the rows.

    Args:
        of: the folder, or a run that is in none.
        rows: it went over; None to look for them.
        out: the file.
        language: "en" or "zh".
        label_errors: as in `write_report`.
        data_dir: likewise.
    """
    check(language)
    folder = of.folder if isinstance(of, Run) else Path(of)
    if out is None and folder is None:
        raise DataNotFoundError("this run is in no folder: give out=, the file to write")
    path = Path(out) if out is not None else Path(folder or "", NAME)
    files.check_replaceable(path)
    if isinstance(of, Run) or not is_sweep(Path(of)):
        run = of if isinstance(of, Run) else Run.load(of)
        known = read_images(path) | read_images(Path(folder or "", NAME))
        return write_run_page(_subject(run, rows, language, label_errors, data_dir, known), path)
    swept = Swept(Path(of), language)
    rows, run = rows or _rows(swept, data_dir), swept.best()
    known = read_images(path)
    best = None if run is None else _subject(run, rows, language, label_errors, data_dir, known)
    files.write(path, render(page_of_sweep(swept, rows, best)))
    return path


def begin_run_page(of: Subject) -> None:
    """Do what `write_run_page` would before it waits for figures, which are drawn beside meanwhile.

    Args:
        of: what the page is about.
    """
    of.judge()
    page_template()


def write_run_page(of: Subject, out: Path | None = None) -> Path:
    """Write the page of a run.

    Args:
        of: what it is about.
        out: the file; report.html in the run's folder when None.
    """
    path = out or Path(of.run.folder or "", NAME)
    files.check_replaceable(path)
    files.write(path, render(page_of_run(of)))
    return path


def _subject(
    run: Run,
    rows: Rows | None,
    language: Language,
    label_errors: bool,
    data_dir: Path | str | None,
    known: Mapping[str, str] = MappingProxyType({}),
) -> Subject:
    if rows is None and not run.is_module:
        rows = find_rows(run.card.dataset, run.origin, run.dataset_checksum, data_dir)
    return Subject(run, rows or Rows(None, None), language, with_label_errors=label_errors, known=known)


def _rows(swept: Swept, data_dir: Path | str | None) -> Rows:
    """The rows of a search."""
    name, checksum = str(swept.summary.get("dataset", "")), str(swept.summary.get("dataset_checksum", ""))
    return find_rows(name, read_record(swept.summary), checksum, data_dir)
