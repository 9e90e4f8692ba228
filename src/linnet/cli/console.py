"""Opens runs and rows for commands; prints results on stdout, progress and notes on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len

import linnet
from linnet.config import TableChoices
from linnet.errors import DataNotFoundError, MissingFontWarning
from linnet.folders import check_is_run, latest_folder, read


def print_json(values: object, indent: int | None = None) -> None:
    """Print a result as JSON, on one line if it is not indented."""
    print(json.dumps(values, ensure_ascii=False, indent=indent))


def print_result(values: Callable[[], object], lines: Callable[[], Iterable[str]], json: bool) -> None:
    """Print a result as JSON or as lines, of which the one that is not wanted is not made."""
    if json:
        print_json(values())
    else:
        print("\n".join(lines()))


def pad(name: str, width: int) -> str:
    """A name and spaces to a width in cells of a terminal, of which a Chinese character takes two."""
    return name + " " * (width - cell_len(name))


def make_printer(quiet: bool, stream: TextIO | None = None) -> Callable[[str], None]:
    """Makes what prints sentences as they come.

    Args:
        quiet: print nothing.
        stream: where to; stderr when None.
    """

    def say(text: str) -> None:
        if not quiet:
            print(text, file=stream or sys.stderr, flush=True)

    return say


def open_run(folder: Path | None) -> linnet.Run:
    """The run in a folder; see `find_run`."""
    found = find_run(folder)  # before torch is imported
    return linnet.Run.load(found)


def find_run(folder: Path | None) -> Path:
    """The folder of a run that is whole, as far as can be seen without torch; the newest when None.

    Raises:
        DataNotFoundError: there is none.
        ChecksumError, FormatError: it is damaged.
    """
    folder = folder or latest_folder()
    if folder is None:
        raise DataNotFoundError("no run under runs/: train one with linnet train, or give a run's folder")
    if not (folder / "run.json").exists() and (folder / "best" / "run.json").exists():
        raise DataNotFoundError(
            f"{folder} holds a search, not one run: its best model is in {folder / 'best'}"
        )
    check_is_run(folder)
    read(folder)
    return folder


def load_rows(
    data: str,
    data_dir: Path | None,
    seed: int,
    say: Callable[[str], None],
    *,
    table: TableChoices | None = None,
    sample_weight: str | None = None,
    hold_out: bool = True,
    quiet: bool = False,
) -> linnet.Splits:
    """The data set that a command is about, its training rows weighted; a download shows a bar.

    Args:
        data: a name or a path.
        data_dir: the folder with its files.
        seed: of made-up rows, and of the rows that are held out.
        say: is told of what is chosen on the way.
        table: what a table does not tell by itself.
        sample_weight: the column, or the file, with the weights of the training rows.
        hold_out: keep a fifth of one's own rows to test on.
        quiet: show no bar.
    """
    from linnet.data.registry import load

    said = {} if table is None else table.table
    with load_progress(table is not None and bool(table.stream), quiet) as progress:
        return load(
            data, data_dir, seed=seed, say=say, progress=progress, hold_out=hold_out,
            sample_weight=sample_weight, **said,
        )  # fmt: skip


def load_progress(
    is_streamed: bool, quiet: bool = False
) -> contextlib.AbstractContextManager[Callable[[int, int | None], None] | None]:
    """What shows how far the loading of a data set is: the counting of a stream, a download otherwise."""
    return download_progress(quiet, "counting" if is_streamed else "downloading")


@contextlib.contextmanager
def download_progress(
    quiet: bool = False, what: str = "downloading"
) -> Iterator[Callable[[int, int | None], None] | None]:
    """Give a function to call with bytes done and in all; a bar with a word stands until all are done."""
    if quiet:
        yield None
        return
    bars: list[Any] = []  # made when something is downloaded, as rich takes a while to import

    def report(done: int, total: int | None) -> None:
        if not bars:
            bars.append(_start_bar(what))
        bars[0].update(bars[0].task_ids[0], completed=done, total=total)
        if total is not None and done >= total:
            bars.pop().stop()  # else it stands beside the bar of what follows

    try:
        yield report
    finally:
        for bar in bars:
            bar.stop()


def _start_bar(what: str) -> Any:
    """A bar of one task, on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    bar.add_task(what, total=None)
    bar.start()
    return bar


@contextlib.contextmanager
def report_missing_fonts() -> Iterator[None]:
    """Say once that a font is missing, instead of a warning for each character and figure."""
    with warnings.catch_warnings(record=True) as found:
        warnings.filterwarnings("always", category=MissingFontWarning)
        warnings.filterwarnings("always", message="Glyph .* missing")
        yield
    fonts = [one for one in found if issubclass(one.category, MissingFontWarning)]
    for text in dict.fromkeys(str(one.message) for one in fonts):
        print(f"linnet: {text}", file=sys.stderr)
    for one in found:
        if one not in fonts and "missing from font" not in str(one.message):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


@contextlib.contextmanager
def without_warnings(*kinds: type[Warning]) -> Iterator[None]:
    """Within, warnings of these kinds are not printed: what they say is said otherwise."""
    with warnings.catch_warnings():
        for kind in kinds:
            warnings.simplefilter("ignore", kind)
        yield
