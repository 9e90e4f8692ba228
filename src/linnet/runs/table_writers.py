"""Writes answers, some rows at a time, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from linnet import files
from linnet.errors import FormatError
from linnet.model.sources import STANDARD
from linnet.model.table import SET
from linnet.schema.cells import Frame


@contextlib.contextmanager
def write_to(out: Path | str) -> Iterator[Callable[[Frame], None]]:
    """Writes frames one after another to a file, which is whole or absent, or to the standard output."""
    if str(out) == STANDARD:
        with _write_csv(sys.stdout.buffer) as write:
            yield write
        return
    with files.replacing(Path(out)) as file, WRITERS[Path(out).suffix.lower()](file) as write:
        yield write


@contextlib.contextmanager
def _write_csv(file: Any) -> Iterator[Callable[[Frame], None]]:
    is_first = True

    def write(frame: Frame) -> None:
        nonlocal is_first
        for name in [SET] if SET in frame else []:  # a cell of text: a list as JSON writes it
            texts = [json.dumps(one, ensure_ascii=False) for one in frame[name]]
            frame = frame.assign(**{name: texts})
        file.write(frame.to_csv(index=False, header=is_first, lineterminator="\n").encode())
        is_first = False

    yield write


@contextlib.contextmanager
def _write_json_lines(file: Any) -> Iterator[Callable[[Frame], None]]:
    def write(frame: Frame) -> None:
        columns = [_plain(frame[name]) for name in frame.columns]
        names = list(map(str, frame.columns))
        for row in zip(*columns, strict=True):  # not to_json, which cuts decimals off after 15
            record = dict(zip(names, row, strict=True))
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=_as_json)
            file.write(text.encode() + b"\n")

    yield write


def _plain(cells: Any) -> list[Any]:
    """Cells as JSON has them: what is missing or not finite is null."""
    found = cells.astype(object).tolist()
    gaps = cells.isna().tolist()
    return [None if gap or (isinstance(cell, float) and not math.isfinite(cell)) else cell
            for cell, gap in zip(found, gaps, strict=True)]  # fmt: skip


def _as_json(cell: Any) -> Any:
    """A cell of a type that JSON has not: dates as ISO 8601, values of numpy as plain ones."""
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell.tolist() if hasattr(cell, "tolist") else str(cell)


@contextlib.contextmanager
def _write_parquet(file: Any) -> Iterator[Callable[[Frame], None]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None

    def write(frame: Frame) -> None:
        nonlocal writer
        bare = [name for name in frame.columns if frame[name].dtype == object and frame[name].isna().all()]
        frame = frame.astype(dict.fromkeys(bare, "string"))  # which no cell tells
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(file, table.schema)
        try:
            writer.write_table(table.cast(writer.schema))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise FormatError(
                f"a column that is kept has other cells in one file than in those before ({error}): write "
                "the answers as .csv, or leave it out"
            ) from error

    try:
        yield write
    finally:  # else it is closed when it is collected, by when the file is gone
        if writer is not None:
            writer.close()


WRITERS: dict[str, Callable[[Any], contextlib.AbstractContextManager[Callable[[Frame], None]]]] = {
    ".csv": _write_csv, ".jsonl": _write_json_lines, ".parquet": _write_parquet,
}  # fmt: skip
