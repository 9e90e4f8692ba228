from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import datasets

import linnet
from linnet.config.table import TableOptions
from linnet.data.formats.text_table import read_text
from linnet.i18n import translate
from linnet.schema.category import Category
from linnet.schema.columns import Number
from linnet.schema.infer import infer_schema
from linnet.schema.leakage import find_leaks
from linnet.schema.schema import Target

N = 120
SOURCE = np.random.default_rng(3)
NUMBERS, LABELS = SOURCE.normal(size=N), np.array(list("abc"))[np.arange(N) % 3]


def notes_of(frame: pd.DataFrame, target: str = "y", **options: Any) -> list[str]:
    """What is said of a table in a file of columns that tell the target."""
    table = read_text(frame.to_csv(index=False).encode(), "t", TableOptions())
    notes = infer_schema(table.frame, TableOptions(target=target, **options)).notes
    return [note for note in notes if "looked at" in note or "each alone" in note]


def table(y: Any = LABELS, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"z": NUMBERS, **columns, "y": y})


CODES = np.array(["no", "yes", "x"])[np.arange(N) % 3]
GAPPED = np.where(LABELS == "a", np.nan, np.where(LABELS == "b", 1, 5) + np.abs(NUMBERS) / 9)
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N), unit="D")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"code": CODES}, "code alone tells y in 120 of 120 rows"),
        ({"code": [None if c == "x" else c for c in CODES]}, "code alone tells y in 120 of 120 rows"),
        ({"code": [f"{c}{k % 2}" for k, c in enumerate(CODES)]}, "code alone tells y in 120 of 120 rows"),
        ({"level": 10.0 * (np.arange(N) % 3) + NUMBERS}, "a range of level for each class tells y"),
        ({"level": GAPPED}, "a range of level for each class tells y in 120 of 120 rows"),
    ],
)
def test_a_column_that_alone_tells_the_classes_is_named(columns: dict[str, Any], said: str) -> None:
    (note,) = notes_of(table(**columns))
    assert note.startswith(said)
    assert f"--ignore {next(iter(columns))}" in note


def test_rows_sorted_by_class_beside_their_numbers_are_named_whatever_stands_beside_a_class() -> None:
    labels = np.sort(LABELS)
    (note,) = notes_of(table(labels, Id=np.arange(1, N + 1)))
    assert note.startswith(
        "the rows are sorted by y and Id numbers them, so that it alone tells y in 120 of 120"
    )
    labels[[10, 100]] = labels[[100, 10]]  # not quite sorted
    assert "118 of 120" in notes_of(table(labels, Id=np.arange(N)))[0]
    assert not notes_of(table(labels, level=np.arange(N) + 0.5))
    (dated,) = notes_of(table(np.sort(LABELS), day=DAYS))
    assert dated.startswith("a range of day for each class")


def test_that_note_stands_in_place_of_the_one_on_row_numbers() -> None:
    options = TableOptions(target="y")
    sorted_, mixed = (
        infer_schema(table(y, Id=np.arange(N)), options).notes for y in (np.sort(LABELS), LABELS)
    )
    assert len(sorted_) == 1
    assert mixed == ("Id looks like a number of the row: --ignore Id leaves it out",)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (NUMBERS, "x is the same as y in all 120 rows"),
        (1.8 * NUMBERS + 32, "x times a factor and more by a constant is y in all 120 rows"),
        (1e9 - NUMBERS * 1e3, "x times a factor and more by a constant is y"),
        (np.where(np.arange(N) % 5, NUMBERS, np.nan), "x is the same as y in all 96 rows"),
        (NUMBERS + 0.01 * SOURCE.normal(size=N), ""), (NUMBERS**3, ""), (np.exp(NUMBERS), ""),
    ],
)  # fmt: skip
def test_a_target_in_other_units_is_named(column: Any, said: str) -> None:
    notes = notes_of(pd.DataFrame({"z": SOURCE.normal(size=N), "x": column, "y": NUMBERS}))
    assert bool(notes) == bool(said)
    assert not said or notes[0].startswith(said)


def test_one_row_far_from_all_others_makes_no_line() -> None:
    x, y = SOURCE.normal(size=(2, N))
    x[7] = y[7] = 1e9
    assert np.corrcoef(x, y)[0, 1] > 0.9999999
    assert not notes_of(pd.DataFrame({"z": NUMBERS, "x": x, "y": y}))


@pytest.mark.parametrize(
    "frame",
    [
        table(code=CODES)[:29],  # few rows
        table(code=CODES)[["code", "y"]],  # nothing is left without it
        table(np.array(["a"] * 111 + ["b"] * 9), code=["no"] * 111 + ["yes"] * 9),  # few of another class
        table(np.where(np.arange(N) % 2, "a", "b"), code=[f"k{k // 2}" for k in range(N)]),  # few of a level
        table(code=np.where(np.arange(N) < 4, "no", CODES)),  # 3 or 2 of 80 are exceptions
    ],
)
def test_what_may_be_chance_or_is_not_so_of_all_rows_is_not_named(frame: pd.DataFrame) -> None:
    assert not notes_of(frame)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"])
def test_well_known_tables_have_no_such_column(name: str) -> None:
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    assert not notes_of(frame, str(frame.columns[-1]))


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(30, 300), classes=st.integers(2, 6))
def test_columns_that_know_nothing_of_the_target_are_not_named(seed: int, rows: int, classes: int) -> None:
    source = np.random.default_rng(seed)
    levels = np.array(["p", "q", None], object)[source.integers(0, 3, rows)]
    columns = {"a": source.normal(size=rows), "b": source.integers(0, 9, rows), "c": levels}
    columns["Id"] = source.permutation(rows)
    kinds = [Category(name) if name == "c" else Number(name) for name in columns]
    names = tuple(map(str, range(classes)))
    labels = np.append(np.arange(classes).repeat(2), source.integers(0, classes, rows - 2 * classes))
    y = source.permutation(labels).astype(str)
    assert not find_leaks(pd.DataFrame({**columns, "y": y}), kinds, Target("y", "classification", names))
    numbers = source.normal(size=rows)
    assert not find_leaks(pd.DataFrame({**columns, "y": numbers}), kinds, Target("y", "regression"))


def test_of_many_columns_five_have_a_note_and_the_others_are_listed() -> None:
    *five, rest = notes_of(table(**{f"c{k}": CODES for k in range(9)}))
    assert [note.split()[0] for note in five] == [f"c{k}" for k in range(5)]
    assert rest == "4 more columns tell y each alone: c5, c6, c7, c8; --ignore leaves them out"


def test_of_a_long_table_always_the_same_rows_are_looked_at() -> None:
    rows = 50_000
    frame = pd.DataFrame(
        {"z": np.resize(NUMBERS, rows), "Id": np.arange(rows), "y": np.repeat(["a", "b"], 25_000)}
    )
    assert "2,000 of 2,000 rows" in notes_of(frame)[0]
    assert notes_of(frame) == notes_of(frame)


def test_the_notes_are_translated_and_travel_with_the_schema(tmp_path: Any) -> None:
    table(code=CODES).to_csv(tmp_path / "t.csv", index=False)
    train, _ = linnet.load(tmp_path / "t.csv", target="y")
    assert train.schema is not None
    (note,) = train.schema.notes
    assert translate(note, "schema", "zh").startswith("在所查看的 120 行中，单凭 code 就能说对 120 行的 y")
    for columns in ({"code": CODES}, {"level": GAPPED}):
        (note,) = notes_of(table(**columns))
        assert not re.search("rows|tells", translate(note, "schema", "zh"))
