"""Tells from whole columns what each means: the target and its task, kinds, and what is to be left out."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
from numpy.typing import NDArray

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.asked import check_named, column_as, text_column
from linnet.schema.category import Category
from linnet.schema.cells import NO_NUMBER, Cells, Frame, NumberStyle, is_missing, to_numbers, truths
from linnet.schema.coded import tally
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.counted import CountedColumn, CountedFrame, column_in, weights_of
from linnet.schema.date_cells import date_pattern
from linnet.schema.dates import Date
from linnet.schema.groups import looks_grouped
from linnet.schema.leakage import find_leaks
from linnet.schema.mixed import check_mixed, say_mixture
from linnet.schema.remarks import are_times, find_totals, remark, sentinels, spellings
from linnet.schema.row_numbers import IDS, are_counting, are_row_numbers, row_number_note
from linnet.schema.schema import Schema
from linnet.schema.target import (
    FEW,
    pick_target,
    read_target,
    strip,
    style_of,
)
from linnet.schema.units import check_units
from linnet.schema.words import Words

WORDY = 4
"""Words of a cell, on average, from which on a column is of texts."""

CODE = re.compile(r"0\d+")
"""A number that begins with 0, such as a postal code's."""

WORD = r"\S+"


def infer_schema(frame: Frame | CountedFrame, options: TableOptions, known: tuple[str, ...] = ()) -> Schema:
    """The kinds of a table's columns, its target and its task; fills, levels and words are for `fit_schema`.

    Args:
        frame: a table whose columns hold text, or values of other types.
        options: what was said of it.
        known: the classes of a model whose rows these are.

    Raises:
        FormatError: it is not clear what is predicted, or how a column is to be read.
    """
    check_names(frame, options)
    name, why = pick_target(frame, options)
    if kind := next((kind for kind in ("hash", "text", "date") if name in options.named(kind)), None):
        raise FormatError(
            f"the column {name} is predicted, and cannot be taken as {kind}: leave --{kind} out"
        )
    decimal, notes = table_decimal(frame, options)
    options = dataclasses.replace(options, decimal=decimal)
    target = read_target(frame[name], name, why, options, known)
    columns, left_out, more = infer_columns(frame, options, name)
    if not columns:
        reasons = "; ".join(f"{column} ({reason})" for column, reason in left_out.items())
        raise FormatError(f"no column is left to predict {name} by: {reasons or 'there is none beside it'}")
    leaks = {} if known else find_leaks(frame, columns, target)
    said = set(map(row_number_note, leaks))  # in other words
    notes += dict.fromkeys([*leaks.values(), *(note for note in more if note not in said)])
    if options.rare is not None:
        notes.append(say("schema.note.rare", "en", n=options.rare))
    notes += [*spellings(frame[name], target), *_marks(name, target.style), *find_totals(frame)]
    if not target.classes:
        notes += sentinels(name, target.numbers(frame[name]))
    return Schema(columns, target, left_out, tuple(notes))


def infer_columns(
    frame: Frame | CountedFrame, options: TableOptions, target: str | None = None
) -> tuple[tuple[Column, ...], dict[str, str], list[str]]:
    """The kinds of the columns to predict by, those left out with the reasons, and what to say of them.

    Args:
        frame: as `infer_schema` takes it.
        options: likewise.
        target: the column that is predicted; None where it is none of the frame's.

    Raises:
        FormatError: it is not clear how a column is to be read.
    """
    left_out, notes = dict.fromkeys(options.ignore, "as was asked"), list[str]()
    if options.sample_weight:
        left_out[options.sample_weight] = "it holds the rows' weights"
    if options.groups:
        left_out[options.groups] = "rows of one of its values are on one side of every split"
    if options.exposure:
        left_out[options.exposure] = "it holds the exposure of the counts"
    columns = list[Column]()
    for column in map(str, frame.columns):
        if column == target or column in left_out:
            continue
        one = column_in(frame, column)
        found = kind_of(one, column, options)
        if isinstance(found, str):
            left_out[column] = found
            continue
        columns.append(found)
        notes += [*_doubts(one, found), *remark(one.cells, found)]
        if options.groups is None and (note := looks_grouped(one, found)):
            notes.append(note)
    return tuple(columns), left_out, notes


def check_names(frame: Frame, options: TableOptions) -> None:
    """Refuse a table without rows, with a name twice, or without a column that was named.

    Raises:
        FormatError: naming it.
    """
    names = list(map(str, frame.columns))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise FormatError(f"two columns are called {twice}: rename one of them")
    check_named(names, options)
    for name in (options.target, options.sample_weight, options.exposure):
        if name is not None and name in options.ignore:
            raise FormatError(f"the column {name} cannot be ignored and used")
    used = {"the target": options.target, "the weights": options.sample_weight, "the groups": options.groups,
            "the times": options.time, "the exposure": options.exposure}  # fmt: skip
    given = [(what, name) for what, name in used.items() if name is not None]
    for place, (what, name) in enumerate(given):
        for other, same in given[:place]:
            if name == same:
                raise FormatError(f"the column {name} cannot be {other} and {what}")
    if not len(frame):
        raise FormatError("the table has no rows")


def table_decimal(frame: Frame, options: TableOptions) -> tuple[str | None, list[str]]:
    """The decimal sign, where it was said or columns that can be read in one way have only one."""
    if options.decimal is not None:
        return options.decimal, []
    signs: dict[str, str] = {}
    for name in map(str, frame.columns):
        if name in options.ignore:
            continue
        try:
            style = style_of(frame[name], name, options)
        except FormatError:
            continue
        if style is not None and style.decimal == ",":
            signs.setdefault(",", name)
    if not signs:
        return None, []
    return ",", [say("schema.note.decimal", "en", name=signs[","])]


