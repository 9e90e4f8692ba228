"""`column_as`: a column of the kind that was asked for, where it can be; `check_named`: columns are there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

from linnet.config.table import KINDS, TableOptions
from linnet.errors import FormatError
from linnet.schema.category import Category
from linnet.schema.cells import BITS, NO_NUMBER, SHOWN, Cells, is_missing, truths
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.date_cells import date_pattern
from linnet.schema.dates import Date
from linnet.schema.hashed import Hashed
from linnet.schema.named_rows import name_row
from linnet.schema.target import style_of
from linnet.schema.words import Words

CJK = r"[\u3400-\u9fff]"

NUMERALS = ((re.compile(r"\d{8}"), "%Y%m%d"), (re.compile(r"\d{4}"), "%Y"))
"""Numbers that are dates where that is asked, and the pattern of each."""


def column_as(kind: str, cells: Cells, name: str, options: TableOptions) -> Column:
    """The column of a kind.

    Args:
        kind: one of `linnet.config.table.KINDS`.
        cells: of the column, (N,).
        name: of it.
        options: what was said of the table.

    Raises:
        FormatError: a cell is none of this kind, or can be read in two ways.
    """
    known = cells[~is_missing(cells, NO_NUMBER)].drop_duplicates()
    if kind != "category" and not len(known):
        raise FormatError(f"the column {name} has no values to take as {kind}: --ignore {name}")
    return MAKERS[kind](known, name, options)


def text_column(known: Cells, name: str) -> Words:
    """A column of texts, by words, or by pairs of characters where most texts are Chinese."""
    is_chinese = bool((known.str.count(CJK) > known.str.len() / 2).mean() > 0.5)
    return Words(name, by="characters") if is_chinese else Words(name)


def _number(known: Cells, name: str, options: TableOptions) -> Number:
    style = style_of(known, name, options)
    if style is None:
        import pandas as pd

        numbers: Cells = pd.to_numeric(known.astype(str), errors="coerce")
        raise _refuse(known[numbers.isna()], name, "number")
    return Number(name, **dataclasses.asdict(style))


def _truth(known: Cells, name: str, options: TableOptions) -> Truth:
    if known.dtype.kind == "b":
        return Truth(name, "True", "False")
    texts = known.astype(str).str.strip()
    if (pair := truths(texts)) is not None:
        return Truth(name, *pair)
    if not texts.isin(BITS).all():
        raise _refuse(known[~texts.isin(BITS)], name, "truth")
    return Truth(name, "1", "0")


def _date(known: Cells, name: str, options: TableOptions) -> Date:
    if known.dtype.kind == "M":
        return Date(name)
    texts = known.astype(str).str.strip()
    for form, pattern in NUMERALS:
        if texts.str.fullmatch(form).all():
            return Date(name, pattern)
    if (found := date_pattern(known, name, options.date_order)) is None:
        raise _refuse(known, name, "date")
    return Date(name, found)


def _text(known: Cells, name: str, options: TableOptions) -> Words:
    column = text_column(known.astype(str).str.strip(), name)
    return dataclasses.replace(column, buckets=options.buckets.get(name, 0))


def _refuse(wrong: Cells, name: str, kind: str) -> FormatError:
    """The error that names the cells that are none of the kind."""
    rows = wrong.index.tolist()[:SHOWN]
    shown = ", ".join(f"{str(wrong[row])[:40]!r} in {name_row(row)}" for row in rows)
    return FormatError(
        f"the column {name} cannot be taken as {kind}, as --{kind} asks: it has {shown}. Say "
        f"--category {name} (category= in Python), or leave these cells empty"
    )


MAKERS: Mapping[str, Callable[[Cells, str, TableOptions], Column]] = {
    "number": _number,
    "truth": _truth,
    "category": lambda known, name, options: Category(name),
    "hash": lambda known, name, options: Hashed(name, options.buckets[name]),
    "date": _date,
    "text": _text,
}


def check_named(names: Sequence[str], options: TableOptions) -> None:
    """Refuse a column that was named, and is none of a table's.

    Raises:
        FormatError: naming it.
    """
    for what, given in (("target", [options.target]), ("ignore", options.ignore),
                        *((kind, options.named(kind)) for kind in KINDS),
                        ("sample_weight", [options.sample_weight]), ("groups", [options.groups]),
                        ("time", [options.time]), ("exposure", [options.exposure])):  # fmt: skip
        if unknown := [name for name in given if name is not None and name not in names]:
            raise FormatError(f"there is no column {unknown[0]!r} to take as {what}: {', '.join(names[:50])}")
