"""One reader for each file format of tables, by its suffix, to a frame of pandas."""

from __future__ import annotations

import datetime
import decimal
import importlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from linnet.config.table import TableOptions
from linnet.data.formats.encoding import FAULTS, PACKED
from linnet.data.formats.labelled import WAYS, read_labelled
from linnet.data.formats.text_stream import iter_text
from linnet.data.formats.text_table import TextTable, read_text
from linnet.errors import FormatError, UsageError, needs_extra
from linnet.schema.cells import Cells, Frame
from linnet.schema.coded import code_text

Reader = Callable[[Any, str, TableOptions], TextTable]
"""Reads a file's content, by its name in messages and what was said of it; those `BY_PATH` a path, too."""

MAX_UNPACKED = 8 << 30
"""Bytes that a compressed table may have, which is more than a machine's memory is taken to hold."""


def read_frame(source: bytes | Path, name: str, options: TableOptions) -> TextTable:
    """The table in a file, by the suffix of its name.

    Args:
        source: the file, which then is not held in memory where the format lets it be, or what stands in it.
        name: what to call it.
        options: what it does not tell by itself.

    Raises:
        FormatError: it is not what the suffix says.
        MissingExtraError: a library for the format is not installed; the message names the extra.
    """
    path = PurePath(name.lower())
    reader = READERS.get(_unpacked_suffix(path))
    if reader is None:
        raise FormatError(f"{name} is no table of a known format: expected {', '.join(SUFFIXES)}")
    if isinstance(source, Path) and (path.suffix in PACKED or reader not in BY_PATH):
        source = source.read_bytes()
    if path.suffix in PACKED:
        assert isinstance(source, bytes)
        source = _unpack(source, name, path.suffix)
    table = reader(source, name, options)
    return TextTable(_plain(table.frame, name), table.notes, table.classes)


def _unpack(content: bytes, name: str, suffix: str) -> bytes:
    try:
        with PACKED[suffix](io.BytesIO(content)) as packed:
            found = packed.read(MAX_UNPACKED + 1)
    except FAULTS as error:
        raise FormatError(f"{name} is no whole {suffix} file: {error}") from error
    if len(found) > MAX_UNPACKED:
        raise FormatError(f"{name} has more than {MAX_UNPACKED >> 30} GiB unpacked")
    return found


def _read_json_lines(content: bytes, name: str, options: TableOptions) -> TextTable:
    import pandas as pd

    try:
        as_written: Any = {"dtype": False, "lines": True, "precise_float": True}
        if pd.__version__ < "3":  # later dtype=False leaves dates as they are
            as_written["convert_dates"] = False
        frame: Frame = pd.read_json(io.BytesIO(content), **as_written)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{name} is not JSON lines, an object a row: {error}") from error
    if nested := [str(c) for c in frame.columns if frame[c].map(lambda cell: isinstance(cell, dict)).any()]:
        raise FormatError(f"{name} has objects within {nested[0]}: give them columns of their own")
    return TextTable(frame)


def _read_parquet(source: bytes | Path, name: str, options: TableOptions) -> TextTable:
    return TextTable(_of_arrow("parquet", "read_table", source, name))


def _read_feather(content: bytes, name: str, options: TableOptions) -> TextTable:
    import pyarrow as pa

    try:
        return TextTable(_of_arrow("feather", "read_table", content, name))
    except FormatError as error:
        try:
            return TextTable(pa.ipc.open_stream(io.BytesIO(content)).read_all().to_pandas())
        except (pa.ArrowException, ValueError, OSError):
            raise error from None


def _of_arrow(module: str, reader: str, source: bytes | Path, name: str) -> Frame:
    import pyarrow as pa

    read = getattr(importlib.import_module(f"pyarrow.{module}"), reader)
    try:
        with pa.OSFile(str(source)) if isinstance(source, Path) else pa.BufferReader(source) as file:
            return read(file).to_pandas()
    except (pa.ArrowException, ValueError, OSError) as error:
        raise FormatError(f"{name} cannot be read as {module}: {error}") from error


def _read_workbook(content: bytes, name: str, options: TableOptions) -> TextTable:
    import pandas as pd

    with needs_extra("a workbook", "excel"):
        calamine = importlib.import_module("python_calamine")  # which pandas reads it by
    try:
        sheets = pd.ExcelFile(io.BytesIO(content), engine="calamine")
        names = [str(sheet) for sheet in sheets.sheet_names]
        if options.sheet is not None and options.sheet not in names:
            raise UsageError(f"{name} has no sheet {options.sheet!r}: its sheets are {', '.join(names)}")
        frame: Frame = pd.read_excel(sheets, sheet_name=options.sheet or names[0])
    except (ValueError, OSError, IndexError, calamine.CalamineError) as error:
        raise FormatError(f"{name} cannot be read as a workbook: {error}") from error
    others = names[1:] if options.sheet is None else []
    note = f"its first sheet, {names[0]}, was read, and not {', '.join(others)}: --sheet says otherwise"
    return TextTable(frame, (note,) if others else ())


READERS: Mapping[str, Reader] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data"), read_text),
    **dict.fromkeys((".jsonl", ".ndjson"), _read_json_lines),
    **dict.fromkeys((".parquet", ".pq"), _read_parquet),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), _read_feather),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), _read_workbook),
    **dict.fromkeys(WAYS, read_labelled),
}
"""A reader a format; one more is a line here."""

BY_PATH: tuple[Reader, ...] = (read_text, _read_parquet, read_labelled)
"""Readers that take a path, so that the file is never in memory whole."""

