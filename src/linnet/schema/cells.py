"""Cells of text as numbers, truths and dates, decided from a whole column and never cell by cell."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.coded import Cells, Frame, are_numbers, each
from linnet.schema.date_forms import DATES, EITHER, EITHERS, ISO, SHORT_YEAR, ZONE
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
        return cells.to_numpy(np.float64, na_value=np.nan)
    return each(cells, lambda values: _to_numbers(values, style))


def _to_numbers(cells: Cells, style: NumberStyle) -> NDArray[np.float64]:
    texts, own = cells.astype(str), are_numbers(cells)
    return np.where(own, NumberStyle().read(texts), style.read(texts)) if own.any() else style.read(texts)


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
    cells = ", ".join(f"{texts.iloc[at]} in row {texts.index[at] + 1:,}" for at in where)
    raise FormatError(
        f"the column {name} has {cells}: commas between thousands, or before decimals? Say which, by "
        "--decimal . or --decimal , (decimal= in Python)"
    )


def truths(cells: Cells) -> tuple[str, str] | None:
    """The words for true and false in a column, as they are written there; None where it has others."""
    words = sorted({str(cell).strip() for cell in cells.unique()})
    lower = {word.lower(): word for word in words}
    words_of = {word for word in lower if word not in BITS}
    pair = next((pair for pair in TRUTHS if words_of == set(pair)), None)
    return None if pair is None else (lower[pair[0]], lower[pair[1]])


def date_pattern(cells: Cells, name: str, order: str | None = None) -> str | None:
    """The pattern of a column's dates; None where some of its cells are none.

    Args:
        cells: of text, without those that have no value, (N,).
        name: of the column.
        order: "dmy" or "mdy", where that was said.

    Raises:
        FormatError: the dates can be read in two ways.
    """
    texts = cells.astype(str).str.strip()
    for form, pattern in DATES:
        if texts.str.fullmatch(form).all():
            if form is ISO:
                _check_zones(texts, name)
            return pattern
    _check_years(texts, name)
    either = next(((form, time) for form, time in EITHERS if texts.str.fullmatch(form).all()), None)
    if either is None:
        return None
    parts = texts.str.extract(f"^{EITHER}")
    if parts[1].nunique() > 1:
        return None
    sign = str(parts[1].iloc[0])
    first, second = (parts[place].astype(int).max() for place in (0, 2))
    fits = {"dmy": second <= 12, "mdy": first <= 12}
    if order in fits:
        fits = {order: fits[order]}
    found = [way for way, fit in fits.items() if fit]
    if not found:
        return None
    if len(found) > 1:
        raise FormatError(
            f"the column {name} has dates such as {texts.iloc[0]}: day or month first? No row tells. Say "
            "which, by --date-order dmy or --date-order mdy (date_order= in Python)"
        )
    day = f"%d{sign}%m{sign}%Y" if found[0] == "dmy" else f"%m{sign}%d{sign}%Y"
    return day + either[1]


def _check_years(texts: Cells, name: str) -> None:
    """Refuse dates in which two digits are the year."""
    parts = texts.str.extract(f"^{SHORT_YEAR.pattern}$")
    if not len(parts) or parts[0].isna().any():
        return
    numbers = parts[[0, 2]].astype(int)
    if bool((numbers.max(axis=1) <= 31).all() and (numbers.min(axis=1) <= 12).all()):
        raise FormatError(
            f"the column {name} has dates whose year has two digits, such as {texts.iloc[0]}: write it with "
            f"four, or say --category {name} (category= in Python) or --ignore {name}"
        )


def _check_zones(texts: Cells, name: str) -> None:
    """Refuse times of zones more than the hour of summer time apart, whose hours cannot be compared."""
    zones = texts[texts.str.contains(":", regex=False)].str.extract(ZONE)[0].fillna("none").unique()
    signed = [zone.replace("Z", "+00:00") for zone in zones if zone != "none"]
    hours = [int(zone[:3]) + int(zone[0] + zone[-2:]) / 60 for zone in signed]
    if len(zones) > 1 and ("none" in zones or max(hours) - min(hours) > 1):
        raise FormatError(
            f"the column {name} has times of several zones: {', '.join(sorted(zones)[:5])}. Bring them to "
            f"one, or say --category {name} (category= in Python) or --ignore {name}"
        )


def to_days(cells: Cells, pattern: str) -> NDArray[np.float64]:
    """Cells as days since 1970-01-01, the time of day as fractions, (N,); NaN where there is no date.

    The time is that of the place: the zone of a time is let be.
    """
    return each(cells, lambda values: _to_days(values, pattern))


def _to_days(cells: Cells, pattern: str) -> NDArray[np.float64]:
    import pandas as pd

    if cells.dtype.kind != "M":
        text = cells.astype(str).str.strip()
        if pattern == "ISO8601":
            text = text.where(are_of(text, ISO), "").str.replace(ZONE, "", regex=True)
        cells = pd.to_datetime(text.where(~is_missing(text, NO_NUMBER)), format=pattern, errors="coerce")
    if getattr(cells.dt, "tz", None) is not None:
        cells = cells.dt.tz_localize(None)
    ticks = cells.to_numpy("datetime64[us]")
    return np.where(np.isnat(ticks), np.nan, ticks.astype(np.int64) / 86400e6)


def count_rows(where: NDArray[np.bool_]) -> str:
    """How many rows are meant."""
    count = int(where.sum())
    return f"{count:,} row{'s' * (count != 1)}"


def rows_of(where: NDArray[np.bool_], cells: Cells) -> str:
    """Some of the cells that are meant, with their rows, counted from 1."""
    rows: Sequence[int] = where.nonzero()[0][:SHOWN].tolist()
    shown = ", ".join(f"{str(cells.iloc[row])[:40]!r} in row {row + 1:,}" for row in rows)
    return shown + (", …" if int(where.sum()) > SHOWN else "")
