from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from linnet.errors import FormatError
from linnet.schema.cells import NumberStyle, to_numbers
from linnet.schema.date_cells import date_pattern, to_days


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日", "%d %b %Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"],
)  # fmt: skip
def test_dates_are_read_by_the_whole_column(form: str) -> None:
    days = [datetime.date(2024, 3, 25), datetime.date(1969, 12, 31), datetime.date(2024, 2, 29)]
    cells = pd.Series([day.strftime(form) for day in days])
    pattern = date_pattern(cells, "c")
    assert pattern is not None
    assert to_days(cells, pattern).tolist() == [(day - datetime.date(1970, 1, 1)).days for day in days]


@pytest.mark.parametrize(
    ("cell", "pattern"),
    [
        ("25/03/2024 14:30", "%d/%m/%Y %H:%M"), ("03/25/2024 2:30 PM", "%m/%d/%Y %I:%M %p"),
        ("03/25/2024 2:30pm", "%m/%d/%Y %I:%M%p"), ("2024/3/25 14:30:00", "%Y/%m/%d %H:%M:%S"),
        ("2024年3月25日 14:30", "%Y年%m月%d日 %H:%M"), ("25.3.2024 14:30", "%d.%m.%Y %H:%M"),
        ("March 25, 2024 14:30", "%B %d, %Y %H:%M"), ("25 March 2024 2:30:00 PM", "%d %B %Y %I:%M:%S %p"),
    ],
)  # fmt: skip
def test_times_stand_behind_dates_of_any_order(cell: str, pattern: str) -> None:
    assert date_pattern(pd.Series([cell]), "c") == pattern
    assert to_days(pd.Series([cell]), pattern).tolist() == [19807 + 14.5 / 24]


def test_words_beside_numbers_are_no_months() -> None:
    assert date_pattern(pd.Series(["12 Nox 2024"]), "c") is None
    assert date_pattern(pd.Series(["2024/3/25", "2024/3/25 14:30"]), "c") is None


def test_a_day_that_could_be_a_month_is_refused_with_the_flag() -> None:
    cells = pd.Series(["03/04/2024", "11/12/2024"])
    with pytest.raises(FormatError, match=r"column c has dates such as 03/04/2024.*--date-order dmy"):
        date_pattern(cells, "c")
    assert date_pattern(cells, "c", "dmy") == "%d/%m/%Y"
    assert date_pattern(cells, "c", "mdy") == "%m/%d/%Y"


def test_times_of_day_are_fractions_of_days() -> None:
    cells = pd.Series(["1970-01-02 06:00", "1970-01-01T12:00:00"])
    assert date_pattern(cells, "c") == "ISO8601"
    assert to_days(cells, "ISO8601").tolist() == [1.25, 0.5]


def test_what_has_no_value_is_nan() -> None:
    assert np.isnan(to_numbers(pd.Series(["", "NA", "x"]), NumberStyle())).all()
    assert np.isnan(to_days(pd.Series(["", "NA"]), "ISO8601")).all()


def test_dates_are_read_as_strictly_as_they_were_written_and_as_far_as_the_calendar_goes() -> None:
    cells = pd.Series(["2024-03-05", "2024", "2024-03", "20240305", "9999-12-31"])
    days = to_days(cells, "ISO8601")
    assert np.isnan(days).tolist() == [False, True, True, True, False]
    assert days[4] == (datetime.date(9999, 12, 31) - datetime.date(1970, 1, 1)).days


def test_the_time_is_that_of_the_place() -> None:
    cells = pd.Series(["2024-01-01T00:30:00+08:00", "2024-01-01 00:30"])
    assert len(set(to_days(cells, "ISO8601").tolist())) == 1
    zoned = pd.Series(pd.to_datetime(["2024-01-01 00:30"])).dt.tz_localize("Asia/Shanghai")
    assert to_days(zoned, "ISO8601")[0] == to_days(cells, "ISO8601")[0]
