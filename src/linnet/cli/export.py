"""`linnet export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

import linnet
from linnet.cli.console import find_run, print_result
from linnet.cli.options import DataDir, Json, OtherData
from linnet.errors import DataError, DataNotFoundError, UsageError

if TYPE_CHECKING:
    from linnet.model.card import Card


def export(
    run: Path,
    /,
    *,
    to: Literal["safetensors", "onnx", "numpy", "js", "c", "sql"],
    out: Path | None = None,
    table: str = "",
    keep: Annotated[list[str] | None, Parameter(negative="")] = None,
    data: OtherData = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a run's model as a file that other programs read, and check that it gives the run's answers.

    The file of a model of a table takes its raw columns: numbers, categories, yes and no, dates, and gaps.
    Before it takes its place it is run on rows of the run's data set, and on rows with missing and unseen
    values: ONNX by onnxruntime, numpy by Python, js by node, c by the C compiler, sql by SQLite. One whose
    answers differ from the run's is an error and is not kept.

    Examples

        linnet export runs/first --to onnx

        linnet export runs/first --to c --out firmware/shirts.c

        linnet export runs/penguins --to sql --table public.penguins --keep id

    Parameters
    ----------
    run
        The run's folder.
    to
        safetensors (plain W and b), onnx, numpy (one Python file), js (one ES module), c (one C99 file) or
        sql (one query).
    out
        The file; in the run's folder when not given. A suffix must be the format's own: .safetensors,
        .onnx, .py, .mjs or .js, .c or .h, .sql. An earlier export there is replaced, nothing else.
    table
        The name of the table that a query reads, such as penguins or public.penguins; after the data set
        when not given.
    keep
        A column of the table that the query gives beside the answers; once for each. The columns that the
        model takes when not given.
    """
    if to != "sql" and (table or keep):
        raise UsageError(f"--table and --keep are of a query: --to sql, not --to {to}")
    folder = find_run(run)
    rows, source = _rows(folder, data, data_dir)
    done = linnet.export_model(folder, to, out, rows, table=table, keep=keep or ())
    check = done.checked_by
    if done.difference is not None:
        check = f"checked by {check} on {done.rows:,} {source}: largest difference {done.difference:.1g}"
    instead = ", in place of an earlier export" if done.replaced else ""
    size = f"{done.path}, {done.path.stat().st_size:,} bytes{instead}"
    print_result(
        lambda: {**vars(done), "path": str(done.path), "source": source}, lambda: [size, check], json
    )


def _rows(folder: Path, dataset: str | None, data_dir: Path | None) -> tuple[Any, str]:
    """Rows to check on, and what they are; drawn at random where the run's own cannot be had."""
    from linnet.export.program import takes_columns
    from linnet.model.predictor import Predictor

    card = Predictor.open(folder).card
    if takes_columns(card):
        return _raw_rows(folder, card, dataset, data_dir)
    from linnet.evaluate.rows import named_rows
    from linnet.export.trial import ROWS

    run = linnet.Run.load(folder)
    try:
        rows = named_rows(run, dataset, data_dir=data_dir).rows
    except (DataError, UsageError):  # a data set of one's own is in no catalog
        if dataset is not None or data_dir is not None:
            raise
        return None, f"random rows (the rows of {run.card.dataset} are not here)"
    return rows.arrays.dense(slice(ROWS)), f"rows of {rows.name}"


def _raw_rows(run: Path, card: Card, dataset: str | None, data_dir: Path | None) -> tuple[Any, str]:
    """Rows of a table as they are, beside those made of its schema; none where its file is not here."""
    from linnet.data.formats.frames import iter_frames
    from linnet.data.origin import read_record
    from linnet.folders import read
    from linnet.model.answers import said_of

    origin, schema, made = read_record(read(run).values), card.schema, "rows made of the schema"
    folder = data_dir or (dataset is None and origin is not None and origin.data_dir) or ""
    assert schema is not None
    path = Path(folder, dataset or (origin.source if origin else card.dataset)).expanduser()
    if not path.is_file():
        if dataset is not None or data_dir is not None:
            raise DataNotFoundError(f"there is no file {path}")
        return None, f"{made} ({_why_not(card.dataset, path)})"
    frame = next(iter_frames(path, said_of(run), [column.name for column in schema.columns]))
    return frame, f"rows of {path.name} and {made}"


def _why_not(name: str | None, path: Path) -> str:
    """Why the rows of a table are not checked on."""
    if path.is_dir() or any(sign in path.name for sign in "*?["):
        return f"{name} is several files: --data takes one of them"
    return f"the rows of {name} are not here"
