from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.errors import FormatError
from linnet.schema.cells import NumberStyle, number_style, to_numbers, truths


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
