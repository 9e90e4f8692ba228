"""Callbacks that show training: a figure in a notebook, a live table in a terminal, lines in a pipe."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from linnet.model.history import Record
from linnet.plot.save import in_notebook, render
from linnet.train.callbacks import Callback, State

COLUMNS = {
    "epoch": ("epoch", "d"),
    "train_loss": ("train loss", ".4g"),
    "train_accuracy": ("train acc", ".4f"),
    "validation_loss": ("valid loss", ".4g"),
    "validation_accuracy": ("valid acc", ".4f"),
    "test_loss": ("test loss", ".4g"),
    "test_accuracy": ("test acc", ".4f"),
    "seconds": ("seconds", ".3f"),
}


class Lines(Callback):
    """A header and a plain line an epoch.

    Args:
        out: where to print.
    """

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def epoch_end(self, state: State) -> None:
        """Print the epoch's line, after the header if it is the first."""
        if len(state.history) == 1 or state.epoch == 1:
            self._print(header(state.history.last))
        self._print(line(state.history.last))

    def end(self, state: State) -> None:
        """Say how fast rows were read, where they were, and why the run ended early, if it did."""
        if state.reading is not None:
            self._print(f"the last epoch: {state.reading}")
        if note := ending(state):
            self._print(note)

    def _print(self, text: str) -> None:
        print(text, file=self.out, flush=True)


class LiveTable(Callback):
    """A table line an epoch above a progress bar.

    Args:
        out: the terminal.
    """

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(file=out, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("", total=None)

    def start(self, state: State) -> None:
        """Show the bar."""
        self._progress.start()

    def block_end(self, state: State) -> None:
        """Move the bar."""
        done = (state.epoch - 1) * state.batches + state.batch
        text = f"epoch {state.epoch}/{state.epochs}"
        if state.reading is not None:
            text += f", {state.reading}"
        self._progress.update(
            self._task, completed=done, total=state.epochs * state.batches, description=text
        )

    def epoch_end(self, state: State) -> None:
        """Print the epoch's line above the bar."""
        if len(state.history) == 1 or state.epoch == 1:
            self._progress.console.print(header(state.history.last), style="bold")
        self._progress.console.print(line(state.history.last))

    def end(self, state: State) -> None:
        """Take the bar away."""
        self._progress.stop()
        if state.reading is not None:
            self._progress.console.print(f"the last epoch: {state.reading}")
        if note := ending(state):
            self._progress.console.print(note)

    def __del__(self) -> None:
        self._progress.stop()


def header(record: Record) -> str:
    """The column titles of a record's line."""
    return "  ".join(f"{title:>10}" for key, (title, _) in COLUMNS.items() if key in record)


def line(record: Record) -> str:
    """A record as one line."""
    return "  ".join(
        f"{format(record[key], spec):>10}" for key, (_, spec) in COLUMNS.items() if key in record
    )


def ending(state: State) -> str:
    """A sentence for a run that ended early; empty otherwise."""
    if not state.reason:
        return ""
    where = f"epoch {state.epoch}, after minibatch {state.batch} of {state.batches}"
    return f"{state.reason} in {where}: what was learned is kept"


class LiveFigure(Callback):
    """One figure in the cell's output, with the latest epoch in words under it."""

    def __init__(self) -> None:
        self._handle: Any = None

    def epoch_end(self, state: State) -> None:
        """Redraw."""
        from IPython.display import SVG, display

        from linnet.plot.curves import curves  # which loads matplotlib

        picture = SVG(render(curves(state.history.records, state.dataset.name), ".svg").decode())
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)

    def end(self, state: State) -> None:
        """Print the last epoch's figures, and why the run ended early if it did."""
        if state.history.last:
            print(line(state.history.last))
        if note := ending(state):
            print(note)


def display(out: TextIO | None = None) -> Callback:
    """The callback that suits where the program runs: notebook, terminal, or pipe."""
    if out is None and in_notebook():
        return LiveFigure()
    stream = sys.stdout if out is None else out
    return LiveTable(stream) if stream.isatty() else Lines(stream)
