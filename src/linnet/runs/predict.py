"""`predict`: a model's answers to the raw rows of a table, in memory or from file to file."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linnet import folders
from linnet.config.table import TableOptions
from linnet.data.formats.by_schema import numbers_of, read_as, texts_of
from linnet.data.formats.frames import iter_frames, to_frame
from linnet.data.origin import read_record
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.model.predictor import Predictor
from linnet.model.table import Answers, answer_rows
from linnet.runs.table_writers import STANDARD, WRITERS, write_to
from linnet.schema.cells import Frame
from linnet.schema.columns import Seen

if TYPE_CHECKING:
    from linnet.model.run import Run

Errors = Literal["raise", "skip", "quarantine"]

REJECTS = "rejected.csv"
"""The end of the name of the file that takes rows which cannot be read."""


@dataclass(eq=False)
class Prediction:
    """What came of a file.

    Args:
        rows: that were answered.
        rejected: rows that could not be read.
        missing: cells without a value, by column.
        unseen: cells of a level that training did not see, or too rarely for a column of its own, by column.
    """

    rows: int = 0
    rejected: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)

    def add_(self, seen: dict[str, Seen]) -> None:
        """Count what was seen in some rows."""
        for name, one in seen.items():
            for counts, number in ((self.missing, one.missing), (self.unseen, one.unseen)):
                if number:
                    counts[name] = counts.get(name, 0) + number

    def lines(self) -> list[str]:
        """What is to be said of it."""
        found = [f"{self.rows:,} rows answered"]
        strange = "of levels that training did not see, or too rarely"
        for counts, what in ((self.missing, "missing"), (self.unseen, strange)):
            if counts:
                found.append(f"cells {what}: " + ", ".join(f"{n:,} of {name}" for name, n in counts.items()))
        return [*found, *([f"{self.rejected:,} rows could not be read"] if self.rejected else [])]


def predict(
    run: Run | Predictor | Path | str | Any,
    rows: Any,
    *,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> Frame:
    """A model's answers to raw rows of a table, by the names of their columns.

    Args:
        run: a model that was trained on a table: a run, its folder, or a fitted pipeline (see
            `linnet.run_of`).
        rows: a frame of pandas, polars or pyarrow, a list of dictionaries, or the path of a file.
        keep: columns of the rows to give back beside the answers, or one column.
        encoding: of a file of text; as it was said when the model was trained, or told, when not given.
        header: whether a file's first line names the columns; likewise.
        sheet: of a workbook; likewise.

    Returns:
        A frame of pandas with a row a row: `prediction`, and for classes the probability of each; and what
        the rules say that the model keeps (`linnet.learn_rules`): `prediction set`, `abstains`, or the ends
        of an interval, `prediction low` and `prediction high`.

    Raises:
        UsageError: the model was not trained on a table.
        FormatError: a column is missing, or a cell cannot be read.
    """
    import pandas as pd

    if not isinstance(run, str | Path | Predictor):
        from linnet.model.pipeline import run_of  # which loads torch
        from linnet.solvers.solution import Solution

        run = run.value if isinstance(run, Solution) else run_of(run)
    model = open_model(run)
    columns = _columns(model)
    if isinstance(rows, str | Path):
        options = said_of(run, encoding=encoding, header=header, sheet=sheet)
        frames = iter_frames(Path(rows), _read_as_trained(options, model), columns)
        return pd.concat([answer_rows(model, one, keep).frame for one in frames], ignore_index=True)
    return answer_rows(model, to_frame(rows, columns), keep).frame


def said_of(
    run: Run | Predictor | Path | str,
    *,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> TableOptions:
    """How a file of rows is read: as is said, or as was said of the table that a model was trained on.

    Args:
        run: the model; of a predictor alone nothing is known.
        encoding: of the text; None where it is not said.
        header: whether the first line names the columns; likewise.
        sheet: of a workbook; likewise.

    Raises:
        DataNotFoundError, ChecksumError, FormatError: the run's folder is damaged.
    """
    origin = None
    if isinstance(run, str | Path):
        if Path(run, folders.RUN).is_file():
            origin = read_record(folders.read(run).values)
    elif not isinstance(run, Predictor):
        origin = run.origin
    table = {} if origin is None else origin.table
    return TableOptions(
        encoding=table.get("encoding") if encoding is None else encoding,
        header=table.get("header") if header is None else header,
        sheet=table.get("sheet") if sheet is None else sheet,
    )


def _read_as_trained(options: TableOptions, model: Predictor) -> TableOptions:
    """How a file is read whose codes have labels: by these where the model has levels, else by the codes."""
    schema = model.card.schema
    return options if schema is None else read_as(options, texts_of(schema), numbers_of(schema))


def _columns(model: Predictor) -> list[str] | None:
    """The columns that a model takes; None of one that was not trained on a table."""
    return None if model.card.schema is None else [column.name for column in model.card.schema.columns]


def open_model(run: Run | Predictor | Path | str) -> Predictor:
    """A model as numpy has it."""
    if isinstance(run, Predictor):
        return run
    if isinstance(run, str | Path):
        return Predictor.open(Path(run))
    bank = run.bank
    return Predictor(bank.W.cpu().numpy(), bank.b.cpu().numpy(), run.card)


def predict_file(
    model: Predictor,
    rows: Path | str,
    out: Path | str,
    *,
    keep: Sequence[str] = (),
    errors: Errors = "raise",
    options: TableOptions | None = None,
    progress: Callable[[int], object] | None = None,
) -> Prediction:
    """A model's answers to a file of raw rows as another file, some rows at a time.

    Args:
        model: trained on a table.
        rows: the file, or "-" for CSV from the standard input.
        out: a CSV, Parquet or JSON lines file, by its suffix; or "-" for CSV on the standard output. No file
            that is there already is replaced.
        keep: columns of the rows to give back beside the answers, or one column.
        errors: what to do with rows that cannot be read: "raise" names the first of them, "skip" leaves them
            out, "quarantine" writes them to OUT.rejected.csv.
        options: what the file does not tell by itself.
        progress: called with the number of rows so far.

    Raises:
        UsageError: the model was not trained on a table, or there is a file already.
        FormatError: a column is missing, or a cell cannot be read.
        OSError: a file cannot be read or written.
    """
    rejects = Path(f"{out}.{REJECTS}")
    if str(out) != STANDARD:
        _check_new(Path(out))
        _check_suffix(Path(out))
    elif errors == "quarantine":
        raise UsageError("quarantine writes the rejected rows beside a file: give --out")
    if errors == "quarantine":
        _check_new(rejects)
    found, source = Prediction(), _source(rows)
    with contextlib.ExitStack() as stack:
        write = stack.enter_context(write_to(out))
        reject = stack.enter_context(write_to(rejects)) if errors == "quarantine" else None
        frame = None
        options = _read_as_trained(options or TableOptions(), model)
        for frame in iter_frames(source, options, _columns(model)):
            kept, bad = _sort_out(model, frame, errors)
            if len(kept):
                answers = _answer(model, kept, keep, found.rows)
                found.add_(answers.seen)
                write(answers.frame)
            found.rows, found.rejected = found.rows + len(kept), found.rejected + len(bad)
            if reject is not None and len(bad):
                reject(bad)
            if progress is not None:
                progress(found.rows)
        if frame is not None and not found.rows:
            write(_answer(model, frame[:0], keep, 0).frame)
    return found


def _sort_out(model: Predictor, frame: Frame, errors: Errors) -> tuple[Frame, Frame]:
    """The rows that can be read, and the others; all of them where the first such is to be an error."""
    schema = model.card.schema
    if schema is None or errors == "raise" or not len(frame):
        return frame, frame[:0]
    wrong = schema.find_unreadable(frame)
    return frame[~wrong].reset_index(drop=True), frame[wrong]


def _answer(model: Predictor, frame: Frame, keep: Sequence[str], before: int) -> Answers:
    try:
        return answer_rows(model, frame, keep)
    except FormatError as error:
        if before:
            raise FormatError(f"{error} (rows are counted from {before + 1:,})") from error
        raise


def _source(rows: Path | str) -> Path | io.BytesIO:
    if str(rows) == STANDARD:
        return io.BytesIO(sys.stdin.buffer.read())
    if not Path(rows).is_file():
        raise DataNotFoundError(f"there is no file {rows}")
    return Path(rows)


def _check_new(path: Path) -> None:
    if path.exists():
        raise UsageError(f"there is a file {path} already: give another --out, or remove it first")


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in WRITERS:
        raise UsageError(f"answers are written as {', '.join(WRITERS)}, not {path.suffix or path.name}")
