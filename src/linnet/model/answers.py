"""Answers of a model to raw rows: in memory, or of files some rows at a time; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet import folders
from linnet.config.table import TableOptions
from linnet.data.formats.frames import to_frame
from linnet.data.origin import read_record
from linnet.data.streams.pieces import Piece
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.model.predictor import Predictor
from linnet.model.sources import open_source
from linnet.model.table import ABSTAINS, Answers, answer_numbers, answer_rows
from linnet.schema.cells import Frame

if TYPE_CHECKING:
    from linnet.model.run import Run

FILE = "file"
"""The column that says which of several files a row stands in."""


def answer_all(
    run: Run | Predictor | Path | str,
    rows: Any,
    *,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    index_base: int | None = None,
) -> Frame:
    """The answers to rows in memory, or to all rows of files; see `linnet.predict`."""
    import pandas as pd

    model = open_model(run)
    if not isinstance(rows, str | Path) and not _are_paths(rows):
        schema = model.card.schema
        columns = None if schema is None else [column.name for column in schema.columns]
        return answer_rows(model, to_frame(rows, columns), keep).frame
    options = said_of(run, encoding=encoding, header=header, sheet=sheet, index_base=index_base)
    source = open_source(model, [rows] if isinstance(rows, str | Path) else rows, options)
    found = [answer_piece(model, piece, keep, names_file=source.is_several)[0] for piece in source.pieces]
    return pd.concat([one.frame for one in found], ignore_index=True)


def _are_paths(rows: Any) -> bool:
    return isinstance(rows, list | tuple) and bool(rows) and all(isinstance(one, str | Path) for one in rows)


def said_of(
    run: Run | Predictor | Path | str,
    *,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    index_base: int | None = None,
) -> TableOptions:
    """How a file of rows is read: as is said, or as was said of the table that a model was trained on.

    Args:
        run: the model; of a predictor alone nothing is known.
        encoding: of the text; None where it is not said.
        header: whether the first line names the columns; likewise.
        sheet: of a workbook; likewise.
        index_base: of LIBSVM text; likewise.

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
        index_base=table.get("index_base") if index_base is None else index_base,
    )


def open_model(run: Run | Predictor | Path | str) -> Predictor:
    """A model as numpy has it."""
    if isinstance(run, Predictor):
        return run
    if isinstance(run, str | Path):
        return Predictor.open(Path(run))
    bank = run.bank
    return Predictor(bank.W.cpu().numpy(), bank.b.cpu().numpy(), run.card)


def answer_piece(
    model: Predictor,
    piece: Piece,
    keep: Sequence[str] = (),
    *,
    is_lenient: bool = False,
    names_file: bool = False,
) -> tuple[Answers, Frame]:
    """The answers to some rows of a file, and those rows that cannot be read.

    Args:
        model: that is to answer them.
        piece: the rows.
        keep: columns of a table to give back.
        is_lenient: whether rows of a table that cannot be read are set apart, and no error.
        names_file: whether the column `file` is to say which file the rows stand in.

    Raises:
        UsageError, FormatError: as `answer_rows`, naming the file.
    """
    try:
        answers, bad = (_of_cells if model.card.schema else _of_numbers)(model, piece, keep, is_lenient)
    except (FormatError, UsageError, ShapeError) as error:
        counted = f" (rows are counted from {piece.before + 1:,})" if piece.before else ""
        hint = "" if is_lenient else _say_errors(model, piece)
        raise type(error)(f"{piece.file}: {error}{counted}{hint}") from error
    if not names_file:
        return answers, bad
    names = piece.file if piece.names is None else list(piece.names)
    bad = bad if FILE in bad.columns else _name_file(bad, piece.file)
    return answers._replace(frame=_name_file(answers.frame, names)), bad


def _say_errors(model: Predictor, piece: Piece) -> str:
    """What to do where some rows of a table cannot be read; empty where that is not what is amiss."""
    try:
        is_wrong = model.card.schema is not None and model.card.schema.find_unreadable(piece.rows).any()
    except FormatError:
        return ""
    said = ". --errors skip (errors= in Python) leaves such rows out, --errors quarantine writes them aside"
    return said if is_wrong else ""


def _of_cells(model: Predictor, piece: Piece, keep: Sequence[str], is_lenient: bool) -> tuple[Answers, Frame]:
    frame, bad = piece.rows, piece.rows[:0]
    if is_lenient and len(frame) and model.card.schema is not None:
        wrong = model.card.schema.find_unreadable(frame)
        frame, bad = frame[~wrong].reset_index(drop=True), frame[wrong]
    return answer_rows(model, frame, keep), bad


def _of_numbers(
    model: Predictor, piece: Piece, keep: Sequence[str], is_lenient: bool
) -> tuple[Answers, Frame]:
    import pandas as pd

    if len(keep):
        raise UsageError("columns are kept of tables, and the model takes numbers without names")
    factor = piece.scale / model.card.scale
    rows = piece.rows if factor == 1 else piece.rows.astype("float64") * factor
    bad = pd.DataFrame(piece.rejected, columns=[FILE, "place", "reason"])
    frame = answer_numbers(model, rows)
    if piece.blank is not None and piece.blank.any():
        frame = _without(frame, piece.blank)
    return Answers(frame, {}), bad


def _without(frame: Frame, blank: NDArray[np.bool_]) -> Frame:
    """Answers of which some are none, because there is nothing to be seen on a picture."""
    import pandas as pd

    gaps = {name: np.nan if frame[name].dtype.kind == "f" else None for name in frame if name != ABSTAINS}
    columns = {name: frame[name].mask(blank, gap) for name, gap in gaps.items()}
    if ABSTAINS in frame:
        columns[ABSTAINS] = frame[ABSTAINS] | blank
    return pd.DataFrame(columns)


def _name_file(frame: Frame, file: str | list[str]) -> Frame:
    """The rows behind a column that says which file they stand in."""
    if FILE in frame.columns:
        raise UsageError(
            f"a column is called {FILE}, as the one that says in which of several files a row stands: leave "
            "it out of what is kept, or give one file after another"
        )
    named = frame.copy(deep=False)
    named.insert(0, FILE, file)
    return named
