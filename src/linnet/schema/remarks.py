"""What one has to know of columns and rows that could mean something else than they are taken for."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from linnet.i18n import say
from linnet.schema.category import Category
from linnet.schema.cells import BITS, PLAIN, POINTED, WHOLE, Cells, Frame, are_of, is_missing, to_numbers
from linnet.schema.classes import class_names
from linnet.schema.coded import each, is_coded
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.counted import CountedFrame
from linnet.schema.schema import Target

TOTALS = frozenset((
    "total", "totals", "grand total", "sum", "subtotal", "sub-total", "summe", "gesamt",
    "合计", "总计", "小计", "合計",
))  # fmt: skip
"""Words that begin a row of sums, in lower case."""

LAST = 3
"""Rows at the end that may be sums."""

DATED = re.compile(r"(^|[_\W])(date|day|datum|time)$|日期", re.IGNORECASE)
"""Names of columns of dates."""

SERIALS = (20_000, 60_000)
"""The days of a spreadsheet, since 1899-12-30, from 1954 to 2064."""


TIME_OF_DAY = r"[0-9]{1,3}:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?"
"""A time of day, or how long something took."""

NINES = (99.0, 999.0, 9999.0, 99999.0, 999999.0)
"""Numbers that stand for no value in many files, with either sign."""

OFTEN = 2
"""Rows from which on such a number is no value of its own by chance."""


def are_times(texts: Cells) -> bool:
    """Whether texts, (N,), are times of day or durations, as 12:30 is."""
    return bool(len(texts)) and bool(texts.str.fullmatch(TIME_OF_DAY).all())


def sentinels(name: str, known: NDArray[np.float64], counts: NDArray[np.int64] | None = None) -> list[str]:
    """What is to be said of numbers such as -999 far from all others, which may stand for gaps.

    Args:
        name: of the column.
        known: its finite numbers, (n,).
        counts: how often each occurs, (n,); once when None.
    """
    ends = {float(known.min()), float(known.max())} if len(known) else set()
    found = [end for end in sorted(ends) if abs(end) in NINES]
    if not found:
        return []
    others = known[~np.isin(known, found)]
    if not len(others):
        return []
    low, high = float(others.min()), float(others.max())
    often = np.ones(len(known), np.int64) if counts is None else counts
    far = {end: int(often[known == end].sum()) for end in found if max(low - end, end - high) > high - low}
    return [
        say("schema.note.sentinel", "en", name=name, number=f"{end:g}", n=f"{rows:,}")
        for end, rows in far.items()
        if rows >= OFTEN
    ]


def remark(cells: Cells, found: Column) -> list[str]:
    """What one has to know of a column that is kept.

    Args:
        cells: of the column, (N,).
        found: what it is taken for.
    """
    if isinstance(found, Truth) and cells.dtype.kind == "O":
        return _bits(cells, found)
    if isinstance(found, Category):
        return _times(cells, found.name)
    if isinstance(found, Number):
        return [*_serials(cells, found), *_points(cells, found)]
    return []


def _bits(cells: Cells, found: Truth) -> list[str]:
    different = cells.drop_duplicates().astype(str).str.strip()
    bits, true, false = sorted(set(different) & BITS), found.true, found.false
    if not bits or true in BITS:
        return []
    return [say("schema.note.bits", "en", name=found.name, bits=", ".join(bits), true=true, false=false)]


def _times(cells: Cells, name: str) -> list[str]:
    if cells.dtype.kind in "biufM":
        return []
    different = cells.drop_duplicates()
    texts = different[~is_missing(different)].astype(str).str.strip()
    if not are_times(texts):
        return []
    return [say("schema.note.times", "en", name=name, cell=texts.iloc[0])]


def _serials(cells: Cells, found: Number) -> list[str]:
    if not DATED.search(found.name):
        return []
    numbers = to_numbers(cells, found.style)
    known = numbers[np.isfinite(numbers)]
    if not len(known) or known.min() < SERIALS[0] or known.max() > SERIALS[1]:
        return []
    return [say("schema.note.serials", "en", name=found.name)]


def _points(cells: Cells, found: Number) -> list[str]:
    if not is_coded(cells) or found.decimal != "." or found.thousands:
        return []
    different = cells.drop_duplicates()
    texts = found.style.take_off(different[~is_missing(different)].astype(str))
    if not texts.str.fullmatch(PLAIN).all() or not are_of(texts, POINTED, WHOLE).all():
        return []
    pointed = texts[texts.str.fullmatch(POINTED)]
    if not len(pointed):
        return []
    return [say("schema.note.points", "en", name=found.name, cell=pointed.iloc[0])]


def spellings(cells: Cells, target: Target) -> list[str]:
    """What is to be said of classes that are written in several ways.

    Args:
        cells: of the target, (N,).
        target: what it is taken for.
    """
    if not target.classes or cells.dtype.kind in "iufb":
        return []
    different = cells.drop_duplicates()
    texts, names = different.astype(str).str.strip(), class_names(different)
    several = texts.groupby(names).unique()
    twice = {str(name): sorted(forms) for name, forms in several.items() if len(forms) > 1}
    return [
        say("schema.note.spellings", "en", name=name, forms=", ".join(forms[:-1]), last=forms[-1])
        for name, forms in twice.items()
    ]


def find_totals(frame: Frame | CountedFrame) -> list[str]:
    """What is to be said of rows at the end that look like sums of the others.

    Args:
        frame: the cells of a table.
    """
    for name in map(str, frame.columns):
        cells = frame[name]
        if not is_coded(cells):
            continue
        places = each(cells, _are_totals).nonzero()[0]
        if len(places) and (first := int(cells.index[places[0]])) >= len(frame) - LAST:
            row, cell = f"{first + 1:,}", str(cells.iloc[places[0]])
            return [say("schema.note.total", "en", row=row, cell=cell, name=name)]
    return []


def _are_totals(cells: Cells) -> NDArray[np.bool_]:
    return cells.astype(str).str.strip().str.lower().isin(TOTALS).to_numpy(bool)
