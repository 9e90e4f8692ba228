"""Parts of SQL that SQLite, PostgreSQL and DuckDB understand alike; a database to run it in."""

from __future__ import annotations

import contextlib
import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from linnet.errors import UsageError

MAX_FEATURES, MAX_OUTPUTS = 1598, 500
"""PostgreSQL's columns of a table (less the id), and SQLite's SELECTs in a UNION."""

LOG_SIGMOID = "CASE WHEN {0} < -40 THEN {0} WHEN {0} > 40 THEN 0.0 ELSE -LN(1 + EXP(-{0})) END"
"""log σ(o): beyond ±40 one term is all that a double holds, and EXP cannot overflow."""

FUNCTIONS: Mapping[str, tuple[int, Callable[..., float]]] = {
    "EXP": (1, math.exp), "LN": (1, math.log), "FLOOR": (1, math.floor), "SQRT": (1, math.sqrt),
    "POWER": (2, math.pow), "LOG10": (1, math.log10),
}  # fmt: skip
"""Functions of SQLite that not each build has, with how many numbers they take."""

_PART = r'("(?:[^"]|"")+"|[^".]+)'
_TABLE = re.compile(rf"{_PART}(?:\.{_PART})*")


def number(value: np.floating | float) -> str:
    """A literal; the parentheses keep two minus signs from being a comment."""
    text = repr(float(value))
    return f"({text})" if text.startswith("-") else text


def double(value: np.floating | float) -> str:
    """A literal that DuckDB takes for a double, too, not for a decimal of few digits."""
    text = repr(float(value))
    text = text if "e" in text else f"{text}e0"
    return f"({text})" if text.startswith("-") else text


def string(text: str) -> str:
    """A literal.

    Raises:
        UsageError: SQL cannot say it.
    """
    return _quote(text, "'")


def identifier(name: str) -> str:
    """A name of a column as it is, quoted.

    Raises:
        UsageError: SQL cannot say it.
    """
    return _quote(name, '"')


def _quote(text: str, mark: str) -> str:
    """A text between two marks, those within it doubled."""
    if "\0" in text:
        raise UsageError(f"{text!r} holds a NUL, which SQL cannot say")
    return mark + text.replace(mark, 2 * mark) + mark


def table_parts(name: str) -> list[str]:
    """The parts of a table's name, quoted: that of its schema before a point. What has quotes keeps them.

    Raises:
        UsageError: it is none.
    """
    if not _TABLE.fullmatch(name):
        raise UsageError(f'{name!r} is no name of a table: expected penguins, public.penguins or "a.b"')
    parts = re.findall(_PART, name)
    return [part if part.startswith('"') else identifier(part) for part in parts]


def total(terms: Sequence[str]) -> str:
    """A sum whose parentheses halve it: SQLite takes expressions only 1,000 deep, and few digits are lost."""
    if len(terms) <= 4:
        return " + ".join(terms)
    middle = len(terms) // 2
    joint = "\n    + " if len(terms) > 8 else " + "
    return f"({total(terms[:middle])}){joint}({total(terms[middle:])})"


@contextlib.contextmanager
def open_database() -> Iterator[sqlite3.Connection]:
    """An SQLite in memory, which has the functions of FUNCTIONS even where it was built without them."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        for name, (takes, function) in FUNCTIONS.items():
            try:
                database.execute(f"SELECT {name}({', '.join(['1.0'] * takes)})")
            except sqlite3.OperationalError:
                database.create_function(name, takes, function, deterministic=True)
        yield database
