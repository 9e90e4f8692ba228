"""Cells of text as numbers and truths, decided from a whole column and never cell by cell."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence, Sized
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.coded import Cells, Frame, are_numbers, each
from linnet.schema.named_rows import name_row
from linnet.schema.units import IN_PARENTHESES, find_unit, negate, plain_signs, take_unit

__all__ = ["Cells", "Frame"]

MISSING = frozenset(("", "na", "n/a", "nan", "null", "<na>", "#n/a", "nat"))
"""Cells without a value in any column, in lower case."""

NO_NUMBER = MISSING | {"none", "?", "-", "--", ".", "missing", "unknown"}
"""Cells without a value in a column whose others are all numbers or dates."""

BITS = frozenset(("0", "1", "0.0", "1.0"))
"""Numbers that are no and yes beside words for them, or where that is asked."""

TRUTHS = (("yes", "no"), ("true", "false"), ("y", "n"), ("t", "f"), ("是", "否"))
"""Pairs of words for what is so and what is not."""

SPACES = " \u00a0\u202f\u2009\u2019'"
"""Signs that stand between thousands and nowhere else in a number."""

PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
WHOLE = re.compile(r"[+-]?[0-9]+")
COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")
"""A number with a decimal comma, as it may be."""
GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
"""A number with commas between thousands, as it may be."""
POINTED = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?")
"""A number with points between thousands, as it may be."""
SPACED = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}([{SPACES}][0-9]{{3}})+([.,][0-9]+)?")
"""A number with spaces or apostrophes between thousands."""

SHOWN = 3
"""Rows that a message names."""


PERCENT = "%"

UNSIGNED = "no number with the sign of percent (is 0.12 there 12% or 0.12%?)"
"""What is said of numbers where percents are expected."""


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written.

    Args:
        decimal: the sign before the decimals.
        thousands: the sign between thousands; empty where there is none.
        unit: a unit, or a sign of percent or of a currency, that is taken off; empty where there is none.
        parentheses: whether a number in parentheses is below 0.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    parentheses: bool = False

    @property
    def takes_numbers(self) -> bool:
        """Whether cells that are numbers by their type stand for themselves: not where percents are written.

        To some 0.12 is 12 %, to others 0.12 %.
        """
        return self.unit != PERCENT

    @property
    def fault(self) -> str:
        """What a cell has that is no number as they are written, in words."""
        return "no finite number" if self.takes_numbers else UNSIGNED

    @property
    def forms(self) -> tuple[re.Pattern[str], ...]:
        """How a cell may look, its unit taken off."""
        plain = (PLAIN,) if self.decimal == "." else (WHOLE, COMMA)
        return (*plain, *{",": (GROUPED,), ".": (POINTED,), " ": (SPACED,), "": ()}[self.thousands])

    def take_off(self, cells: Cells) -> Cells:
        """Cells of text without space around them and without the unit; empty where they lack it."""
        cells = plain_signs(cells)
        cells = negate(cells) if self.parentheses else cells
        return take_unit(cells, self.unit) if self.unit else cells

    def read(self, cells: Cells) -> NDArray[np.float64]:
        """Cells of text as numbers, (N,); NaN where a cell does not look as they are written."""
        import pandas as pd

        texts = self.take_off(cells)
        looks = are_of(texts, *self.forms)
        if self.thousands == " ":
            texts = texts.str.replace(f"[{SPACES}]", "", regex=True)
        elif self.thousands:
            texts = texts.str.replace(self.thousands, "", regex=False)
        plain = texts if self.decimal == "." else texts.str.replace(self.decimal, ".", regex=False)
        return np.asarray(pd.to_numeric(plain.where(looks, "nan"), errors="coerce"), np.float64)


def are_of(texts: Cells, *forms: re.Pattern[str]) -> NDArray[np.bool_]:
    """Which texts are of one of some forms, (N,)."""
    found = [texts.str.fullmatch(form).to_numpy(bool) for form in forms]
    return np.logical_or.reduce(found)


def is_missing(cells: Cells, words: frozenset[str] = MISSING) -> NDArray[np.bool_]:
    """Which cells have no value, (N,)."""
    return each(cells, lambda values: _is_missing(values, words))


def _is_missing(cells: Cells, words: frozenset[str]) -> NDArray[np.bool_]:
    gaps: NDArray[np.bool_] = cells.isna().to_numpy(bool)
    if cells.dtype.kind in "biufM":
        return gaps
    said: NDArray[np.bool_] = cells.astype(str).str.strip().str.lower().isin(words).to_numpy(bool)
    return gaps | said


def to_numbers(cells: Cells, style: NumberStyle) -> NDArray[np.float64]:
    """Cells as numbers, (N,); NaN where there is no value or none that is a number."""
    if cells.dtype.kind in "biuf":
        if not style.takes_numbers:
            return np.full(len(cells), np.nan)
        return cells.to_numpy(np.float64, na_value=np.nan)
    return each(cells, lambda values: _to_numbers(values, style))


def _to_numbers(cells: Cells, style: NumberStyle) -> NDArray[np.float64]:
    texts, own = cells.astype(str), are_numbers(cells)
    if not own.any():
        return style.read(texts)
    own_values = NumberStyle().read(texts) if style.takes_numbers else np.nan
    return np.where(own, own_values, style.read(texts))


def number_style(cells: Cells, name: str, *, decimal: str | None = None) -> NumberStyle | None:
    """How the numbers of a column are written; None where some of its cells are no numbers.

    Args:
        cells: of text, without those that have no value, (N,).
        name: of the column.
        decimal: "." or ",", where that was said.

    Raises:
        FormatError: the numbers can be read in two ways.
    """
    texts = plain_signs(cells.astype(str))
    if texts.str.fullmatch(IN_PARENTHESES).any():
        style = number_style(negate(texts), name, decimal=decimal)
        return style and dataclasses.replace(style, parentheses=True)
    if bool(texts.str.fullmatch(PLAIN).all()) and not _is_pointed(texts, decimal):
        return NumberStyle()
    unit = find_unit(texts)
    if unit is None:
        return None
    if unit:
        texts = take_unit(texts, unit)
    is_plain = bool(texts.str.fullmatch(PLAIN).all())
    if is_plain and _is_pointed(texts, decimal):
        return _commas(texts, name, decimal, unit) or NumberStyle(unit=unit)
    if is_plain:
        return NumberStyle(unit=unit)
    spaced = texts.str.contains(f"[{SPACES}]", regex=True).to_numpy(bool)
    if spaced.any():
        if not are_of(texts[spaced], SPACED).all():
            return None
        inner = texts.str.replace(f"[{SPACES}]", "", regex=True)
        has_comma = inner.str.contains(",", regex=False).any()
        rest = number_style(inner, name, decimal=decimal or ("," if has_comma else None))
        return None if rest is None or rest.thousands else NumberStyle(rest.decimal, " ", unit)
    return _commas(texts, name, decimal, unit)


def _is_pointed(texts: Cells, decimal: str | None) -> bool:
    """Whether points may stand between thousands."""
    return decimal == "," and bool(texts.str.fullmatch(POINTED).any())


def _commas(texts: Cells, name: str, decimal: str | None, unit: str) -> NumberStyle | None:
    """The style of numbers with commas, or with points between thousands."""
    is_grouped = are_of(texts, PLAIN, GROUPED).all()
    has_comma = are_of(texts, WHOLE, COMMA).all()
    is_pointed = are_of(texts, WHOLE, COMMA, POINTED).all()
    ways = {
        NumberStyle(".", ",", unit): bool(is_grouped) and decimal != ",",
        NumberStyle(",", "", unit): bool(has_comma) and decimal != ".",
        NumberStyle(",", ".", unit): bool(is_pointed and not has_comma) and decimal != ".",
    }
    found = [style for style, fits in ways.items() if fits]
    if len(found) == 1 or not found:
        return found[0] if found else None
    where = texts.str.contains(",", regex=False).to_numpy(bool).nonzero()[0][:SHOWN]
    cells = ", ".join(f"{texts.iloc[at]} in {name_row(texts.index[at])}" for at in where)
    raise FormatError(say("schema.problem.decimal", "en", name=name, cells=cells))


def truths(cells: Cells) -> tuple[str, str] | None:
    """The words for true and false in a column, as they are written there; None where it has others."""
    words = sorted({str(cell).strip() for cell in cells.unique()})
    lower = {word.lower(): word for word in words}
    words_of = {word for word in lower if word not in BITS}
    pair = next((pair for pair in TRUTHS if words_of == set(pair)), None)
    return None if pair is None else (lower[pair[0]], lower[pair[1]])


def count_of(things: Sized, name: str) -> str:
    """How many things there are, in words: 1 row, 2 rows."""
    return f"{len(things):,} {name}{'s' * (len(things) != 1)}"


def count_rows(where: NDArray[np.bool_]) -> str:
    """How many rows are meant."""
    count = int(where.sum())
    return f"{count:,} row{'s' * (count != 1)}"


def rows_of(where: NDArray[np.bool_], cells: Cells) -> str:
    """Some of the cells that are meant, with their rows, counted from 1."""
    rows: Sequence[int] = where.nonzero()[0][:SHOWN].tolist()
    shown = ", ".join(f"{str(cells.iloc[row])[:40]!r} in {name_row(cells.index[row])}" for row in rows)
    return shown + (", …" if int(where.sum()) > SHOWN else "")