def kind_of(column: CountedColumn, name: str, options: TableOptions) -> Column | str:
    """What a column is, or why it is left out."""
    cells = column.cells
    if name in options.kinds:
        is_text = options.kinds[name] == "hash" and _is_text(column, name, options)
        return column_as("text" if is_text else options.kinds[name], cells, name, options)
    if cells.dtype.kind == "M":
        return Date(name)
    if cells.dtype.kind == "b" or str(cells.dtype) == "boolean":
        return Truth(name, "True", "False")
    if is_missing(cells, NO_NUMBER).all():
        return "it has no values"
    style = style_of(cells, name, options)
    if style is not None:
        if _counts_rows(name, column, style):
            return "it has no name and counts the rows"
        if cells.dtype.kind not in "iuf" and _has_codes(cells.drop_duplicates()):
            return Category(name)
        return Number(name, **dataclasses.asdict(style))
    different = cells.drop_duplicates()
    different = different[~is_missing(different)]
    if (pattern := date_pattern(different, name, options.date_order)) is not None:
        return Date(name, pattern)
    if (pair := truths(different)) is not None:
        return Truth(name, *pair)
    check_units(different, name)
    check_mixed(column, name)
    counts = tally(cells, is_missing, strip, column.counts)
    return _text(counts, name, has_gaps=bool(is_missing(cells).any()))


def _is_text(column: CountedColumn, name: str, options: TableOptions) -> bool:
    """Whether a column to hash is of texts, if nothing else was said of it."""
    if name in options.category:
        return False
    try:
        return isinstance(kind_of(column, name, dataclasses.replace(options, hash=())), Words)
    except FormatError:  # of columns that could be read in two ways, which levels are not
        return False


def _has_codes(different: Cells) -> bool:
    """Whether numbers are names: all of one length, some with a 0 in front."""
    texts = strip(different[~is_missing(different, NO_NUMBER)])
    return bool(texts.str.fullmatch(CODE).any() and texts.str.len().nunique() == 1)


def _counts_rows(name: str, column: CountedColumn, style: NumberStyle) -> bool:
    is_nameless = not name or name.startswith("Unnamed: ") or name in ("index", "level_0", "rownames")
    if not is_nameless:
        return False
    if column.numbering is not None:
        return column.numbering.is_counting
    is_each = column.counts is None or bool((column.counts == 1).all())
    return is_each and are_counting(to_numbers(column.cells, style))


def _text(counts: Cells, name: str, *, has_gaps: bool) -> Column | str:
    """A column of text: categories, texts, or names of the rows; by how often each text occurs."""
    different, rows = len(counts), int(counts.sum())
    if different == 1:  # beside gaps it is a mark, as an x where something applies
        return Category(name) if has_gaps else say("schema.left.always", "en", cell=counts.index[0][:40])
    if different <= rows / 2:
        return Category(name)
    texts, of_text = text_column(counts.index.to_series(), name), counts.index.str
    length = of_text.len() / 2 if texts.by == "characters" else of_text.count(WORD)
    if np.average(np.asarray(length), weights=counts.to_numpy()) >= WORDY:
        return texts
    if not different == rows > FEW:
        return Category(name)
    is_time = are_times(counts.index.to_series())
    return say(f"schema.left.{'times' if is_time else 'names'}", "en", cell=counts.index[0])


def _doubts(column: CountedColumn, found: Column) -> list[str]:
    """What one has to know of a column that is kept."""
    if isinstance(found, Category):
        return say_mixture(column, found.name)
    if isinstance(found, Words) and found.buckets:
        return [say("schema.note.hashed_words", "en", name=found.name, n=f"{found.buckets:,}")]
    if not isinstance(found, Number):
        return []
    values = to_numbers(column.cells, found.style)
    is_known, counts = np.isfinite(values), weights_of(column.cells, column.counts)
    known = values[is_known]
    is_whole = bool((known == np.floor(known)).all())
    notes = sentinels(found.name, known, counts[is_known])
    if counts[is_known].sum() > FEW and _are_row_numbers(column, found.name, values):
        notes.append(row_number_note(found.name))
    if is_whole and bool((np.abs(known) > 2**53).any()):
        notes.append(say("schema.note.beyond", "en", name=found.name))
    return [*notes, *_marks(found.name, found.style)]


def _are_row_numbers(column: CountedColumn, name: str, values: NDArray[np.float64]) -> bool:
    """Whether a column's numbers count the rows, or are an identifier of each."""
    known = values[np.isfinite(values)]
    if column.numbering is not None:
        is_whole = bool((known == np.floor(known)).all())
        is_named = column.numbering.is_unique and IDS.search(name) is not None
        return is_whole and (column.numbering.is_counting or is_named)
    is_each = column.counts is None or bool((column.counts[np.isfinite(values)] == 1).all())
    return is_each and are_row_numbers(name, values)


def _marks(name: str, style: NumberStyle) -> list[str]:
    """What is to be said of how numbers are written."""
    told = {
        "unit": style.unit,
        "thousands": style.thousands and repr(style.thousands),
        "commas": style.decimal == ",",
        "parentheses": style.parentheses,
    }
    return [say(f"schema.note.{how}", "en", name=name, sign=sign) for how, sign in told.items() if sign]
