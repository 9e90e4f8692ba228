"""Cells of text as dates, decided from a whole column and never cell by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.i18n import say
from linnet.schema.cells import NO_NUMBER, Cells, are_of, is_missing
from linnet.schema.coded import each
from linnet.schema.date_forms import EITHER, ISO, SHORT_YEAR, ZONE, clear_forms, unclear_forms


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
    for form, pattern in clear_forms():
        if texts.str.fullmatch(form).all():
            if form is ISO:
                _check_zones(texts, name)
            return pattern
    _check_years(texts, name)
    either = next(((form, time) for form, time in unclear_forms() if texts.str.fullmatch(form).all()), None)
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
        raise FormatError(say("schema.problem.dates", "en", name=name, cell=texts.iloc[0]))
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
