"""`Date`: a column of dates as days since the first, month and weekday, or other parts of the calendar."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from linnet.schema.cells import NO_NUMBER, is_missing
from linnet.schema.columns import Block, Cells, Column, Seen, add_flag, check_cells
from linnet.schema.date_cells import to_days

PARTS = ("days", "year", "month", "weekday", "hour")
"""What can be made of a date: days since the first, and the numbers of its calendar."""

FARTHEST = 1e8
"""Days from 1970-01-01 to the end of the times that 64 bits count in microseconds, nearly."""


@dataclass(frozen=True)
class Date(Column):
    """A date as days since the first of training, its month and its weekday, or other parts.

    Args:
        pattern: of the text, "ISO8601" or as of `strptime`.
        since: the first day of training, in days since 1970-01-01.
        parts: some of `PARTS`.
        fill: in place of a missing date, in days since 1970-01-01.
        has_flag: as of a number.
        low: the first time of training, in days since 1970-01-01; None where it is not known.
        high: the last.
    """

    kind: ClassVar[str] = "date"

    pattern: str = "ISO8601"
    since: float = 0.0
    parts: tuple[str, ...] = ("days", "month", "weekday")
    fill: float = 0.0
    has_flag: bool = False
    low: float | None = None
    high: float | None = None

    @property
    def had_gaps(self) -> bool:
        """See `Column.had_gaps`."""
        return self.has_flag

    @property
    def features(self) -> tuple[str, ...]:
        """See `Column.features`."""
        names = tuple(f"{self.name} {part}" for part in self.parts)
        return (*names, f"{self.name} missing") if self.has_flag else names

    @property
    def fault(self) -> str:
        """See `Column.fault`."""
        return f"no date of the form {self.pattern}"

    def find_unreadable(self, cells: Cells) -> NDArray[np.bool_]:
        """See `Column.find_unreadable`."""
        return ~np.isfinite(to_days(cells, self.pattern)) & ~is_missing(cells, NO_NUMBER)

    def encode(self, cells: Cells) -> tuple[Block, Seen]:
        """See `Column.encode`."""
        check_cells(self.find_unreadable(cells), cells, self)
        gaps = is_missing(cells, NO_NUMBER)
        days = np.where(gaps, self.fill, to_days(cells, self.pattern))
        block = np.column_stack([calendar(days, part, self.since) for part in self.parts])
        return add_flag(block, gaps, self.has_flag), Seen(gaps)


def day_text(days: float, pattern: str = "ISO8601") -> str:
    """A date as text, to the microsecond, or the second that a float64 cannot tell it from.

    It is without a time of day where that is midnight.

    Args:
        days: since 1970-01-01, up to `FARTHEST` before or after.
        pattern: as of `Date`; years beyond 1 to 9999, which no pattern has, are written as ISO 8601.
    """
    second = round(days * 86400)
    is_second = abs(days * 86400 - second) <= 86400 * np.spacing(abs(days))
    when = np.datetime64(second * 10**6 if is_second else round(days * 86400e6), "us")
    known = when.item()  # a number where Python's calendar ends
    if pattern != "ISO8601" and isinstance(known, datetime.datetime):
        return known.strftime(pattern)
    return str(when).removesuffix(".000000").removesuffix("T00:00:00")


def calendar(days: NDArray[np.float64], part: str, since: float) -> NDArray[np.float64]:
    """A part of dates in days since 1970-01-01, (N,): `days` since the first, year, month, weekday or hour.

    Mondays are weekday 1. Years and months by Howard Hinnant's `civil_from_days`.
    """
    whole = np.floor(days)
    if part == "days":
        return days - since
    if part == "hour":
        return np.floor((days - whole) * 24 + 1e-9)
    if part == "weekday":
        return (whole + 3) % 7 + 1
    shifted = whole + 719468  # days since 0000-03-01
    era = np.floor(shifted / 146097)
    of_era = shifted - era * 146097
    year = np.floor(
        (of_era - np.floor(of_era / 1460) + np.floor(of_era / 36524) - np.floor(of_era / 146096)) / 365
    )
    of_year = of_era - (365 * year + np.floor(year / 4) - np.floor(year / 100))
    place = np.floor((5 * of_year + 2) / 153)  # months since March
    month = np.where(place < 10, place + 3, place - 9)
    return month if part == "month" else year + era * 400 + (month <= 2)
