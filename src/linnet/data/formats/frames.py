"""One reader for each file format of tables, by its suffix, to a frame of pandas."""

from __future__ import annotations

import dataclasses
import importlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.addresses import Address
from linnet.data.formats.encoding import FAULTS, PACKED
from linnet.data.formats.json_lines import read_json_lines
from linnet.data.formats.labelled import WAYS, read_labelled
from linnet.data.formats.plain import check_twice, plain_frame
from linnet.data.formats.text_stream import iter_text
from linnet.data.formats.text_table import TextTable, read_text
from linnet.data.formats.whole_numbers import frame_of, piece_of
from linnet.data.formats.zipped import ZIP, content_of, is_zipped, only_table
from linnet.errors import FormatError, UsageError, needs_extra
from linnet.i18n import say
from linnet.schema.cells import Frame

Reader = Callable[[Any, str, TableOptions], TextTable]
"""Reads a file's content, by its name in messages and what was said of it; those `BY_PATH` a path, too."""

MAX_UNPACKED = 8 << 30
"""Bytes that a compressed table may have, which is more than a machine's memory is taken to hold."""


def read_frame(
    source: bytes | Path, name: str, options: TableOptions, columns: Sequence[str] | None = None
) -> TextTable:
    """The table in a file, by the suffix of its name.

    Args:
        source: the file, which then is not held in memory where the format lets it be, or what stands in it.
        name: what to call it.
        options: what it does not tell by itself.
        columns: that are wanted of it; None for all.

    Raises:
        FormatError: it is not what the suffix says.
        MissingExtraError: a library for the format is not installed; the message names the extra.
    """
    path = PurePath(name.lower())
    reader = READERS.get(_unpacked_suffix(path))
    if reader is None:
        raise FormatError(f"{name} is no table of a known format: expected {', '.join(SUFFIXES)}")
    if isinstance(source, Path) and (path.suffix in PACKED or reader not in BY_PATH or is_zipped(source)):
        source = content_of(source)
    if path.suffix in PACKED:
        assert isinstance(source, bytes)
        source = _unpack(source, name, path.suffix)
    table = reader(source, name, options)
    _release()
    return dataclasses.replace(table, frame=plain_frame(table.frame, name, columns))


def _release() -> None:
    """Give back what Arrow holds of the memory that reading took, as encoding takes it from elsewhere."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


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
    return read_json_lines(content, name)


def _read_parquet(source: bytes | Path, name: str, options: TableOptions) -> TextTable:
    return TextTable(_of_arrow("parquet", "read_table", source, name, _as_coded))


def _as_coded(file: Any) -> dict[str, Any]:
    """How columns of text are read as they are kept: as different values and their places."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [one.name for one in pq.read_schema(file) if one.type in (pa.string(), pa.large_string())]
    file.seek(0)
    return {"read_dictionary": texts}


def _read_feather(content: bytes, name: str, options: TableOptions) -> TextTable:
    import pyarrow as pa

    try:
        return TextTable(_of_arrow("feather", "read_table", content, name))
    except FormatError as error:
        try:
            return TextTable(frame_of(pa.ipc.open_stream(io.BytesIO(content)).read_all()))
        except (pa.ArrowException, ValueError, OSError):
            raise error from None


def _of_arrow(
    module: str, reader: str, source: bytes | Path, name: str,
    how: Callable[[Any], Mapping[str, Any]] = lambda file: {},
) -> Frame:  # fmt: skip
    import pyarrow as pa

    read = getattr(importlib.import_module(f"pyarrow.{module}"), reader)
    try:
        with pa.OSFile(str(source)) if isinstance(source, Path) else pa.BufferReader(source) as file:
            return frame_of(read(file, **how(file)))
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
        frame = _below_titles(sheets, options.sheet or names[0], name)
    except (ValueError, OSError, IndexError, calamine.CalamineError) as error:
        raise FormatError(f"{name} cannot be read as a workbook: {error}") from error
    if options.sheet is not None or len(names) < 2:
        return TextTable(frame)
    note = say("schema.note.sheet", "en", sheet=names[0], others=", ".join(names[1:]))
    return TextTable(frame, (note,))


