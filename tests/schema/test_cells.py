from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.errors import FormatError
from linnet.schema.cells import NumberStyle, date_pattern, number_style, to_days, to_numbers, truths


def read(cells: list[str], decimal: str | None = None) -> list[float]:
    series = pd.Series(cells, dtype=str)
    style = number_style(series, "c", decimal=decimal)
    assert style is not None
    return to_numbers(series, style).tolist()


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "-2.5", "+.5", "3e2"], [1, -2.5, 0.5, 300]),
        (["1,5", "-2,25", "3"], [1.5, -2.25, 3]),
        (["1,234,567", "950"], [1234567, 950]),
        (["1,234.5", "950.25"], [1234.5, 950.25]),
        (["1.234,5", "950,25"], [1234.5, 950.25]),
        (["1 234", "950"], [1234, 950]),
        (["1'234.5", "12"], [1234.5, 12]),
        (["1 234,5", "12"], [1234.5, 12]),  # a narrow space, as French writes
        (["12 %", "3.5%"], [12, 3.5]),
        (["$1,234.50", "$9"], [1234.5, 9]),
        (["9 €", "12 €"], [9, 12]),
        (["0,25", "1,234"], [0.25, 1.234]),
    ],
)
def test_numbers_of_a_whole_column(cells: list[str], numbers: list[float]) -> None:
    assert read(cells) == numbers


def test_what_could_be_thousands_or_decimals_is_refused_with_its_rows_and_the_flag() -> None:
    with pytest.raises(FormatError, match=r"column c has 3,848 in row 1, 2,262 in row 3.*--decimal"):
        number_style(pd.Series(["3,848", "951", "2,262"]), "c")
    assert read(["3,848", "951"], decimal=".") == [3848, 951]
    assert read(["3,848", "951"], decimal=",") == [3.848, 951]


@pytest.mark.parametrize("cells", [["1", "red"], ["1%", "2"], ["$1", "2 €"], ["1 23", "4"], ["1,2,3", "4"]])
def test_what_is_not_all_numbers_of_one_style_is_none(cells: list[str]) -> None:
    assert number_style(pd.Series(cells), "c") is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=20))
def test_plain_numbers_come_back_to_the_bit(numbers: list[float]) -> None:
    assert read([repr(number) for number in numbers]) == numbers


@given(
    st.lists(st.decimals(-(10**8), 10**8, places=2), min_size=1, max_size=9), st.sampled_from([",", " ", "."])
)
def test_numbers_with_a_sign_between_thousands_come_back(numbers: list[object], sign: str) -> None:
    decimal = "," if sign == "." else "."
    plain = [f"{number:,.2f}" for number in numbers]
    cells = [text.replace(",", "\0").replace(".", decimal).replace("\0", sign) for text in plain]
    assert read(cells) == [float(f"{number:.2f}") for number in numbers]


@pytest.mark.parametrize(
    ("cells", "pair"),
    [(["yes", "no", "yes"], ("yes", "no")), (["F", "T"], ("T", "F")), (["是", "否"], ("是", "否")),
     (["Yes", "yes", "NO"], ("yes", "NO")), (["yes", "no", "1"], ("yes", "no")), (["yes", "1"], None),
     (["yes", "maybe"], None), (["a", "b"], None), (["1", "0"], None)],
)  # fmt: skip
def test_words_for_true_and_false(cells: list[str], pair: tuple[str, str] | None) -> None:
    assert truths(pd.Series(cells)) == pair


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


@pytest.mark.parametrize(
    ("style", "cells", "numbers"),
    [
        (NumberStyle(",", "."), ["1.234,50", "1234.50", "1.5", "12,5"], [1234.5, None, None, 12.5]),
        (NumberStyle(".", ","), ["1,234", "1,5", "1234,56", "12.5"], [1234, None, None, 12.5]),
        (NumberStyle(","), ["1,5", "1.5", "3"], [1.5, None, 3]),
        (NumberStyle(unit="%"), ["12%", "0.12", "% 3"], [12, None, 3]),
        (NumberStyle(thousands=" "), ["1 234", "1024 768", "12 34"], [1234, None, None]),
    ],
)
def test_a_cell_of_another_style_than_its_column_is_no_number(
    style: NumberStyle, cells: list[str], numbers: list[float | None]
) -> None:
    found = to_numbers(pd.Series(cells), style)
    assert [None if np.isnan(one) else one for one in found] == numbers


@pytest.mark.parametrize("cells", [["1024 768", "640 480"], ["20 7946 123", "20 7946 124"]])
def test_numbers_side_by_side_are_not_one_number(cells: list[str]) -> None:
    assert number_style(pd.Series(cells), "c") is None


def test_a_zero_stands_before_no_thousands() -> None:
    assert read(["0.100", "0.137", "1.250"], decimal=",") == [0.1, 0.137, 1.25]
    assert read(["1.100", "2.137"], decimal=",") == [1100, 2137]


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_every_kind_of_space_may_stand_between_thousands(space: str) -> None:
    assert read([f"1{space}234", "950"]) == [1234, 950]


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