SUFFIXES = tuple(READERS)


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table, compressed or not."""
    return _unpacked_suffix(PurePath(name)) in READERS


def is_text(path: Path) -> bool:
    """Whether a table is of text, whose cells can be read as they are written."""
    return READERS.get(_unpacked_suffix(path)) is read_text


def has_texts(path: Path) -> bool:
    """Whether a column of numbers can be read as text, too: as it is written, or by the labels of codes."""
    return READERS.get(_unpacked_suffix(path)) in (read_text, read_labelled)


def _unpacked_suffix(path: PurePath) -> str:
    """A file's suffix, or the one before that of a compressed file."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in PACKED else suffix


def _plain(frame: Frame, name: str, taken: Sequence[str] | None = None) -> Frame:
    """Columns of plain types: numbers, truths, dates and text; a column of lists is a column an element.

    Two columns of one name are refused, if it is one of those that are taken where these are known.
    """
    import pandas as pd

    columns: list[tuple[str, Any]] = []
    for place, column in enumerate(map(str, frame.columns)):
        cells = frame.iloc[:, place].reset_index(drop=True)
        first = next((cell for cell in cells if cell is not None), None) if cells.dtype == object else None
        if isinstance(first, list | tuple | np.ndarray):
            columns += _spread(cells, column, name).items()
        else:
            columns.append((column.strip(), _typed(cells, first, column, name)))
    names = [column for column, _ in columns]
    _check_twice(names, taken, name)
    cells = dict(enumerate(cells for _, cells in columns))
    return pd.DataFrame(cells, copy=False).set_axis(names, axis=1)


def _check_twice(names: Iterable[str], columns: Sequence[str] | None, name: str) -> None:
    """Refuse two columns of one name, of those that are expected where they are known.

    Raises:
        FormatError: naming it.
    """
    for column, count in Counter(names).items():
        if count > 1 and (columns is None or column in columns):
            raise FormatError(f"{name} has two columns called {column}: rename one of them")


def _spread(cells: Cells, column: str, name: str) -> dict[str, Any]:
    """Lists of one length as a column an element."""
    fault = f"{name}: the lists of {column} are not numbers of one length in every row"
    try:
        block = np.stack([np.asarray(cell, np.float64) for cell in cells])
    except (TypeError, ValueError) as error:
        raise FormatError(fault) from error
    if block.ndim != 2:
        raise FormatError(fault)
    return {f"{column}[{place}]": block[:, place] for place in range(block.shape[1])}


def _typed(cells: Cells, first: Any, column: str, name: str) -> Cells:
    import pandas as pd

    if str(cells.dtype) == "category" and pd.api.types.infer_dtype(cells.cat.categories) != "string":
        return cells.astype(object).where(cells.notna(), None)
    if isinstance(first, decimal.Decimal):
        return cells.astype(np.float64)
    if isinstance(first, datetime.date):
        try:
            return pd.to_datetime(cells, errors="raise")
        except (TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                f"{name}: {column} holds dates, and what cannot be read as one: {error}"
            ) from error
    if isinstance(first, dict):
        raise FormatError(f"{name} has objects within {column}: give them columns of their own")
    if isinstance(first, bytes):
        raise FormatError(f"{name}: {column} holds bytes, which are no cells of a table")
    if isinstance(first, bool | np.bool_):
        return cells.astype("boolean")
    if cells.dtype.kind == "c" or cells.dtype.kind == "m":
        raise FormatError(f"{name}: {column} holds {cells.dtype}: give its parts as numbers")
    return code_text(cells)


CHUNK = 1 << 16
"""Rows that are read at a time where a file is gone through."""


def iter_frames(
    source: Path | io.BytesIO, options: TableOptions | None = None, columns: Sequence[str] | None = None
) -> Iterator[Frame]:
    """The rows of a table, some at a time: CSV and Parquet never whole, other formats in pieces of the whole.

    Args:
        source: a file, or CSV in memory.
        options: what the file does not tell by itself.
        columns: that are wanted of it; a first line of CSV that has them all names the columns.

    Raises:
        FormatError: it is no table.
    """
    options = options or TableOptions()
    suffix = _unpacked_suffix(source) if isinstance(source, Path) else ".csv"
    if READERS.get(suffix) is read_text:
        for frame in iter_text(source, options, CHUNK, columns):
            _check_twice(frame.columns, columns, str(source) if isinstance(source, Path) else "the table")
            yield frame
    elif isinstance(source, Path) and source.suffix.lower() in (".parquet", ".pq"):
        yield from _iter_parquet(str(source), columns)
    else:
        assert isinstance(source, Path)
        frame = read_frame(source.read_bytes(), str(source), options).frame
        for low in range(0, max(1, len(frame)), CHUNK):
            yield frame[low : low + CHUNK].reset_index(drop=True)


def _iter_parquet(path: str, columns: Sequence[str] | None) -> Iterator[Frame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if not file.metadata.num_rows:
                yield _plain(file.schema_arrow.empty_table().to_pandas(), path, columns)
            for batch in file.iter_batches(CHUNK):
                if len(batch):
                    yield _plain(batch.to_pandas(), path, columns)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{path} cannot be read as parquet: {error}") from error


def to_frame(rows: Any, columns: Sequence[str] | None = None) -> Frame:
    """Rows in memory as a frame of pandas with columns of plain types.

    Args:
        rows: a frame of pandas, polars or pyarrow, or a list of dictionaries.
        columns: that are wanted; others may be called alike. None for all.

    Raises:
        UsageError: they are something else.
        FormatError: a column holds what is no cell of a table.
    """
    import pandas as pd

    frame = rows.to_pandas() if hasattr(rows, "to_pandas") else rows  # of polars and pyarrow
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        frame = pd.DataFrame(rows)
    if not isinstance(frame, pd.DataFrame):
        kind = type(rows).__name__
        raise UsageError(f"rows are a frame, a list of dictionaries or the path of a file, not {kind}")
    return _plain(frame, "the frame", columns)