def _below_titles(sheets: Any, sheet: str, name: str) -> Frame:
    """The rows of a sheet below the names of its columns, empty rows above these passed over.

    Raises:
        FormatError: a title, or whatever is not empty, stands above the names.
    """
    import pandas as pd

    frame: Frame = pd.read_excel(sheets, sheet_name=sheet)
    nameless = sum(str(column).startswith("Unnamed: ") for column in frame.columns)
    if nameless < 2 or 2 * nameless < len(frame.columns):  # one has the numbers of the rows
        return frame
    above: Frame = pd.read_excel(sheets, sheet_name=sheet, header=None, nrows=MOST_ABOVE)
    filled = above.notna().sum(axis=1).to_numpy()
    place = int((2 * filled > above.shape[1]).argmax())
    if not place or not above.iloc[place].dropna().map(type).eq(str).all():  # numbers are no names
        return frame
    if not filled[:place].any():
        return pd.read_excel(sheets, sheet_name=sheet, header=place)
    row = int(filled.nonzero()[0][0])
    title = str(above.iloc[row].dropna().iloc[0]).strip()[:40]
    raise FormatError(
        f"{name}: row {row + 1} of the sheet {sheet}, {title!r}, stands above the names of the columns, "
        f"which seem to be those in row {place + 1}: remove the rows above them, or give each column a name"
    )


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


MOST_ABOVE = 20
"""Rows of a sheet that are looked at for the names of its columns."""

CHUNK = 1 << 16
"""Rows that are read at a time where a file is gone through."""


def iter_frames(
    source: Path | Address | io.BytesIO,
    options: TableOptions | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[Frame]:
    """The rows of a table, some at a time: CSV and Parquet never whole, other formats in pieces of the whole.

    Args:
        source: a file, Parquet at an address, or CSV in memory.
        options: what the file does not tell by itself.
        columns: that are wanted of it; a first line of CSV that has them all names the columns.

    Raises:
        FormatError: it is no table.
    """
    options = options or TableOptions()
    if isinstance(source, Address):
        if source.suffix.lower() not in (".parquet", ".pq"):
            raise FormatError(f"{source}: of addresses Parquet is read so, and no other format: copy it here")
        yield from _iter_parquet(source, columns)
        return
    if isinstance(source, Path) and source.suffix.lower() == ZIP and source.is_file():
        source = only_table(source, is_table)
    suffix = _unpacked_suffix(source) if isinstance(source, Path) else ".csv"
    if READERS.get(suffix) is read_text:
        for frame in iter_text(source, options, CHUNK, columns):
            check_twice(frame.columns, columns, str(source) if isinstance(source, Path) else "the table")
            yield frame
    elif isinstance(source, Path) and not is_zipped(source) and source.suffix.lower() in (".parquet", ".pq"):
        yield from _iter_parquet(source, columns)
    else:
        assert isinstance(source, Path)
        frame = read_frame(source, str(source), options, columns).frame
        for low in range(0, max(1, len(frame)), CHUNK):
            yield frame[low : low + CHUNK].reset_index(drop=True)


def _iter_parquet(source: Path | Address, columns: Sequence[str] | None) -> Iterator[Frame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = str(source)
    try:
        with pq.ParquetFile(source.open("rb") if isinstance(source, Address) else path) as file:
            if not file.metadata.num_rows:
                yield plain_frame(piece_of(file.schema_arrow.empty_table()), path, columns)
            for batch in file.iter_batches(CHUNK):
                if len(batch):
                    yield plain_frame(piece_of(batch), path, columns)
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
        raise UsageError(f"rows are a frame, a list of dictionaries or a path, not {type(rows).__name__}")
    return plain_frame(frame, "the frame", columns)
