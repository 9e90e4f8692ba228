"""`Upload`: data that were uploaded, and of a table what was read of it and by which choices."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linnet.config.table import TableOptions
from linnet.data import user_data
from linnet.data.dataset import Splits
from linnet.data.formats.frames import is_text
from linnet.data.formats.picture_files import MAX_ALL_BYTES
from linnet.data.formats.table import MAX_CELLS
from linnet.data.formats.table_files import TableFiles, read_files
from linnet.data.formats.table_parts import NamedParts
from linnet.data.locate import find_tables
from linnet.data.options import refuse_color
from linnet.errors import LinnetError, UsageError
from linnet.lab.sent import Files, Sent, lay_out, name_files
from linnet.schema.cells import Frame
from linnet.schema.overview import ColumnView, overview
from linnet.schema.schema import Schema
from linnet.schema.target import MAX_CLASSES

COLUMNS = 200
"""Of a table that are shown: the first ones."""

ROWS = 20_000
"""Of a table that are looked at for figures."""

BOUNDS = user_data.Bounds(MAX_CELLS, MAX_ALL_BYTES)


@dataclass(frozen=True)
class Glance:
    """A table at a glance.

    Args:
        rows: how many it has.
        width: how many columns.
        columns: the first of them.
        looked_at: rows of which that tells.
        schema: by which it was read; None where it could not be.
        problem: why not; empty where it could.
    """

    rows: int
    width: int
    columns: tuple[ColumnView, ...]
    looked_at: int
    schema: Schema | None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Upload:
    """Data that were uploaded.

    Args:
        sent: by which name they are loaded.
        splits: the data set; None of a table that has to be asked about first.
        files: of a table, from which it can be read again.
        options: by which it was read.
        glance: of a table; None of other data.
        lines: what was said of how other data were read.
        has_parts: whether files or folders are of parts by their names.
    """

    sent: Sent
    splits: Splits | None
    files: Files = ()
    options: TableOptions = field(default_factory=TableOptions)
    glance: Glance | None = None
    lines: tuple[str, ...] = ()
    has_parts: bool = False

    @property
    def title(self) -> str:
        """What to call them."""
        return self.sent.title

    @property
    def source(self) -> Source:
        """What lines of code load them by, where they lie."""
        test = {} if self.sent.test is None else {"test": self.sent.test}
        return Source(self.sent.name, {**test, **self.options.table}, is_sent=True)

    @property
    def nbytes(self) -> int:
        """What it takes of memory."""
        train, test = self.splits or (None, None)
        parts = [part for part in (train, test, train and train.validation) if part is not None]
        tensors = sum(tensor.nbytes for part in parts for tensor in (part.X, part.y))
        return tensors + sum(len(content) for _, content in self.files)

    def data(self) -> Splits:
        """The data set.

        Raises:
            UsageError: it is a table about which something has to be said first.
        """
        if self.splits is None:
            raise UsageError(self.glance.problem if self.glance else "there are no rows")
        return self.splits


@dataclass(frozen=True)
class Source:
    """A data set as lines of code name it.

    Args:
        name: that `linnet.load` takes.
        table: what was said of a table, as `TableOptions.table` has it.
        is_sent: whether it is a file of who reads the lines, and none of the data sets' folder.
    """

    name: str
    table: dict[str, Any] = field(default_factory=dict)
    is_sent: bool = False


def read_upload(files: Sequence[tuple[str, bytes]], options: TableOptions | None = None) -> Upload:
    """Files that were uploaded as data; a table that leaves a question open is shown with it.

    Args:
        files: their paths and contents.
        options: what a table does not tell by itself.

    Raises:
        LinnetError: they are no data that linnet reads.
    """
    options = options or TableOptions()
    for name in ("schema", "test"):
        if getattr(options, name) is not None:
            raise UsageError(f"a {name} is a file of the machine of the lab, which a page cannot name")
    with lay_out(files) as folder:
        sent = name_files([path for path, _ in files], folder)
        told = dataclasses.replace(options, test=sent.test)
        tables = find_tables(sent.name, folder)
        if tables is not None and not tables.is_svmlight:
            refuse_color(options, f"{sent.title} is a table")
            return _read_table(Upload(sent, None, tuple(files), options), tables, folder, told)
        said: list[str] = []
        user_data.refuse_options(sent.name, folder, told)
        whole = user_data.load_whole(
            sent.name, folder, say=said.append, options=told, is_split=True, bounds=BOUNDS
        )
        _check_classes(splits := whole.splits())
        has_parts = whole.is_test is not None
        return Upload(sent, splits, options=options, lines=tuple(said), has_parts=has_parts)


def _read_table(upload: Upload, tables: TableFiles, folder: Path, options: TableOptions) -> Upload:
    try:
        whole: Any = user_data.load_whole(
            upload.sent.name, folder, options=options, is_split=True, bounds=BOUNDS
        )
        splits = whole.splits()
        _check_classes(splits)
    except LinnetError as error:
        glance = _glance(_preview(tables, options, error), None, str(error))
        return dataclasses.replace(upload, glance=glance)
    glance = _glance(whole.frame, splits.train.schema or whole.fitted)
    has_parts = isinstance(whole, NamedParts)
    return dataclasses.replace(upload, splits=splits, glance=glance, has_parts=has_parts)


def _check_classes(splits: Splits) -> None:
    if (number := len(splits.train.classes)) > MAX_CLASSES:
        raise UsageError(f"{number:,} classes are more than {MAX_CLASSES}")


def _preview(tables: TableFiles, options: TableOptions, error: LinnetError) -> Frame:
    """The cells of a table about which something has to be said, with names in its first line if that is it.

    Raises:
        LinnetError: `error`, where it is no table whatever is said.
    """
    kept = {"sheet": None if "sheet" in str(error) else options.sheet}
    tries = [
        (options.header, options.encoding)
    ]  # others are of text alone, and some formats are slow to fail
    if all(map(is_text, tables.train)):
        tries = itertools.product((options.header, True), (options.encoding, "gb18030"))
    for header, encoding in tries:
        try:
            told = dataclasses.replace(options, header=header, encoding=encoding, **kept)
            frame = read_files(tables.train, told).frame
        except LinnetError:
            continue
        if 0 < frame.size <= MAX_CELLS:
            return frame
    raise error


def _glance(frame: Frame, schema: Schema | None, problem: str = "") -> Glance:
    names = list(frame.columns[:COLUMNS])
    if schema is not None and schema.target.name not in names:
        names.append(schema.target.name)
    columns = tuple(overview(frame[names], schema, rows=ROWS))
    rows, width = frame.shape
    return Glance(rows, width, columns, min(rows, ROWS), schema, problem)
