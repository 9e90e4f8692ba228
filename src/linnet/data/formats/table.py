"""Tables as data sets: columns of any kind, encoded by a schema that training rows fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.data.dataset import Dataset, Splits
from linnet.data.formats.by_schema import open_schema, say_lost
from linnet.data.formats.pixels import PIXEL, as_pixels, check_picture, image_side
from linnet.data.formats.row_columns import read_row_columns
from linnet.data.formats.text_table import TextTable
from linnet.data.split import SPLIT_SEED, TEST_FRACTION, Whole, choose_rows
from linnet.errors import FormatError
from linnet.schema.by_formula import apply_formula, drop_gaps, options_of
from linnet.schema.cells import Cells, Frame
from linnet.schema.coded import SomeRows
from linnet.schema.columns import Seen
from linnet.schema.fit import fit_schema
from linnet.schema.infer import check_names, infer_schema
from linnet.schema.named_rows import NamedRows, named_rows, naming_rows
from linnet.schema.schema import Schema
from linnet.schema.target import drop_unlabelled, pick_target, read_exposure

MAX_CELLS = 20_000_000
"""Of a table that came by a request."""

MAX_COLUMNS = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class TableRows(Whole):
    """All rows of a table; each part that is trained on fits the schema by itself.

    Args:
        frame: its cells.
        schema: its columns, not fitted yet; None where they are as a model has them.
        fitted: its columns, fitted to all rows unless they are as a model has them.
        options: how rows to test on are chosen, and whether categories have references.
        is_outline: whether `rows` has all but the features, which `splits` then encodes once a part.
        named: how the rows are named.
    """

    frame: Frame
    schema: Schema | None
    fitted: Schema
    options: TableOptions
    is_outline: bool = False
    named: NamedRows = field(default_factory=named_rows)

    def splits(self, *, hold_out: bool = True) -> Splits:
        """See `Whole.splits`; levels, medians and words are those of the rows to train on."""
        if self.options.split == "none":
            return Splits(_note_split(self.rows, {"by": "none"}))
        if not hold_out:
            return Splits(self.rows)
        is_test = choose_rows(self.rows, self.options.test_size or TEST_FRACTION, SPLIT_SEED)
        parts = [self.rows.rows(~is_test), self.rows.rows(is_test)]
        is_same = self.rows.schema is None or self.rows.schema.is_plain  # whichever rows fit it
        if self.schema is not None and (self.is_outline or not is_same):
            with naming_rows(self.named.take(~is_test)):
                schema = _fit(self.schema, SomeRows(self.frame, ~is_test), self.options)
            both = zip((~is_test, is_test), parts, strict=True)
            parts = [self._encode(chosen, schema, part) for chosen, part in both]
        said = self._describe_split(parts[0], parts[1], is_test)
        return Splits(*(_note_split(part, said) for part in parts))

    def _encode(self, chosen: NDArray[np.bool_], schema: Schema, part: Dataset) -> Dataset:
        """The rows of a part, which are named as they stand in the table."""
        with naming_rows(self.named.take(chosen)):
            return encode_rows(SomeRows(self.frame, chosen), schema, self.rows.name, part.of_rows)

    def _describe_split(self, train: Dataset, test: Dataset, is_test: NDArray[np.bool_]) -> dict[str, Any]:
        """How the rows to test on were chosen, as `Schema.split` has it."""
        counts = {"train": len(train), "test": len(test)}
        if (times := self.rows.arrays.times) is not None:
            first = int(np.where(is_test, times, len(is_test)).argmin())
            since = str(self.frame[self.options.time].iloc[first])
            more = {"by": "time", "column": self.options.time, "since": since}
            labels = train.arrays.labels if train.is_classification else np.empty(0, np.int64)
            seen = np.bincount(labels, minlength=len(train.classes))
            untrained = [name for name, rows in zip(train.classes, seen, strict=True) if not rows]
            return {**more, **counts, **({"untrained": untrained} if untrained else {})}
        own, others = train.arrays.groups, test.arrays.groups
        if own is not None and others is not None:
            groups = {"train_groups": len(np.unique(own)), "test_groups": len(np.unique(others))}
            return {"by": "groups", "column": self.options.groups, **counts, **groups}
        return {"by": "stratified" if train.is_classification else "random", **counts}


def _fit(schema: Schema, rows: Frame, options: TableOptions) -> Schema:
    return fit_schema(schema, rows, has_references=bool(options.references), rare=options.rare)


def _note_split(rows: Dataset, split: Mapping[str, Any]) -> Dataset:
    """The rows, whose schema says how they were chosen."""
    schema = rows.schema and dataclasses.replace(rows.schema, split=split)
    return rows.replace(schema=schema)


def check_table(
    table: TextTable,
    name: str,
    *,
    options: TableOptions,
    known: tuple[str, ...] | None = None,
    schema: Schema | None = None,
    most: int | None = None,
    is_split: bool = False,
) -> TableRows:
    """The rows of a table whose cells are read.

    Args:
        table: its cells.
        name: what to call it.
        options: what the table does not tell by itself.
        known: the classes of a model without a schema whose rows these are; empty where it predicts numbers;
            None where the target is to be recognised.
        schema: of the model whose rows these are.
        most: cells; None for any number.
        is_split: whether only `TableRows.splits` is wanted, rows to test on held out.

    Raises:
        FormatError: it is larger than may be, or it is not clear how it is to be read.
    """
    if known is not None and options.task is None:
        options = dataclasses.replace(options, task="classification" if known else "regression")
    rows, width = table.frame.shape
    if width > MAX_COLUMNS:
        raise FormatError(f"{name} has {width:,} columns, more than {MAX_COLUMNS:,}: leave some out")
    if most is not None and rows * width > most:
        raise FormatError(f"{name} has some {rows * width:,} cells, more than {most:,}: use fewer rows")
    if not rows:
        raise FormatError(f"{name} has no rows")
    with naming_rows(NamedRows(table.lines)):
        return table_rows(
            table.frame, name, options, known=known, schema=schema, notes=table.notes, classes=table.classes,
            is_split=is_split,
        )  # fmt: skip


def table_rows(
    frame: Frame,
    name: str,
    options: TableOptions,
    *,
    known: tuple[str, ...] | None = None,
    schema: Schema | None = None,
    notes: Sequence[str] = (),
    classes: tuple[str, ...] = (),
    is_split: bool = False,
) -> TableRows:
    """The rows of a frame.

    Args:
        frame: its cells.
        name: what to call it.
        options: what it does not tell by itself.
        known: as in `check_table`.
        schema: likewise.
        notes: what was not as usual.
        classes: the names of classes that the target has by their places.
        is_split: as in `check_table`.

    Raises:
        FormatError: as `check_table`.
    """
    # Of a fault in its file the schema is to be named, and not the table.
    edited = open_schema(Path(options.schema), options) if options.schema and schema is None else None
    try:
        if schema is not None:
            if schema.target.name in frame.columns:
                frame, _ = drop_unlabelled(frame, schema.target.name, options, schema.target.classes)
                frame, _ = drop_gaps(frame, schema)
            beside = read_row_columns(frame, options, is_needed=False)
            rows = encode_rows(frame, schema, name, beside)
            return TableRows(rows, frame=frame, schema=None, fitted=schema, options=options)
        if edited is not None:
            return _rows_by_schema(frame, edited, options, name, notes)
        check_picture(frame, options)
        check_names(frame, options)
        given, options = options, options_of(frame, options)
        place, _ = pick_target(frame, options)
        frame, dropped = drop_unlabelled(frame, place, options, known or ())
        found = apply_formula(infer_schema(frame, options, known or ()), options, given)
        frame, gaps = drop_gaps(frame, found)
        if gaps:  # of the classes and levels of the rest alone
            found = apply_formula(infer_schema(frame, options, known or ()), options, given)
            dropped = [*dropped, *gaps]
        target = found.target
        if classes and target.classes == tuple(map(str, range(len(classes)))):
            frame = frame.assign(**{target.name: [classes[int(k)] for k in frame[target.name]]})
            target = dataclasses.replace(target, classes=classes)
        target = target.with_positive(options.positive)
        found = dataclasses.replace(found, target=target, notes=(*notes, *dropped, *found.notes))
        beside = read_row_columns(frame, options)
        fitted = _fit(found, frame, options)
        if is_split and options.split != "none" and not image_side(fitted):
            rows = _outline(frame, fitted, name, beside)
            return TableRows(rows, frame=frame, schema=found, fitted=fitted, options=options, is_outline=True)
        rows = encode_rows(frame, fitted, name, beside)
        return TableRows(rows, frame=frame, schema=found, fitted=fitted, options=options)
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error


def _rows_by_schema(
    frame: Frame, schema: Schema, options: TableOptions, name: str, notes: Sequence[str]
) -> TableRows:
    """The rows of a frame by a schema that was edited, as it says."""
    if schema.target.name not in frame.columns:
        raise FormatError(f"there is no column {schema.target.name}, which the schema predicts")
    frame, dropped = drop_unlabelled(frame, schema.target.name, options, schema.target.classes)
    rows, seen = _encode(frame, schema, name, read_row_columns(frame, options))
    said = (*notes, *dropped, *schema.notes, *say_lost(frame, schema, seen))
    schema = dataclasses.replace(schema, notes=said)
    rows = rows.replace(schema=rows.schema and schema)
    return TableRows(rows, frame=frame, schema=None, fitted=schema, options=options)


def encode_rows(
    frame: Frame, schema: Schema, name: str, beside: Mapping[str, Any] = MappingProxyType({})
) -> Dataset:
    """Rows of a table as a data set, by a fitted schema.

    Args:
        frame: its cells.
        schema: of it.
        name: what to call it.
        beside: weights, groups and times of the rows, as `read_row_columns` gives them.

    Raises:
        FormatError: a column is missing, or a cell cannot be read.
    """
    return _encode(frame, schema, name, beside)[0]


def _encode(
    frame: Frame, schema: Schema, name: str, beside: Mapping[str, Any]
) -> tuple[Dataset, Mapping[str, Seen]]:
    """Rows as a data set, and what was seen in their columns."""
    y, shared = _targets(frame, schema, name, beside)
    X, seen = schema.encode(frame)
    if (side := image_side(schema)) and (pixels := as_pixels(X)) is not None:
        found = Dataset(pixels, y, name, image_shape=(side, side), scale=1 / PIXEL, **shared)  # type: ignore[arg-type]
        return found, seen
    return Dataset(X, y, name, columns=schema.features, schema=schema, **shared), seen


def _outline(frame: Frame, schema: Schema, name: str, beside: Mapping[str, Any]) -> Dataset:
    """Rows as a data set whose features are not encoded: one column of zeros that takes no memory."""
    y, shared = _targets(frame, schema, name, beside)
    X: Any = as_strided(np.zeros(1), (len(frame), 1), (0, 0))
    return Dataset(X, y, name, schema=schema, **shared)


def _targets(
    frame: Frame, schema: Schema, name: str, beside: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """What rows are to be predicted as, and what else a data set says of them.

    Rates that weigh by their exposure have the likelihood of the counts with its logarithm as an offset.
    """
    target = schema.target
    cells = _target(frame, target.name)
    y: Any = target.labels(cells) if target.classes else target.numbers(cells)
    shared = {"classes": target.classes, "source": name, "target": target.what, **beside}
    if not target.exposure:
        return y, shared
    column = target.exposure
    exposure = read_exposure(_target(frame, column, "the exposure of the counts"), column)
    return y / exposure, {**shared, "weights": exposure}


def _target(frame: Frame, name: str, what: str = "which is predicted") -> Cells:
    if name not in frame.columns:
        raise FormatError(f"there is no column {name}, {what}")
    return frame[name].reset_index(drop=True)
