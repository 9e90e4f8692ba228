"""`describe_rows`: the schema, targets and parts of a table that stays in its files, by counting its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset
from linnet.data.formats.blocks import TableBlocks, source_of
from linnet.data.formats.counted_pass import Counted, Progress, Rows, count_table
from linnet.data.formats.footers import are_complete
from linnet.data.formats.odd_cells import find_odd_cells, find_odd_targets
from linnet.data.split import SPLIT_SEED, TEST_FRACTION, choose_rows
from linnet.data.streams.pieces import Rejected
from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.asked import check_named
from linnet.schema.cells import Cells
from linnet.schema.coded import code_text, is_coded
from linnet.schema.columns import check_cells
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.named_rows import NamedRows, named_rows, naming_rows
from linnet.schema.schema import Schema, Target
from linnet.schema.target import drop_unlabelled, pick_target, read_target

MOST_ODD = 0.5
"""The share of rows that may be set apart; where it is more, the columns are something else."""


@dataclass(frozen=True, eq=False)
class Described:
    """What is known of the rows of a table.

    Args:
        schema: fitted to those that are trained on.
        kept: which of all rows have a target and can be read, (N,).
        y: the targets of those, labels or numbers.
        is_test: which of those are tested on; None where none are held out.
        has_gaps: whether a number is missing in some row.
        rejected: rows and lines that cannot be read.
        is_validation: which are validated on; None where the files name no such part.
    """

    schema: Schema
    kept: NDArray[np.bool_]
    y: NDArray[Any]
    is_test: NDArray[np.bool_] | None
    has_gaps: bool
    rejected: tuple[Rejected, ...] = ()
    is_validation: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class RowsOfFiles(NamedRows):
    """The rows of several files, as they are named.

    Args:
        files: in order.
    """

    files: Sequence[TableBlocks] = ()

    def take(self, kept: NDArray[np.bool_]) -> RowsOfFiles:
        """See `NamedRows.take`."""
        return RowsOfFiles(places=super().take(kept).places, files=self.files)

    def name(self, place: int) -> str:
        """See `NamedRows.name`."""
        row = place if self.places is None else int(self.places[place])
        file, own = find_row(self.files, row)
        return f"{file.name_row(own)} of {file.path}"


def find_row(files: Sequence[TableBlocks], row: int) -> tuple[TableBlocks, int]:
    """The file that one of all rows is in, and its number there."""
    for file in files:
        if row < file.rows:
            return file, row
        row -= file.rows
    raise AssertionError("it is one of the rows")


def describe_rows(
    files: Sequence[TableBlocks],
    name: str,
    options: TableOptions,
    *,
    notes: Sequence[str] = (),
    is_split: bool = False,
    progress: Progress = lambda done, total: None,
) -> Described:
    """Tell what the columns of a table mean, by all its rows, of which the targets alone are held.

    Args:
        files: of it, with the same columns.
        name: what to call it.
        options: what it does not tell by itself.
        notes: what was not as usual in its files.
        is_split: whether rows to test on are held out, by the others of which the schema is fitted.
        progress: called with the bytes of the files that were read, and all of them.

    Raises:
        FormatError: as the reader of tables in memory; or a column is none that a stream can take.
    """
    try:
        return _Describing(files, name, options, notes, is_split, progress).run()
    except FormatError as error:
        raise error if str(error).startswith(name) else FormatError(f"{name}: {error}") from error


def read_targets(files: Sequence[TableBlocks], name: str, schema: Schema, options: TableOptions) -> Described:
    """The targets of a table's rows by the schema of a model, whose cells are looked at when they are read.

    Args:
        files: of it.
        name: what to call it.
        schema: of the model.
        options: what was said of it.

    Raises:
        FormatError: a column of the model is missing, or a target cannot be read.
    """
    import pandas as pd

    target = schema.target
    schema.check_columns(pd.Index(files[0].names))
    if target.name not in files[0].kinds:
        raise FormatError(f"{name}: there is no column {target.name}, which is predicted")
    cells = _cells_of(files, target.name)
    with naming_rows(RowsOfFiles(files=files)):
        frame = pd.DataFrame({target.name: cells}, copy=False)
        frame, _ = drop_unlabelled(frame, target.name, options, target.classes)
        kept = _named(len(cells))
        y: Any = target.labels(frame[target.name]) if target.classes else target.numbers(frame[target.name])
    sources = [source_of(column.name, files[0].kinds)[0] for column in schema.columns]
    has_gaps = not all(are_complete(file.path, sources) for file in files)
    lines = tuple(one for file in files for one in file.rejected)
    return Described(schema, kept, y, None, has_gaps=has_gaps, rejected=lines)


def _named(rows: int) -> NDArray[np.bool_]:
    """Which of all rows are those that are named now, (N,)."""
    places = named_rows().places
    kept = np.ones(rows, bool) if places is None else np.zeros(rows, bool)
    if places is not None:
        kept[places] = True
    return kept


class _Describing:
    """A description that is being made."""

    def __init__(
        self, files: Sequence[TableBlocks], name: str, options: TableOptions, notes: Sequence[str],
        is_split: bool, progress: Progress,
    ) -> None:  # fmt: skip
        self.files, self.name, self.options, self.notes = files, name, options, tuple(notes)
        self.is_split, self.progress = is_split and options.split != "none", progress
        self.is_lenient = options.errors in ("skip", "quarantine")
        self.rejected = dict[int, str]()
        self.lines = [one for file in files for one in file.rejected]

    def run(self) -> Described:
        """Count until no more rows are set apart."""
        place = self._pick_target()
        cells = _cells_of(self.files, place)
        while True:
            before = len(self.rejected)
            found = self._describe(place, cells)
            if found is not None and len(self.rejected) == before:
                return found
            if len(self.rejected) + len(self.lines) > MOST_ODD * (len(cells) + len(self.lines)):
                row, reason = next(iter(self.rejected.items()))
                raise FormatError(
                    f"{len(self.rejected):,} of {len(cells):,} rows cannot be read, the first "
                    f"{RowsOfFiles(files=self.files).name(row)}, which {reason}: most rows cannot be skipped"
                )

    def _pick_target(self) -> str:
        import pandas as pd

        names = self.files[0].names
        check_named(names, self.options)
        place, _ = pick_target(pd.DataFrame(columns=names), self.options)
        if self.files[0].kinds.get(place) in (None, "list"):
            raise FormatError(f"the column {place} is of lists: say what is predicted (--target)")
        return place

    def _describe(self, place: str, cells: Cells) -> Described | None:
        """What the rows tell that are not set apart; None where some more were."""
        import pandas as pd

        frame, names = pd.DataFrame({place: cells}, copy=False), RowsOfFiles(files=self.files)
        if self.rejected:
            kept = np.ones(len(cells), bool)
            kept[list(self.rejected)] = False
            frame, names = frame[kept].reset_index(drop=True), names.take(kept)
        with naming_rows(names):
            frame, dropped = drop_unlabelled(frame, place, self.options)
            kept = _named(len(cells))
            if self.is_lenient and (odd := find_odd_targets(frame[place], self.options)):
                rows = np.flatnonzero(kept)
                self.rejected |= {int(rows[row]): reason for row, reason in odd.items()}
                return None
            _, why = pick_target(pd.DataFrame(columns=self.files[0].names), self.options)
            target = read_target(frame[place], place, why, self.options)
            target = target.with_positive(self.options.positive)
            y: Any = target.labels(frame[place]) if target.classes else target.numbers(frame[place])
            is_test = self._hold_out(target, y)
            trained = kept.copy()
            if is_test is not None:
                trained[kept] = ~is_test
            counted = count_table(
                self.files, Rows(kept, trained), (place, frame[place]), self.options,
                is_lenient=self.is_lenient, progress=self.progress,
            )  # fmt: skip
            if counted.bad:
                self.rejected |= {row: reason for row, reason in counted.bad.items()}
                return None
            if self.is_lenient and (odd := find_odd_cells(self.files, counted.every, kept, self.options)):
                self.rejected |= odd
                return None
            schema = self._fit(counted, target, dropped)
        return Described(schema, kept, y, is_test, counted.has_gaps, self._list_rejected())

    def _hold_out(self, target: Target, y: Any) -> NDArray[np.bool_] | None:
        if not self.is_split:
            return None
        X: Any = as_strided(np.zeros(1), (len(y), 1), (0, 0))
        outline = Dataset(X, y, self.name, classes=target.classes)
        return choose_rows(outline, self.options.test_size or TEST_FRACTION, SPLIT_SEED)

    def _fit(self, counted: Counted, target: Target, dropped: list[str]) -> Schema:
        found = infer_schema(counted.every, self.options)
        for column in found.columns:
            cells, counts = counted.every.of[column.name].cells, counted.every.of[column.name].counts
            if counts is not None and cells.dtype.kind not in "iufbM":  # all that is no number was counted so
                check_cells(column.find_unreadable(cells), cells, column)
        notes = (*self.notes, *dropped, *found.notes)
        if counted.sampled:
            notes = (*notes, say("schema.note.sampled", "en", n=f"{counted.sampled:,}"))
        found = dataclasses.replace(found, target=target, notes=notes)
        has_references = bool(self.options.references)
        return fit_schema(found, counted.trained, has_references=has_references, rare=self.options.rare)

    def _list_rejected(self) -> tuple[Rejected, ...]:
        rows = list[Rejected]()
        for row, reason in sorted(self.rejected.items()):
            file, own = find_row(self.files, row)
            rows.append(Rejected(str(file.path), file.name_row(own), reason))
        return (*self.lines, *rows)


def _cells_of(files: Sequence[TableBlocks], name: str) -> Cells:
    """A column of all rows."""
    import pandas as pd

    found = [
        block.frame[name]
        for file in files
        for section in range(len(file.sections))
        for block in file.read(section, [name])
    ]
    if not found or not sum(map(len, found)):
        raise FormatError("there are no rows")
    if all(map(is_coded, found)):
        return pd.Series(pd.api.types.union_categoricals(found, ignore_order=True))
    return code_text(pd.concat(found, ignore_index=True))
