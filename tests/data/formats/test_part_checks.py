"""What is checked and said of rows to test on that stand in a file of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.errors import FormatError

ROWS = 24


def visits(first: int, **more: Any) -> pd.DataFrame:
    x = np.arange(ROWS)
    return pd.DataFrame(
        {
            "patient": [f"p{first + k % 6}" for k in x],
            "day": pd.date_range("2024-01-01", periods=ROWS) + pd.Timedelta(days=first),
            "ward": np.where(x % 2, "a", "b"),
            "dose": 0.5 + x % 7,
            "y": x % 5,
        }
    ).assign(**more)


@pytest.mark.parametrize("wrong", [1.5, -1.0])
def test_counts_to_test_on_are_counts(wrong: float) -> None:
    test = visits(90, y=wrong)
    with pytest.raises(FormatError, match="test: the counts of y must be whole numbers"):
        linnet.load(visits(0), target="y", task="counts", test=test)


def test_numbers_without_the_sign_of_percent_are_refused_beside_those_with_it() -> None:
    signs = [f"{k}%" for k in range(ROWS)]
    with pytest.raises(FormatError, match=r"test: the column share .* 12% or 0.12%"):
        linnet.load(visits(0, share=signs), target="dose", test=visits(90, share=0.12))
    assert linnet.load(visits(0, share=signs), target="dose", test=visits(90, share=signs))


def test_groups_of_both_files_earlier_rows_and_unseen_levels_are_said() -> None:
    test = visits(4, ward=["c"] + ["a"] * (ROWS - 1))
    train, _ = linnet.load(visits(0), target="dose", groups="patient", test=test)
    assert train.schema is not None
    said = " ".join(train.schema.notes)
    assert "test: 2 of 6 groups of patient are among the rows to train on, too (p4, p5)" in said
    assert "test: 1 cell of ward with levels that training did not see (c)" in said
    train, _ = linnet.load(visits(0), target="dose", time="day", test=test, ignore="patient")
    assert train.schema is not None
    assert "test: 19 of 24 rows are earlier by day" in " ".join(train.schema.notes)
    ways: list[dict[str, Any]] = [{"groups": "patient"}, {"time": "day", "ignore": "patient"}]
    for beside in ways:
        train, _ = linnet.load(visits(0), target="dose", test=visits(90), **beside)
        assert train.schema is not None
        assert not [note for note in train.schema.notes if note.startswith("test: ")]
