"""Tables by a schema that was edited: what it has no place for, and what it says of classes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import linnet

SPECIES = ["a", "b", "c"] * 20
ISLANDS = ["Biscoe", "Dream", "Torgersen", "Dream"] * 15
LENGTHS = [*range(1, 58), None, None, None]


@pytest.fixture
def penguins(tmp_path: Path) -> Path:
    """A file of two columns and what is predicted, in the working folder."""
    frame = pd.DataFrame({"island": ISLANDS, "length": LENGTHS, "species": SPECIES})
    frame.to_csv(path := tmp_path / "penguins.csv", index=False)
    return path


def edit(path: Path, target: str, *edits: tuple[str, str]) -> Path:
    """The schema of a table with texts replaced."""
    schema = linnet.load(path, target=target, hold_out=False).train.schema
    assert schema is not None
    text = schema.to_toml()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (edited := path.with_suffix(".toml")).write_text(text)
    return edited


def notes(rows: linnet.Dataset) -> str:
    assert rows.schema is not None
    return "; ".join(rows.schema.notes)


def test_rows_of_a_level_that_was_taken_out_of_a_schema_are_counted(penguins: Path) -> None:
    train, _ = linnet.load(penguins, schema=edit(penguins, "species", ('    "Torgersen",\n', "")))
    assert "island has levels that the schema does not list" in notes(train)
    assert "(rows: 15): Torgersen" in notes(train)


def test_gaps_that_a_schema_has_no_column_for_are_counted(penguins: Path) -> None:
    schema = edit(penguins, "species", ("has_flag = true", "has_flag = false"))
    train, _ = linnet.load(penguins, schema=schema)
    assert train.columns is not None
    assert "length missing" not in train.columns
    assert "gaps of length are filled, and no column says where" in notes(train)
    assert "(rows: 3)" in notes(train)


def test_the_rows_to_test_on_do_not_depend_on_the_order_of_classes(penguins: Path) -> None:
    as_they_are = ('    "a",\n    "b",\n    "c",\n', '    "c",\n    "a",\n    "b",\n')
    _, test = linnet.load(penguins, schema=edit(penguins, "species"))
    _, other = linnet.load(penguins, schema=edit(penguins, "species", as_they_are))
    assert test is not None
    assert other is not None
    assert other.classes == ("c", "a", "b")
    assert test.X.tolist() == other.X.tolist()
    assert [test.classes[k] for k in test.y] == [other.classes[k] for k in other.y]


def test_a_schema_that_lists_na_among_the_classes_keeps_its_rows(tmp_path: Path) -> None:
    countries = pd.DataFrame({"a": range(60), "country": ["NA", "ZA", "BW"] * 20})
    countries.to_csv(path := tmp_path / "countries.csv", index=False)
    train = linnet.load(path, target="country", hold_out=False).train
    assert train.classes == ("BW", "ZA")
    assert "20 rows without country left out; NA in country is taken for no value" in notes(train)
    kept = linnet.load(path, schema=edit(path, "country", ('"BW"', '"BW", "NA"')), hold_out=False).train
    assert kept.classes == ("BW", "NA", "ZA")
    assert len(kept) == 60
    assert "left out" not in notes(kept)
    assert "taken for no value" not in notes(kept)
