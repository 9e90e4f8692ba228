from __future__ import annotations

import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.schema.infer import infer_schema

N = 60


@pytest.mark.parametrize(
    ("name", "values", "is_said"),
    [
        ("patient", [k // 6 for k in range(N)], True), ("PatientID", [f"p{k // 3}" for k in range(N)], True),
        ("user_id", [k % 20 for k in range(N)], True), ("病人编号", [k // 4 for k in range(N)], True),
        ("ticket", [f"t{k // 4}" for k in range(N)], True), ("species", ["a", "b", "c"] * 20, False),
        ("patient", range(N), False), ("patient", ["yes", "no"] * 30, False),
        ("price", [k // 6 for k in range(N)], False), ("user_rating", [k % 5 for k in range(N)], False),
    ],
)  # fmt: skip
def test_columns_that_look_like_groups_are_named_with_the_flag(
    name: str, values: list[object], is_said: bool
) -> None:
    frame = pd.DataFrame({name: values, "a": range(N), "label": ["x", "y"] * (N // 2)})
    notes = infer_schema(frame, TableOptions(target="label")).notes
    assert any(f"--groups {name} keeps" in note for note in notes) == is_said
    asked = infer_schema(frame, TableOptions(target="label", groups=name))
    assert not any("--groups" in note for note in asked.notes)
    assert asked.left_out[name] == "rows of one of its values are on one side of every split"
