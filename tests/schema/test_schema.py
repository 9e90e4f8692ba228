from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

from linnet.config.table import TableOptions
from linnet.errors import FormatError
from linnet.schema.dates import calendar
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from tests.support.tables import make_mixed

LEVELS: Any = [["fair", "good", "ideal", "?"]]
"""Of cut, and of its gaps."""


def fitted(frame: pd.DataFrame, **options: object) -> Schema:
    return fit_schema(infer_schema(frame, TableOptions(**options)), frame)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def mixed() -> Schema:
    return fitted(make_mixed(), target="price")


def test_it_comes_back_from_json_and_toml_and_encodes_alike(mixed: Schema) -> None:
    rows = make_mixed(30, seed=2)
    for again in (
        Schema.from_json(json.loads(json.dumps(mixed.to_json()))),
        Schema.from_toml(mixed.to_toml()),
    ):
        assert again == mixed
        assert np.array_equal(again.encode(rows).X, mixed.encode(rows).X)


def test_numbers_and_categories_are_encoded_as_scikit_learn_does(mixed: Schema) -> None:
    frame = make_mixed()
    ours = mixed.encode(frame).X[:, :6]  # carat, its gaps, and the levels of cut
    theirs: Any = make_column_transformer(
        (SimpleImputer(strategy="median", add_indicator=True), ["carat"]),
        (OneHotEncoder(sparse_output=False, categories=LEVELS), ["cut"]),
    ).fit_transform(frame.assign(cut=frame["cut"].fillna("?")))
    assert np.array_equal(ours, theirs)
    assert mixed.features[:6] == (
        "carat",
        "carat missing",
        "cut=fair",
        "cut=good",
        "cut=ideal",
        "cut=(missing)",
    )


def test_the_order_of_rows_columns_and_batches_does_not_matter(mixed: Schema) -> None:
    frame = make_mixed()
    whole = mixed.encode(frame).X
    shuffled = frame.sample(frac=1, random_state=3)
    assert fitted(shuffled, target="price") == mixed
    assert np.array_equal(mixed.encode(shuffled).X, whole[shuffled.index])
    assert np.array_equal(mixed.encode(frame[frame.columns[::-1]].assign(more=1)).X, whole)
    one_by_one = [mixed.encode(frame[k : k + 1]).X for k in range(10)]
    assert np.array_equal(np.concatenate(one_by_one), whole[:10])


def test_a_table_and_its_typed_frame_are_encoded_alike(mixed: Schema) -> None:
    frame = make_mixed()
    typed = frame.assign(
        sold=pd.to_datetime(frame["sold"]), new=frame["new"] == "yes", cut=frame["cut"].astype("category"),
    )  # fmt: skip
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    for one in (typed, texts):
        assert np.array_equal(mixed.encode(one).X, mixed.encode(frame).X)


def test_what_training_did_not_see_is_answered_and_counted(mixed: Schema) -> None:
    row = pd.DataFrame({"carat": [None], "cut": ["superb"], "new": ["YES"], "sold": ["2026-02-01"]})
    X, seen = mixed.encode(row)
    assert X[0, :6].tolist() == [mixed.columns[0].fill, 1, 0, 0, 0, 0]  # type: ignore[attr-defined]
    assert (seen["carat"].missing, seen["cut"].unseen) == (1, 1)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("carat", "heavy", "column carat has no finite number in 1 row: 'heavy' in row 2"),
        ("carat", "inf", "no finite number"), ("new", "perhaps", "neither 'yes' nor 'no'"),
        ("sold", "yesterday", "no date of the form"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_by_its_row(
    mixed: Schema, column: str, cell: str, words: str
) -> None:
    frame = make_mixed(3).astype(object)
    frame.loc[1, column] = cell
    with pytest.raises(FormatError, match=words):
        mixed.encode(frame)
    assert mixed.find_unreadable(frame).tolist() == [False, True, False]


def test_a_column_that_is_missing_is_named(mixed: Schema) -> None:
    with pytest.raises(
        FormatError, match=r"the table lacks cut, sold: the model takes the columns carat, cut"
    ):
        mixed.encode(make_mixed(3).drop(columns=["cut", "sold"]))


def test_a_reference_level_has_no_column(mixed: Schema) -> None:
    inferred = mixed.with_references()
    assert inferred.features[2:5] == ("cut=good", "cut=ideal", "cut=(missing)")
    assert np.array_equal(inferred.encode(make_mixed()).X, np.delete(mixed.encode(make_mixed()).X, 2, axis=1))


def test_rare_levels_of_many_are_taken_together() -> None:
    levels = [f"l{k}" for k in range(150)] * 2 + ["often"] * 30
    frame = pd.DataFrame({"a": levels, "label": ["x", "y"] * 165})
    schema = fitted(frame)
    assert schema.features == ("a=often", "a=(other)")
    assert schema.encode(pd.DataFrame({"a": ["often", "l3", "never seen"]})).X.tolist() == [
        [1, 0],
        [0, 1],
        [0, 1],
    ]


def test_texts_are_weighed_as_scikit_learn_does() -> None:
    texts = [f"the {'red' if k % 3 else 'blue'} cat {k % 7} sat on a mat number {k}" for k in range(40)]
    frame = pd.DataFrame({"review": texts, "size": range(40), "label": ["x", "y"] * 20})
    schema = fitted(frame)
    X = schema.encode(frame).X
    theirs = TfidfVectorizer().fit_transform(texts)
    assert np.allclose(X.toarray()[:, :-1], theirs.toarray(), atol=1e-14)
    assert "review: cat" in schema.features


@given(st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)))
def test_the_calendar_is_pythons(day: datetime.date) -> None:
    days = np.array([(day - datetime.date(1970, 1, 1)).days + 0.75])
    found = [calendar(days, part, 0.0)[0] for part in ("year", "month", "weekday", "hour", "days")]
    assert found == [day.year, day.month, day.isoweekday(), 18, days[0]]


