"""`Upload`: data that were uploaded, and of a table what was read of it and by which choices."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from linnet.config.table import TableOptions
from linnet.data import user_data
from linnet.data.dataset import Splits
from linnet.data.formats.frames import is_table, read_frame
from linnet.data.formats.table import MAX_CELLS, read_table
from linnet.errors import LinnetError, UsageError
from linnet.schema.cells import Frame
from linnet.schema.overview import ColumnView, overview
from linnet.schema.schema import Schema
from linnet.schema.target import MAX_CLASSES

COLUMNS = 200
"""Of a table that are shown: the first ones."""

ROWS = 20_000
"""Of a table that are looked at for figures."""

Files = tuple[tuple[str, bytes], ...]
"""The paths and contents of files."""


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
        title: what to call them.
        splits: the data set; None of a table that has to be asked about first.
        files: of a table, from which it can be read again.
        options: by which it was read.
        glance: of a table; None of other data.
    """

    title: str
    splits: Splits | None
    files: Files = ()
    options: TableOptions = field(default_factory=TableOptions)
    glance: Glance | None = None

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
    """

    name: str
    table: dict[str, Any] = field(default_factory=dict)


def read_upload(
    files: Sequence[tuple[str, bytes]], title: str, options: TableOptions | None = None
) -> Upload:
    """Files that were uploaded as data; a table that leaves a question open is shown with it.

    Args:
        files: their paths and contents.
        title: what to call them.
        options: what a table does not tell by itself.

    Raises:
        LinnetError: they are no data that linnet reads.
    """
    if len(files) != 1 or not is_table(files[0][0]):
        return Upload(title, user_data.read(files, title, regressions=True))
    return _read_table(tuple(files), title, options or TableOptions())


def _read_table(files: Files, title: str, options: TableOptions) -> Upload:
    if options.schema is not None:
        raise UsageError("a schema is a file of the machine of the lab, which a page cannot name")
    ((path, content),) = files
    name = PurePosixPath(path).name
    try:
        table = read_table(content, name, options=options, most=MAX_CELLS)
        splits = table.splits()
        if len(splits.train.classes) > MAX_CLASSES:
            raise UsageError(f"{len(splits.train.classes):,} classes are more than {MAX_CLASSES}")
    except LinnetError as error:
        glance = _glance(_preview(content, name, options, error), None, str(error))
        return Upload(title, None, files, options, glance)
    glance = _glance(table.frame, splits.train.schema or table.schema)
    return Upload(title, splits, files, options, glance)


def _preview(content: bytes, name: str, options: TableOptions, error: LinnetError) -> Frame:
    """The cells of a table about which something has to be said, with names in its first line if that is it.

    Raises:
        LinnetError: `error`, where it is no table whatever is said.
    """
    kept = {"sheet": None if "sheet" in str(error) else options.sheet}
    for header, encoding in itertools.product((options.header, True), (options.encoding, "gb18030")):
        try:
            told = dataclasses.replace(options, header=header, encoding=encoding, **kept)
            frame = read_frame(content, name, told).frame
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
