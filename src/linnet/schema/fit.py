"""`fit_schema`: what training rows tell of columns: fills, levels, the first day, words and their weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.category import ABSENT, OTHER, Category, as_text
from linnet.schema.cells import NO_NUMBER, Cells, Frame, is_missing, to_numbers
from linnet.schema.classes import in_order
from linnet.schema.coded import different, is_coded, tally
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.counted import CountedColumn, CountedFrame, column_in, median, weights_of
from linnet.schema.date_cells import to_days
from linnet.schema.dates import Date
from linnet.schema.formula import fit_terms, read_formula
from linnet.schema.hashed import Hashed, first_bucket
from linnet.schema.schema import Schema
from linnet.schema.word_counts import count_words
from linnet.schema.words import Words, texts_of

MANY = 100
"""Levels of a category from which on rare ones are taken together."""

RARE = 10
"""Rows below which a level is rare, among many."""

MAX_WORDS = 5000


def fit_schema(
    schema: Schema, train: Frame | CountedFrame, *, has_references: bool = False, rare: int | None = None
) -> Schema:
    """The schema with what training rows tell: fills, levels, the first day, words and their weights.

    Args:
        schema: of the table.
        train: rows.
        has_references: whether the first level of each category has no column.
        rare: rows below which levels are taken together; of many levels those of fewer than `RARE` when None.
    """
    columns = list[Column]()
    for column in schema.columns:
        counted = column_in(train, column.name)
        if isinstance(column, Hashed) and has_references:
            column = dataclasses.replace(column, reference=first_bucket(column, counted.cells))
        columns.append(_fit(column, counted, rare))
    fitted = dataclasses.replace(schema, columns=tuple(columns))
    if schema.formula:  # which says by itself what levels are compared to
        fitted = _fit_formula(fitted, train)
    elif has_references:
        fitted = fitted.with_references()
    if len(set(fitted.features)) < len(fitted.features):
        twice = next(name for name in fitted.features if fitted.features.count(name) > 1)
        raise FormatError(f"two encoded columns would be called {twice}: rename a column of the table")
    return fitted


def _fit_formula(fitted: Schema, train: Frame) -> Schema:
    """The schema with the terms of its formula."""
    names = [*(column.name for column in fitted.columns), fitted.target.name]
    formula = read_formula(fitted.formula, names, fitted.target.name)
    X = dataclasses.replace(fitted, terms=()).encode(train).X
    block = {name: X[:, place] for place, name in enumerate(fitted.base)}
    return dataclasses.replace(fitted, terms=fit_terms(formula, fitted.columns, block))


def _fit(column: Column, counted: CountedColumn, rare: int | None) -> Column:
    cells = counted.cells
    if isinstance(column, Number):
        values = to_numbers(cells, column.style)
        gaps = is_missing(cells, NO_NUMBER)
        is_known = ~gaps & np.isfinite(values)
        known, counts = values[is_known], None if counted.counts is None else counted.counts[is_known]
        fill = median(known, counts) if len(known) else 0.0
        low, high = _ends(known)
        return dataclasses.replace(column, fill=fill, has_flag=bool(gaps.any()), low=low, high=high)
    if isinstance(column, Truth):
        gaps = is_missing(cells)
        true, _ = column.read(cells[~gaps])
        counts = weights_of(cells, counted.counts)[~gaps]
        is_likelier = bool(len(true)) and 2 * int(counts[true].sum()) > int(counts.sum())
        return dataclasses.replace(column, fill=float(is_likelier), has_flag=bool(gaps.any()))
    if isinstance(column, Date):
        return _fit_date(column, counted)
    if isinstance(column, Category):
        return _fit_levels(column, counted, rare)
    if isinstance(column, Hashed):
        return dataclasses.replace(column, has_missing=bool(is_missing(cells).any()))
    return _fit_words(column, counted)


def _ends(known: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """The lowest and the highest of some values."""
    return (float(known.min()), float(known.max())) if len(known) else (None, None)


def _fit_date(column: Date, counted: CountedColumn) -> Date:
    days = to_days(counted.cells, column.pattern)
    is_known = np.isfinite(days)
    known, counts = days[is_known], None if counted.counts is None else counted.counts[is_known]
    if not len(known):
        return dataclasses.replace(column, has_flag=True)
    low, high = _ends(known)
    has_hours = bool((known != np.floor(known)).any())
    parts = (*column.parts, "hour") if has_hours and "hour" not in column.parts else column.parts
    return dataclasses.replace(
        column, since=float(np.floor(known.min())), fill=median(known, counts), parts=parts,
        has_flag=bool(np.isnan(days).any()), low=low, high=high,
    )  # fmt: skip


def _fit_levels(column: Category, counted: CountedColumn, rare: int | None) -> Category:
    cells = counted.cells
    gaps = is_missing(cells)
    counts: Cells = (
        tally(cells, is_missing, as_text, counted.counts)
        .sort_index()
        .sort_values(ascending=False, kind="stable")
    )
    if reserved := [level for level in (OTHER, ABSENT) if level in counts.index]:
        raise FormatError(
            f"the column {column.name} has a level called {reserved[0]}, as linnet calls one of its own: "
            "rename it"
        )
    least = (RARE if len(counts) > MANY else 1) if rare is None else rare
    kept = counts[counts >= least]
    if rare is not None and len(counts) and not len(kept):
        raise FormatError(
            f"the column {column.name} has no level of {rare} rows, as --rare {rare} (rare= in Python) asks: "
            f"its most frequent, {counts.index[0]!r}, has {counts.iloc[0]}. Say fewer, or --ignore "
            f"{column.name}"
        )
    kept = kept if len(kept) else counts[:MANY]
    levels = _in_order(kept.index.tolist(), cells)
    return dataclasses.replace(
        column, levels=tuple(levels), has_other=len(kept) < len(counts), has_missing=bool(gaps.any())
    )


def _in_order(levels: Sequence[str], cells: Cells) -> list[str]:
    """Levels by number where all are numbers, else by text: never by the order of the rows.

    An order that the column has of itself, as that of the codes of labels, goes before.
    """
    if is_coded(cells) and cells.cat.ordered:
        places = {text: place for place, text in enumerate(as_text(different(cells)))}
        return sorted(levels, key=places.__getitem__)
    return in_order(levels)


def _fit_words(column: Any, counted: CountedColumn) -> Words:
    if column.buckets:
        return dataclasses.replace(column, words=(), idf=())
    found = counted.words or count_words(texts_of(counted.cells), column.by, counted.counts)
    if not len(found.words):
        raise FormatError(f"the column {column.name} has no words to learn by")
    kept = np.sort(np.argsort(-found.total)[:MAX_WORDS])  # those that occur most, in order
    idf = np.log((1 + found.of) / (1 + found.rows[kept])) + 1
    return dataclasses.replace(column, words=tuple(found.words[kept].tolist()), idf=tuple(idf.tolist()))
