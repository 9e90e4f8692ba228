"""`predict`: a model's answers to raw rows, in memory or from file to file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linnet.config.table import TableOptions
from linnet.data.streams.pieces import Piece
from linnet.dist.processes import Processes, job
from linnet.errors import UsageError
from linnet.model.answers import answer_all, answer_piece
from linnet.model.predictor import Predictor
from linnet.model.sources import STANDARD, Names, open_source
from linnet.model.table import Answers
from linnet.runs.table_writers import WRITERS, write_to
from linnet.schema.cells import Frame

if TYPE_CHECKING:
    from linnet.model.run import Run

Errors = Literal["raise", "skip", "quarantine"]

LISTED = 5
"""Files that are listed with their rows."""

REJECTS = "rejected.csv"
"""The end of the name of the file that takes rows which cannot be read."""


@dataclass(eq=False)
class Prediction:
    """What came of a file.

    Args:
        rows: that were answered.
        rejected: rows that could not be read.
        rejects: the file that has these rows, where they were asked for.
        missing: cells without a value, by column.
        unseen: cells of a level that training did not see, or too rarely for a column of its own, by column.
        files: rows that were answered of each file, in the order in which they were read.
        notes: what is to be said of how the files were taken.
        blank: pictures on which there is nothing to be seen, so that they have no answer.
    """

    rows: int = 0
    rejected: int = 0
    rejects: Path | None = None
    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    blank: list[str] = field(default_factory=list)

    def add_(self, piece: Piece, answers: Answers, rejected: int) -> None:
        """Count some rows, those that were rejected, and what was seen in them."""
        self.rows, self.rejected = self.rows + len(answers.frame), self.rejected + rejected
        self.files[piece.file] = self.files.get(piece.file, 0) + len(answers.frame)
        if piece.blank is not None and piece.names is not None:
            self.blank += [name for name, is_blank in zip(piece.names, piece.blank, strict=True) if is_blank]
        for name, one in answers.seen.items():
            for counts, number in ((self.missing, one.missing), (self.unseen, one.unseen)):
                if number:
                    counts[name] = counts.get(name, 0) + number

    def lines(self) -> list[str]:
        """What is to be said of it."""
        counts = [f"{count:,} of {name}" for name, count in self.files.items()]
        of = f" ({', '.join(counts[:LISTED])}{', …' * (len(counts) > LISTED)})" if len(counts) > 1 else ""
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        found = [f"{rows} {f'of {len(counts):,} files ' * bool(of)}answered{of}", *self.notes]
        strange = "of levels that training did not see, or too rarely"
        for counts, what in ((self.missing, "missing"), (self.unseen, strange)):
            if counts:
                found.append(f"cells {what}: " + ", ".join(f"{n:,} of {name}" for name, n in counts.items()))
        if self.blank:
            shown = ", ".join(self.blank[:LISTED]) + ", …" * (len(self.blank) > LISTED)
            found.append(f"pictures with nothing on them, and no answer: {len(self.blank):,} ({shown})")
        if self.rejected:
            is_one = self.rejected == 1
            where = f" and {'is' if is_one else 'are'} in {self.rejects}" if self.rejects is not None else ""
            found.append(f"{self.rejected:,} row{'s' * (not is_one)} could not be read{where}")
        return found


def predict(
    run: Run | Predictor | Path | str | Any,
    rows: Any,
    *,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    index_base: int | None = None,
) -> Frame:
    """A model's answers to raw rows: of a table by the names of their columns, else numbers by their places.

    Args:
        run: a run, its folder, or a fitted pipeline (see `linnet.run_of`).
        rows: of a table a frame of pandas, polars or pyarrow, or a list of dictionaries (of numbers in memory
            `Run.probabilities` and `Run.predictions` answer); or the path of a file, of a folder or a pattern
            of files, or a list of paths: then, but for one file, the column `file` says which file a row
            stands in.
        keep: columns of the rows to give back beside the answers, or one column.
        encoding: of a file of text; as it was said when the model was trained, or told, when not given.
        header: whether a file's first line names the columns; likewise.
        sheet: of a workbook; likewise.
        index_base: from which number the indices of LIBSVM text count, 0 or 1; as in training when not given.

    Returns:
        A frame of pandas with a row a row: `prediction`, and for classes the probability of each; and what
        the rules say that the model keeps (`linnet.learn_rules`): `prediction set`, `abstains`, or the ends
        of an interval, `prediction low` and `prediction high`.

    Raises:
        UsageError, FormatError: the rows are not of the form that the model was trained on; a column is
            missing, or a row cannot be read.
    """
    if not isinstance(run, str | Path | Predictor):
        from linnet.model.pipeline import run_of  # which loads torch
        from linnet.solvers.solution import Solution

        run = run.value if isinstance(run, Solution) else run_of(run)
    return answer_all(
        run, rows, keep=keep, encoding=encoding, header=header, sheet=sheet, index_base=index_base
    )


def predict_file(
    model: Predictor,
    rows: Path | str | Names,
    out: Path | str,
    *,
    keep: Sequence[str] = (),
    errors: Errors = "raise",
    options: TableOptions | None = None,
    progress: Callable[[int], object] | None = None,
    invert: bool | None = None,
) -> Prediction:
    """A model's answers to files of raw rows as another file, some rows at a time.

    Args:
        model: that is to answer them.
        rows: a file, a folder or a pattern of files, or several of these; "-" for CSV from the standard
            input. Of a folder, a pattern or several files the column `file` says which each row stands in.
        out: a CSV, Parquet or JSON lines file, by its suffix; or "-" for CSV on the standard output. No file
            that is there already is replaced.
        keep: columns of the rows to give back beside the answers, or one column.
        errors: what to do with rows that cannot be read: "raise" names the first of them, "skip" leaves them
            out, "quarantine" writes them to OUT.rejected.csv: of a table the rows, else file, place, reason.
        options: what the files do not tell by themselves.
        progress: called with the number of rows so far.
        invert: of pictures, whether to invert all or none; by their borders when None.

    Raises:
        UsageError: there is a file already, or several processes would share the standard input.
        FormatError: the rows are not of the form that the model was trained on; a column is missing, or a
            row cannot be read; naming the file.
        OSError: a file cannot be read or written.
    """
    rejects, processes = Path(f"{out}.{REJECTS}"), job()
    processes.first(lambda: _check_out(out, rejects if errors == "quarantine" else None))
    is_lenient = errors != "raise"
    given = [rows] if isinstance(rows, str | Path) else rows
    if processes.size > 1 and STANDARD in map(str, given):
        raise UsageError(
            f"the standard input (-) has one reader, and there are {processes.size} processes: write the "
            "rows to a file, which each of them can read, or take one process"
        )
    source = open_source(model, given, options, is_lenient=is_lenient, invert=invert)
    found = Prediction(notes=source.notes, rejects=rejects if errors == "quarantine" else None)
    last, columns = None, list[str]()

    def answer(piece: Piece) -> tuple[Answers, Frame]:
        return answer_piece(model, piece, keep, is_lenient=is_lenient, names_file=source.is_several)

    answered = answer_in_turn(source.pieces, answer, processes)
    if not processes.is_first:
        for _ in answered:
            pass
        return found
    with contextlib.ExitStack() as stack:
        write = stack.enter_context(write_to(out))
        reject = stack.enter_context(write_to(rejects)) if errors == "quarantine" else None
        for piece, (last, bad) in answered:
            if len(last.frame):
                write(last.frame)
            found.add_(piece, last, len(bad))
            if reject is not None and len(bad):
                columns = columns or list(bad.columns)
                reject(_align(bad, columns))
            if progress is not None:
                progress(found.rows)
        if last is not None and not found.rows:  # whose columns stand all the same
            write(last.frame)
    return found


def answer_in_turn(
    pieces: Iterator[Piece], answer: Callable[[Piece], tuple[Answers, Frame]], processes: Processes
) -> Iterator[tuple[Piece, tuple[Answers, Frame]]]:
    """Pieces and their answers in order; several processes answer them in turn, and the first has them all.

    Each reads all pieces, for a file is read in order, and answers some: the cells of a table are turned into
    numbers by all of them.
    """
    for number, piece in enumerate(pieces):
        turn = number % processes.size
        if turn == processes.rank:
            made = answer(piece)
            if not processes.is_first:
                processes.send(made)
            yield piece, made
        elif processes.is_first:
            yield piece, processes.receive(turn)


def _align(frame: Frame, columns: list[str]) -> Frame:
    """Rejected rows with the columns of those before, whose file may have had others beside the model's."""
    if list(frame.columns) == columns:
        return frame
    return frame.loc[:, ~frame.columns.duplicated()].reindex(columns=columns)


def _check_out(out: Path | str, rejects: Path | None) -> None:
    """Refuse what cannot be written, before anything is read."""
    if str(out) != STANDARD:
        _check_new(Path(out))
        if Path(out).suffix.lower() not in WRITERS:
            found = Path(out).suffix or Path(out).name
            raise UsageError(f"answers are written as {', '.join(WRITERS)}, not {found}")
    elif rejects is not None:
        raise UsageError("quarantine writes the rejected rows beside a file: give --out")
    if rejects is not None:
        _check_new(rejects)


def _check_new(path: Path) -> None:
    if path.exists():
        raise UsageError(f"there is a file {path} already: give another --out, or remove it first")
