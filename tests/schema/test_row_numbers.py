from __future__ import annotations

import numpy as np
import pytest

from linnet.schema.row_numbers import are_counting, are_row_numbers


def test_numbers_count_the_rows_of_a_table_or_of_some_of_them() -> None:
    values, places = np.arange(5.0, 25.0), np.array([0, 3, 4, 9])
    assert are_counting(values)
    assert are_counting(values[places], places)
    assert not are_counting(values[places])
    assert not are_counting(values[:1])


@pytest.mark.parametrize(
    ("name", "values", "is_said"),
    [
        ("a", [3, 4, 5], True), ("a", [3, 5, 4], False), ("sample_id", [3, 9, 4], True),
        ("sample_id", [3, 9, 9], False), ("编号", [3, 9, 4], True), ("sample_id", [0.5, 9, 4], False),
        ("sample_id", [np.nan, 9, 4], True), ("sample_id", [np.nan], False),
    ],
)  # fmt: skip
def test_whole_numbers_that_differ_under_the_name_of_an_identifier_number_the_rows(
    name: str, values: list[float], is_said: bool
) -> None:
    assert are_row_numbers(name, np.array(values, float)) == is_said
