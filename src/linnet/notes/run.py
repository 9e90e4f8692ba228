"""Runs notes as they stand, and writes the executed notebook and one HTML page."""

from __future__ import annotations

import datetime
import platform
import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from linnet import files
from linnet.errors import UsageError, needs_extra
from linnet.notes.kernel import find_missing
from linnet.record.lines import flags

with needs_extra("running notes", "notes"):
    import nbformat
    from nbformat import v4

    from linnet.notes.document import Document, Outcome, Part, Run, Text
    from linnet.notes.execute import Progress, execute
    from linnet.notes.page import render
    from linnet.notes.read import read

PAGE_MARK, NOTEBOOK_MARK = 'content="linnet run"', '"supplied"'
"""Marks in the files that linnet makes; others are never replaced."""


def run_notes(
    path: Path | str,
    *,
    only: str | None = None,
    out: Path | str | None = None,
    keep_going: bool = False,
    timeout: float | None = None,
    begin: Callable[[Document, dict[str, str]], None] = lambda document, supplied: None,
    progress: Progress = lambda number, outcome: None,
) -> Run:
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
            somebody else's, or the notes themselves, stand where the page or the notebook is to be.
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
        if target.exists() and target.samefile(path):
            raise UsageError(f"{target} is the notes themselves, so it stays: give another --out")
        if target.exists() and mark not in target.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{target} is there and was not made by linnet run: give another --out")
    folder.mkdir(parents=True, exist_ok=True)

    supplied = find_missing(cell.source for cell in cells)
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
    result = Run(document, outcomes, supplied, time.perf_counter() - start, page, notebook)
    command = _spell_command(path, only, keep_going, timeout)
    files.write(notebook, _write_notebook(result))
    files.write(page, render(result, command, f"{datetime.datetime.now():%Y-%m-%d %H:%M}"))
    return result


def _write_notebook(run: Run) -> str:
    """The executed notebook, which runs again in any Jupyter: its first cell holds what was supplied."""
    language = {"name": "python", "version": platform.python_version()}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    lines = ["%load_ext linnet", *dict.fromkeys(run.supplied.values())]
    by_cell = {id(outcome.cell): outcome for outcome in run.outcomes}
    cells = [
        v4.new_code_cell("\n".join(lines), metadata={"tags": ["supplied"]}),
        *(_make_cell(part, by_cell.get(id(part))) for part in run.document.parts),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # the same notes give the same notebook
    book = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language})
    return nbformat.writes(book) + "\n"


def _make_cell(part: Part, outcome: Outcome | None) -> nbformat.NotebookNode:
    """A notebook's cell: text, code with what it came to, or code that is only shown."""
    if isinstance(part, Text):
        extras = {"attachments": part.attachments} if part.attachments else {}
        return v4.new_markdown_cell(part.source, **extras)
    if outcome is not None:
        return v4.new_code_cell(part.source, outputs=outcome.outputs, execution_count=outcome.count)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", part.source)), default=0))
    return v4.new_markdown_cell(f"{fence}{part.language}\n{part.source}\n{fence}")


def _spell_command(path: Path, only: str | None, keep_going: bool, timeout: float | None) -> str:
    """The call that makes the page again."""
    given = {"only": only, "keep_going": keep_going, "timeout": timeout and f"{timeout:g}"}
    words = flags({name: value for name, value in given.items() if value})
    return shlex.join(["linnet", "run", str(path), *words])
