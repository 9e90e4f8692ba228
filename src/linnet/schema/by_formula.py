"""A table that is read by a formula: the options and the schema that it comes to, and rows without gaps."""

from __future__ import annotations

import dataclasses

import numpy as np

from linnet.config.table import KINDS, TableOptions, column_of
from linnet.errors import FormatError, UsageError
from linnet.i18n import say_number
from linnet.schema.category import Category
from linnet.schema.cells import NO_NUMBER, Frame, is_missing
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.formula import read_formula
from linnet.schema.named_rows import keep_rows
from linnet.schema.schema import Schema

UNNAMED = "the formula does not name it"
"""Why a column is left out."""

WHY = "named by the formula"
"""Why a column is predicted."""


def options_of(frame: Frame, options: TableOptions) -> TableOptions:
    """The options with what the formula says: the target, categories, and columns to leave out.

    Args:
        frame: a table.
        options: with a formula.

    Raises:
        UsageError: it is no formula of these columns, or there is a schema beside it.
    """
    if options.formula is None:
        return options
    if options.schema is not None:
        raise UsageError("a schema says the terms itself: leave out --formula or --schema")
    beside = (options.sample_weight, options.groups, options.exposure)
    names = [str(name) for name in frame.columns if str(name) not in (*options.ignore, *beside)]
    formula = read_formula(options.formula, names, options.target)
    used = {*formula.columns, formula.target, options.target, *beside, options.time}
    others = [str(name) for name in frame.columns if str(name) not in {*formula.columns, *used}]
    if options.time is not None and options.time not in formula.columns:
        others.append(options.time)
    kinds = {
        kind: tuple(one for one in getattr(options, kind) if column_of(kind, one) in used) for kind in KINDS
    }
    kinds["category"] = tuple(dict.fromkeys((*kinds["category"], *formula.categories)))
    return dataclasses.replace(
        options, target=formula.target or options.target, ignore=tuple(dict.fromkeys(others)), **kinds
    )


def apply_formula(schema: Schema, options: TableOptions, given: TableOptions) -> Schema:
    """The schema of a table by a formula, whose terms are for `fit_schema`.

    Args:
        schema: of the columns that it names.
        options: as `options_of` gives them.
        given: as they were given.

    Raises:
        FormatError: a column that it names is neither numbers nor categories.
    """
    if given.formula is None:
        return schema
    names = [*(column.name for column in schema.columns), schema.target.name]
    explicit = {name: why for name, why in schema.left_out.items() if name not in options.ignore}
    beside = (given.sample_weight, given.groups, given.exposure)
    left_out = {
        name: UNNAMED if name in options.ignore and name not in given.ignore else why
        for name, why in schema.left_out.items()
    }
    try:
        formula = read_formula(given.formula, names, schema.target.name)
    except UsageError:
        named = [name for name in explicit if name not in beside]
        if not named:
            raise
        raise FormatError(
            f"the formula names {named[0]}, which cannot be used: {explicit[named[0]]}"
        ) from None
    columns = tuple(_as_factor(column) for column in schema.columns)
    target = schema.target
    if given.target is None:
        target = dataclasses.replace(target, why=target.why.replace("named by --target", WHY))
    return dataclasses.replace(
        schema, columns=columns, target=target, left_out=left_out, formula=given.formula,
        has_intercept=formula.has_intercept,
    )  # fmt: skip


def _as_factor(column: Column) -> Column:
    """A column as formulas take it: numbers, or categories.

    Raises:
        FormatError: it is neither.
    """
    if isinstance(column, Truth):
        return Category(column.name)
    if not isinstance(column, Number | Category):
        raise FormatError(
            f"the formula names {column.name}, which is taken as {column.kind}: formulas take numbers and "
            f"categories. C({column.name}) takes its values as levels"
        )
    return column


def drop_gaps(frame: Frame, schema: Schema) -> tuple[Frame, list[str]]:
    """The rows that have a value in each column that a formula names, and what is to be said of the others.

    Raises:
        FormatError: no row has.
    """
    if not schema.formula:
        return frame, []
    schema.check_columns(frame.columns)
    gaps = np.zeros(len(frame), bool)
    for column in schema.columns:
        words = {"words": NO_NUMBER} if isinstance(column, Number) else {}
        gaps |= is_missing(frame[column.name].reset_index(drop=True), **words)
    if not gaps.any():
        return frame, []
    if gaps.all():
        raise FormatError("no row has a value in each column that the formula names")
    keep_rows(~gaps)
    said = say_number("schema.note.formula_gaps", "en", int(gaps.sum()))
    return frame[~gaps].reset_index(drop=True), [said]
