"""Notes in, an executed notebook and one HTML page out."""

from __future__ import annotations

import datetime
import platform
import re
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from linnet import files
from linnet._version import __version__
from linnet.errors import MissingExtraError, UsageError
from linnet.notes import names
from linnet.notes.document import Block, Document, Text

try:
    import nbformat
except ImportError as error:
    raise MissingExtraError("running notes", "notes") from error

from linnet.notes.execute import Outcome, Progress, execute
from linnet.notes.page import Facts, failure, render
from linnet.notes.read import read
from linnet.train.callbacks import INTERRUPTED

PAGE_MARK, NOTEBOOK_MARK = 'content="linnet run"', '"supplied"'
"""What the files that linnet makes have in them; others are never replaced."""


@dataclass(frozen=True)
class Result:
    """What running some notes came to.

    Args:
        document: the notes, or the section of them that was run.
        outcomes: of its cells.
        supplied: names that were supplied, and the lines that brought them.
        page: the HTML page.
        notebook: the executed notebook.
        seconds: the whole run.
    """

    document: Document
    outcomes: Sequence[Outcome]
    supplied: dict[str, str]
    page: Path
    notebook: Path
    seconds: float

    @property
    def failures(self) -> list[str]:
        """A line for each cell that failed: file, cell, line, error."""
        return [
            failure(self.document, self.outcomes, number)
            for number, outcome in enumerate(self.outcomes, 1)
            if outcome.error
        ]

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return any(outcome.error == INTERRUPTED for outcome in self.outcomes)


def run_notes(
    path: Path | str,
    *,
    only: str | None = None,
    out: Path | str | None = None,
    keep_going: bool = False,
    timeout: float | None = None,
    begin: Callable[[Document, dict[str, str]], None] = lambda document, supplied: None,
    progress: Progress = lambda number, outcome: None,
) -> Result:
    """Run notes as they stand, and leave an executed notebook and an HTML page with every output.

    The code runs in a fresh kernel in the notes' folder, as this user: run only what you would run yourself.
    Shell commands in it are not run.

    Args:
        path: Markdown (.md, .markdown, .txt), a notebook (.ipynb) or a script (.py).
        only: run the section with this heading only: the number that it begins with, or some of its words.
        out: the folder for the page and the notebook; NAME-run in the working folder when None.
        keep_going: go on after a cell that fails.
        timeout: seconds that one cell may take.
        begin: called with the notes and what is supplied, before the first cell.
        progress: called with the number of a cell from 0: with None when it begins, and with its outcome.

    Returns:
        Where the page is, what each cell came to, and what was supplied. A failing cell is no exception here.

    Raises:
        DataNotFoundError, FormatError: the notes cannot be read.
        UsageError: there is nothing to run, no such heading, the timeout is not positive, or a file of
            somebody else's stands where the page or the notebook is to be.
        KernelError: the kernel could not be started.
        OSError: the folder cannot be written.
    """
    path = Path(path)
    if timeout is not None and timeout <= 0:
        raise UsageError(f"timeout must be more than 0 seconds, not {timeout:g}")
    document = read(path)
    document = document.only(only) if only else document
    cells = document.cells
    if not cells:
        raise UsageError(f"{path} has no Python to run" + (f" under {only!r}" if only else ""))
    folder = Path(out) if out is not None else Path(f"{path.stem}-run")
    page, notebook = folder / f"{path.stem}.html", folder / f"{path.stem}.ipynb"
    for target, mark in ((page, PAGE_MARK), (notebook, NOTEBOOK_MARK)):
        if target.exists() and mark not in target.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{target} is there and was not made by linnet run: give another --out")
    folder.mkdir(parents=True, exist_ok=True)

    supplied = names.missing(cell.source for cell in cells)
    begin(document, supplied)
    start = time.perf_counter()
    outcomes = execute(
        cells,
        list(dict.fromkeys(supplied.values())),
        path.parent.absolute(),
        script=str(path.absolute()) if path.suffix == ".py" else "",
        keep_going=keep_going,
        timeout=timeout,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    facts = Facts(_now(), _versions(), supplied, seconds, _command(path, only, keep_going, timeout))
    files.write(notebook, _notebook(document, outcomes, supplied))
    files.write(page, render(document, outcomes, facts))
    return Result(document, outcomes, supplied, page, notebook, seconds)


def _notebook(document: Document, outcomes: Sequence[Outcome], supplied: dict[str, str]) -> str:
    """The executed notebook, which runs again in any Jupyter: its first cell holds what was supplied."""
    book = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python", "version": platform.python_version()},
        }
    )
    lines = ["%load_ext linnet", *dict.fromkeys(supplied.values())]
    book.cells.append(nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["supplied"]}))
    by_cell = {id(outcome.cell): outcome for outcome in outcomes}
    for part in document.parts:
        if isinstance(part, Text):
            extras = {"attachments": part.attachments} if part.attachments else {}
            book.cells.append(nbformat.v4.new_markdown_cell(part.source, **extras))
        elif (outcome := by_cell.get(id(part))) is not None:
            book.cells.append(_cell(part, outcome))
        else:
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", part.source)), default=0))
            book.cells.append(
                nbformat.v4.new_markdown_cell(f"{fence}{part.language}\n{part.source}\n{fence}")
            )
    for number, cell in enumerate(book.cells):
        cell.id = f"cell-{number}"  # the same notes give the same notebook
    return nbformat.writes(book) + "\n"


def _cell(block: Block, outcome: Outcome) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(block.source, outputs=outcome.outputs, execution_count=outcome.count)


def _now() -> str:
    return f"{datetime.datetime.now():%Y-%m-%d %H:%M}"


def _versions() -> str:
    torch = metadata.version("torch")
    return f"linnet {__version__}, torch {torch}, Python {platform.python_version()}, {platform.system()}"


def _command(path: Path, only: str | None, keep_going: bool, timeout: float | None) -> str:
    words = ["linnet", "run", str(path)]
    words += ["--only", only] if only else []
    words += ["--keep-going"] if keep_going else []
    words += ["--timeout", f"{timeout:g}"] if timeout is not None else []
    return shlex.join(words)
