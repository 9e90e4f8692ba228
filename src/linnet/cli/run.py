"""`linnet run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from linnet.cli.options import Flag, Quiet
from linnet.errors import INTERRUPTED_CODE

if TYPE_CHECKING:
    from linnet.notes.document import Block, Document, Outcome

FAILED_CODE = 1


def run(
    notes: Path,
    *,
    only: str | None = None,
    out: Path | None = None,
    keep_going: Flag = False,
    timeout: float | None = None,
    quiet: Quiet = False,
) -> None:
    """Run notes of the book as they stand, and make one HTML page of them with every output and figure.

    It executes the code in the notes, as you and with your rights, like Jupyter does: run only what you
    trust. Shell commands in it (`!pip install …`) are shown but not run. `from d2l import torch as d2l`
    resolves to linnet, and imports that the notes leave out (torch, nn, np, plt, d2l, …) are supplied.

    Exit code 1 when a cell fails: the page then shows what ran before it.

    Examples

        linnet run notes.md

        linnet run chapter3.md --only 3.6

        linnet run homework.ipynb --keep-going --timeout 300 --out pages

    Parameters
    ----------
    notes
        Markdown (.md, .markdown, .txt), a notebook (.ipynb) or a script (.py).
    only
        Run only the section under this heading: the number that it begins with (3.6), or some of its words.
    out
        The folder for the page and the executed notebook; NAME-run when not given.
    keep_going
        Go on after a cell that fails.
    timeout
        Seconds that one cell may take; no limit when not given.
    """
    from linnet.notes.run import run_notes

    teller = _Teller(quiet)
    result = run_notes(
        notes,
        only=only,
        out=out,
        keep_going=keep_going,
        timeout=timeout,
        begin=teller.begin,
        progress=teller.progress,
    )
    if not quiet:
        print(f"page:     {result.page}\nnotebook: {result.notebook}")
    for failure in result.failures:
        print(f"linnet: {failure}", file=sys.stderr)
    if result.was_interrupted:
        sys.exit(INTERRUPTED_CODE)
    if result.failures:
        sys.exit(FAILED_CODE)


class _Teller:
    """Prints a line a cell; in a terminal the line is there while the cell runs.

    Args:
        quiet: print nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.is_live = sys.stdout.isatty()
        self.cells: list[Block] = []

    def begin(self, document: Document, supplied: dict[str, str]) -> None:
        """Say what is about to be run."""
        self.cells = document.cells
        if self.quiet:
            return
        count = "1 cell" if len(self.cells) == 1 else f"{len(self.cells)} cells"
        print(f"{document.path}: {count}. Running notes executes their code, with your rights.")
        if supplied:
            print(f"supplied, as the notes use but never import them: {', '.join(supplied)}")
        sys.stdout.flush()

    def progress(self, number: int, outcome: Outcome | None) -> None:
        """Say which cell runs, and how long it took."""
        if self.quiet or (outcome is None and not self.is_live):
            return
        width = len(str(len(self.cells)))
        line = f"[{number + 1:>{width}}/{len(self.cells)}] {_gist(self.cells[number].source):<56}"
        if outcome is None:
            print(f"{line} …", end="", flush=True)
            return
        ending = f"FAILED  {outcome.error[:60]}" if outcome.error else f"{outcome.seconds:6.1f} s"
        print(("\r\x1b[K" if self.is_live else "") + f"{line} {ending}", flush=True)


def _gist(source: str) -> str:
    """What a cell is about: its first line that is neither a remark, a magic nor an import."""
    lines = [line.strip() for line in source.split("\n") if line.strip()]
    telling = [line for line in lines if not line.startswith(("#", "%", "!", "@", "import ", "from "))]
    gist = next(iter(telling or lines))
    return gist if len(gist) <= 56 else gist[:55] + "…"
