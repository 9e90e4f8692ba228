"""Expressions of SQL that read cells: numbers, truths, parts of dates, and places among levels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from linnet.export.sql_source import double, string
from linnet.schema.cells import MISSING, NO_NUMBER
from linnet.schema.dates import calendar
from linnet.schema.terms import Factor

BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u3000"
"""White space around a text, as far as tables have it."""


def trimmed(cell: str) -> str:
    """A cell as text without space around it."""
    return f"TRIM(CAST({cell} AS TEXT), {string(BLANKS)})"


def _gap(cell: str, words: Sequence[str] | frozenset[str]) -> str:
    return f"{cell} IS NULL OR LOWER({cell}) IN ({', '.join(map(string, sorted(words)))})"


def _number(column: Any, cell: str, factor: Factor) -> str:
    text = f"TRIM(LOWER(CAST({cell} AS TEXT)))"
    gap = f"{cell} IS NULL OR {text} IN ({', '.join(map(string, sorted(NO_NUMBER)))})"
    is_number = f"TRIM({text}, '0123456789+-.e') = ''"  # else SQLite would read 0
    value = f"WHEN {is_number} THEN CAST({cell} AS DOUBLE PRECISION)"
    return _filled(gap, factor, value)


def _filled(gap: str, factor: Factor, value: str) -> str:
    """A value, or what stands in its place where it is missing; or whether it is missing."""
    if factor.function == "missing":
        return f"CASE WHEN {gap} THEN 1.0e0 ELSE 0.0e0 END"
    return f"CASE WHEN {gap} THEN {double(factor.fill)} {value} END"


def _truth(column: Any, cell: str, factor: Factor) -> str:
    yes, no = (sorted({form for word in words for form in (word, word.upper())}) for words in column.words)
    value = (
        f"WHEN LOWER({cell}) IN ({', '.join(map(string, yes))}) THEN 1.0e0 "
        f"WHEN LOWER({cell}) IN ({', '.join(map(string, no))}) THEN 0.0e0"
    )
    return _filled(_gap(cell, MISSING), factor, value)


def _date(column: Any, cell: str, factor: Factor) -> str:
    gap = _gap(cell, NO_NUMBER)
    if factor.function == "missing":
        return _filled(gap, factor, "")
    fill = calendar(np.array([factor.fill]), factor.function, factor.since)[0]
    parts = f"SUBSTR({cell}, 1, 4) || SUBSTR({cell}, 6, 2) || SUBSTR({cell}, 9, 2)"
    is_date = (
        f"LENGTH({cell}) >= 10 AND SUBSTR({cell}, 5, 1) || SUBSTR({cell}, 8, 1) = '--' "
        f"AND TRIM({parts}, '0123456789') = ''"
    )
    return f"CASE WHEN {gap} THEN {double(fill)} WHEN {is_date} THEN {_part(cell, factor)} END"


def _part(cell: str, factor: Factor) -> str:
    """A part of a date that is ISO text."""
    year, month, day, hour = (
        f"CAST(SUBSTR({cell}, {at}) AS INTEGER)" for at in ("1, 4", "6, 2", "9, 2", "12, 2")
    )
    hour = f"CASE WHEN LENGTH({cell}) >= 16 THEN {hour} ELSE 0 END"
    if factor.function in ("year", "month", "hour"):
        return {"year": year, "month": month, "hour": hour}[factor.function]
    civil = f"({year} - CASE WHEN {month} <= 2 THEN 1 ELSE 0 END)"  # of a year that begins in March
    since_march = f"(153 * ({month} + CASE WHEN {month} <= 2 THEN 9 ELSE -3 END) + 2)"
    days = (
        f"(365 * {civil} + FLOOR({civil} / 4.0) - FLOOR({civil} / 100.0) + FLOOR({civil} / 400.0) "
        f"+ FLOOR({since_march} / 5.0) + {day} - 719469)"
    )
    if factor.function == "weekday":
        return f"{days} + 3 - 7 * FLOOR(({days} + 3) / 7.0) + 1"
    minute = f"CASE WHEN LENGTH({cell}) >= 16 THEN CAST(SUBSTR({cell}, 15, 2) AS INTEGER) ELSE 0 END"
    seconds = f"(({hour}) * 3600 + ({minute}) * 60 + {_seconds(cell)})"
    return f"{days} + {seconds} / 86400.0e0 - {double(factor.since)}"


def _seconds(cell: str) -> str:
    """The seconds of a time, whose zone is let be."""
    rest = f"RTRIM(SUBSTR({cell}, 18), 'Z')"
    cut = "".join(
        f" WHEN {rest} LIKE '{form}' THEN SUBSTR({rest}, 1, LENGTH({rest}) - {size})"
        for form, size in (
            ("%+__:__", 6),
            ("%-__:__", 6),
            ("%+____", 5),
            ("%-____", 5),
            ("%+__", 3),
            ("%-__", 3),
        )
    )
    number = f"CAST(CASE{cut} ELSE {rest} END AS DOUBLE PRECISION)"
    return f"CASE WHEN SUBSTR({cell}, 17, 1) = ':' THEN {number} ELSE 0 END"


READERS = {"number": _number, "truth": _truth, "date": _date}
"""How the cells of a column become a number."""

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")


def level(column: Any, cell: str) -> str:
    """The place among the levels; behind them what training did not see, and what is missing."""
    count = len(column.levels)
    text = _whole(cell) if any(map(_WHOLE.fullmatch, column.levels)) else cell
    found = [f"WHEN {string(level)} THEN {place}" for place, level in enumerate(column.levels)]
    places = f"CASE {text}\n      {in_lines(found)}\n      ELSE {count} END" if found else str(count)
    return f"CASE WHEN {_gap(cell, MISSING)} THEN {count + 1} ELSE {places} END"


def _whole(cell: str) -> str:
    """A text in which a whole number has no decimals: 1.0 is 1, as a column of floats has it."""
    bare = f"RTRIM(RTRIM({cell}, '0'), '.')"
    digits = f"LTRIM({bare}, '+-')"
    is_whole = (
        f"{cell} LIKE '%.0%' AND RTRIM({cell}, '0') LIKE '%.' AND TRIM({digits}, '0123456789') = '' "
        f"AND {digits} <> '' AND ({digits} = '0' OR {digits} NOT LIKE '0%')"
    )
    zero = f"WHEN {cell} = '-0' OR {is_whole} AND {bare} = '-0' THEN '0'"
    return f"CASE {zero} WHEN {is_whole} THEN {bare} ELSE {cell} END"


def in_lines(parts: Sequence[str], width: int = 6) -> str:
    """Parts of an expression, some a line."""
    return "\n      ".join(" ".join(parts[low : low + width]) for low in range(0, len(parts), width))
