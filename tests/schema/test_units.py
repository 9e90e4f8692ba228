from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.cells import NumberStyle, number_style, to_numbers
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from linnet.schema.target import style_of
from linnet.schema.units import find_unit


@pytest.mark.parametrize(
    ("cells", "style", "numbers"),
    [
        (["12 kg", "3.5kg"], NumberStyle(unit="kg"), [12, 3.5]),
        (["5 °C", "-3 °C"], NumberStyle(unit="°C"), [5, -3]),
        (["USD 12", "USD 1,200.50"], NumberStyle(".", ",", "USD"), [12, 1200.5]),
        (["30岁", "41岁"], NumberStyle(unit="岁"), [30, 41]),
        (["80 km/h", "120 km/h"], NumberStyle(unit="km/h"), [80, 120]),
        (["7 widgets"[:8], "12 widget"], NumberStyle(unit="widget"), [7, 12]),
        (["(1,234.5)", "12"], NumberStyle(".", ",", parentheses=True), [-1234.5, 12]),
        (["($5)", "$7"], NumberStyle(unit="$", parentheses=True), [-5, 7]),
        (["１２３", "４５.６"], NumberStyle(), [123, 45.6]),
        (["\u22125", "3"], NumberStyle(), [-5, 3]),
        (["1\u00a0234", "5"], NumberStyle(thousands=" "), [1234, 5]),
        (["￥9", "¥12"], NumberStyle(unit="¥"), [9, 12]),
    ],
)
def test_numbers_with_one_unit_or_signs_of_other_kinds(
    cells: list[str], style: NumberStyle, numbers: list[float]
) -> None:
    series = pd.Series(cells)
    assert number_style(series, "c") == style
    assert to_numbers(series, style).tolist() == numbers


@pytest.mark.parametrize("cells", [["12A", "14A"], ["t1", "t2"], ["1st", "2nd"], ["12 kg", "red"]])
def test_letters_of_codes_are_no_units(cells: list[str]) -> None:
    assert number_style(pd.Series(cells), "c") is None


def infer(cells: list[str], name: str = "c", **options: object) -> Schema:
    frame = pd.DataFrame({name: cells * 10, "label": ["x", "y"] * (5 * len(cells))})
    return infer_schema(frame, TableOptions(target="label", **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["12 kg", "400 g"], "several units: '12 kg' in row 1, '400 g' in row 2"),
        (["12 %", "0.5"], "several units: '12 %' in row 1, '0.5' in row 2"),
        (["$9", "9 €"], r"several units: '\$9' in row 1, '9 €' in row 2"),
        (["5'11\"", "6' 2\""], r"feet and inches, such as 5'11\" in row 1"),
        (["25/03/24", "01/12/23"], "year has two digits, such as 25/03/24"),
        (["2024-01-01 10:00Z", "2024-01-01 10:00+05:00"], r"several zones: \+05:00, Z"),
        (["2024-01-01 10:00", "2024-01-01 10:00Z"], "several zones: Z, none"),
    ],
)
def test_what_one_column_cannot_hold_is_refused_with_the_flag(cells: list[str], words: str) -> None:
    with pytest.raises(FormatError, match=f"the column c has .*{words}.*--category c"):
        infer(cells)
    assert infer(cells, category=("c",)).columns[0].kind == "category"


def test_numbers_to_predict_have_one_unit_too() -> None:
    frame = pd.DataFrame({"a": range(20), "price": ["$9", "9 €"] * 10})
    with pytest.raises(FormatError, match="the column price has numbers in several units"):
        infer_schema(frame, TableOptions(target="price"))
    asked = infer_schema(frame, TableOptions(target="price", task="classification"))
    assert asked.target.classes == ("$9", "9 €")


def test_times_an_hour_apart_are_of_one_place() -> None:
    assert infer(["2024-01-01 10:00+01:00", "2024-07-01 10:00+02:00"]).columns[0].kind == "date"


@pytest.mark.parametrize("cell", ["7 mm", "m 7", "7 m m", "m7m", "7 gg", "7"])
def test_one_unit_is_taken_off_at_the_end_and_no_other(cell: str) -> None:
    assert np.isnan(to_numbers(pd.Series([cell]), NumberStyle(unit="m"))).all()


def test_one_currency_is_taken_off_at_either_end_and_after_a_sign() -> None:
    cells = pd.Series(["-$5", "$ 6", "7$", "$8$", "$$9"])
    assert to_numbers(cells, NumberStyle(unit="$")).tolist()[:3] == [-5, 6, 7]
    assert np.isnan(to_numbers(cells, NumberStyle(unit="$"))[3:]).all()


@pytest.mark.parametrize("style", [NumberStyle(",", "."), NumberStyle(".", ",", "$")])
def test_a_number_stands_for_itself_beside_numbers_that_are_written(style: NumberStyle) -> None:
    cells = pd.Series([1.234, 1000, "$2,000" if style.unit else "2.000"], dtype=object)
    assert to_numbers(cells, style).tolist() == [1.234, 1000, 2000]
    written = pd.Series([1000.5, "$1,000.50" if style.unit else "1.000,50"], dtype=object)
    assert style_of(written, "c", TableOptions()) == style


@pytest.mark.parametrize("cells", [["19M", "700k", "1.5M"], ["1.5M", "2.5M"], ["1,23,456", "99,999"]])
def test_numbers_that_are_shortened_or_grouped_by_two_are_refused(cells: list[str]) -> None:
    frame = pd.DataFrame({"size": cells * 9, "y": range(len(cells) * 9)})
    with pytest.raises(FormatError, match=r"column size has .* in row 1.*--category size .*--ignore size"):
        infer_schema(frame, TableOptions(target="y"))


@pytest.mark.parametrize("unit", ["㎡", " ㎡", "平米"])
def test_square_metres_as_chinese_tables_write_them_are_a_unit(unit: str) -> None:
    assert find_unit(pd.Series([f"{40 + k}.5{unit}" for k in range(40)])) == unit.strip()