@pytest.mark.parametrize(
    "damaged",
    [
        {}, {"target": {"name": "a", "task": "ranking"}, "columns": []}, {"target": 3, "columns": []},
        {"target": {"name": "a", "task": "counts"}, "columns": [{"kind": "smell", "name": "b"}]},
        {"target": {"name": "a", "task": "counts"}, "columns": [{"kind": "number"}]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_schema_is_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        Schema.from_json(damaged)


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(FormatError, match="not valid TOML"):
        Schema.from_toml("columns = = 3")


def test_a_level_is_the_same_in_every_batch_and_type() -> None:
    frame = pd.DataFrame({"g": [1.0, 1.5, 2.0] * 8, "label": ["x", "y"] * 12})
    schema = fitted(frame, category="g")
    assert schema.features == ("g=1", "g=1.5", "g=2")
    whole = schema.encode(frame).X
    assert np.array_equal(schema.encode(frame[2:3]).X, whole[2:3])
    for cell in ("2.0", 2, "2", 2.0):
        assert np.array_equal(schema.encode(pd.DataFrame({"g": [cell]})).X, whole[2:3])


def test_levels_and_names_of_linnets_own_are_refused() -> None:
    for level in ("(missing)", "(other)"):
        with pytest.raises(FormatError, match="as linnet calls one of its own"):
            fitted(pd.DataFrame({"g": [level, "a"] * 9, "label": ["x", "y", "y"] * 6}))
    gaps = pd.DataFrame({"a": [1.0, None] * 9, "a missing": range(18), "label": ["x", "y", "y"] * 6})
    with pytest.raises(FormatError, match="two encoded columns would be called a missing"):
        fitted(gaps)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ({"kind": "date", "parts": ["days", "moon"]}, "parts"), ({"kind": "date", "parts": []}, "parts"),
        ({"kind": "date", "parts": ["days", "days"]}, "parts"),
        ({"kind": "date", "pattern": "%q"}, "pattern"),
        ({"kind": "date", "since": 2e8}, "since"), ({"kind": "date", "low": -1.5e8}, "low"),
        ({"kind": "hash", "buckets": 1}, "buckets"),
        ({"kind": "hash", "buckets": 4, "reference": 4}, "reference"),
        ({"kind": "date", "since": "today"}, "since"), ({"kind": "number", "has_flag": "no"}, "has_flag"),
        ({"kind": "number", "decimal": ";"}, "decimal"), ({"kind": "number", "thousands": "_"}, "thousands"),
        ({"kind": "category", "levels": ["a", "a"]}, "levels"),
        ({"kind": "category", "levels": "ab"}, "levels"),
        ({"kind": "category", "levels": ["a"], "reference": "b"}, "reference"),
        ({"kind": "text", "words": ["a", "b"], "idf": [1.0]}, "idf"),
        ({"kind": "text"}, "buckets"), ({"kind": "text", "buckets": -4}, "buckets"),
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused_by_column_and_field(column: dict[str, object], field: str) -> None:
    values = {"target": {"name": "y", "task": "regression"}, "columns": [{"name": "c", **column}]}
    with pytest.raises(FormatError, match=f"the column 'c' of the schema: {field} "):
        Schema.from_json(values)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"kind": "txt"}, "kind 'txt': expected number, truth, category, hash, date, text"),
        ({}, "kind None: expected number"),
        ({"kind": ["text"]}, "kind "),
        ({"kind": "hash", "bukets": 4}, "field 'bukets': of a hash there are name, buckets"),
    ],
    ids=str,
)
def test_a_misspelt_kind_or_field_is_named(column: dict[str, object], words: str) -> None:
    values = {"target": {"name": "y", "task": "regression"}, "columns": [{"name": "c", **column}]}
    with pytest.raises(FormatError, match=f"the column 'c' of the schema has the .*{words}"):
        Schema.from_json(values)


def test_a_target_of_numbers_has_no_classes_and_names_are_texts() -> None:
    target = {"name": "y", "task": "regression", "classes": ["a", "b"]}
    with pytest.raises(FormatError, match="target of the schema: classes must be left out"):
        Schema.from_json({"target": target, "columns": []})
    with pytest.raises(FormatError, match="name must be a text, not 3"):
        Schema.from_json({"target": {**target, "name": 3}, "columns": []})
    column = {"kind": "number", "name": 3}
    with pytest.raises(FormatError, match="name must be a text, not 3"):
        Schema.from_json({"target": {"name": "y", "task": "counts"}, "columns": [column]})


def test_what_is_not_utf_8_is_no_toml() -> None:
    with pytest.raises(FormatError, match="not valid TOML"):
        Schema.from_toml("name = 'é'".encode("latin-1"))
