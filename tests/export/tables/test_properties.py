"""Whatever a table's columns are called and hold, every file gives the frame path's answers."""

from __future__ import annotations

import datetime
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.export import FORMATS, export_model
from linnet.export.tables.cells import cells_of, encode_cells
from linnet.schema.category import ABSENT, OTHER, WHOLE_TEXT, Category
from linnet.schema.cells import NO_NUMBER
from linnet.schema.columns import Column, Number, Truth
from linnet.schema.dates import PARTS, Date
from linnet.schema.hashed import Hashed
from linnet.schema.rows import RowEncoder
from linnet.schema.schema import Schema, Target
from linnet.schema.words import Words
from tests.support.raw_columns import make_table_run

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6) + 0.0)
DAYS = st.datetimes(datetime.datetime(1890, 1, 1), datetime.datetime(2150, 1, 1))
SIGNS = st.characters(exclude_categories=["Cs", "Co", "Cn"], exclude_characters="\0")
TEXTS = st.text(SIGNS, min_size=1, max_size=6).map(str.strip)
NAMES = TEXTS.filter(bool)
LEVELS = NAMES.filter(
    lambda text: (
        text.lower() not in NO_NUMBER | {OTHER, ABSENT} and not WHOLE_TEXT.match(text) and text != "-0"
    )
)


KINDS = ("number", "category", "truth", "date")
"""Kinds that all formats encode."""

HASHED = (*KINDS, "hash")
TEXT = (*HASHED, "text")


@st.composite
def columns(draw: st.DrawFn, name: str, kinds: Sequence[str] = KINDS) -> Column:
    """A column of one of some kinds."""
    flag = draw(st.booleans())
    kind = draw(st.sampled_from(kinds))
    if kind == "hash":
        return Hashed(name, draw(st.integers(2, 40)), draw(st.integers(-1, 1)), flag)
    if kind == "text":
        by = draw(st.sampled_from(["words", "characters"]))
        return Words(name, by=by, buckets=draw(st.integers(2, 40)))
    if kind == "number":
        return Number(name, draw(NUMBERS), flag)
    if kind == "truth":
        return Truth(
            name, *draw(st.sampled_from([("yes", "no"), ("True", "False"), ("是", "否")])), 1.0, flag
        )
    if kind == "date":
        parts = draw(st.lists(st.sampled_from(PARTS), min_size=1, unique=True))
        days = draw(st.tuples(*[st.integers(-20000, 40000)] * 2))
        return Date(name, since=float(days[0]), parts=tuple(parts), fill=days[1] + 0.5, has_flag=flag)
    levels = tuple(
        sorted(draw(st.lists(LEVELS | st.integers(0, 99).map(str), min_size=1, max_size=5, unique=True)))
    )
    reference = draw(st.sampled_from(["", levels[0]])) if len(levels) > 1 else ""
    return Category(name, levels, reference, draw(st.booleans()), flag)


def cells(column: Column) -> st.SearchStrategy[Any]:
    """Raw cells of a column, some of them missing, some of levels that training did not see."""
    gaps = st.sampled_from([None, "", "NA", " nan "])
    if isinstance(column, Number):
        return gaps | NUMBERS.map(repr)
    if isinstance(column, Truth):
        return gaps | st.sampled_from([column.true, column.false, column.true.upper(), " 1 ", "0"])
    if isinstance(column, Date):
        return gaps | DAYS.map(lambda day: day.isoformat())
    if isinstance(column, Words):
        return gaps | st.lists(TEXTS, max_size=4).map(" ".join)
    if isinstance(column, Hashed):
        return gaps | TEXTS | NUMBERS.map(repr)
    assert isinstance(column, Category)
    known = st.sampled_from(column.levels)
    return gaps | known | known.map(lambda text: f" {text}\t") | known.map(lambda text: f"{text}.0") | TEXTS


@st.composite
def tables(draw: st.DrawFn, kinds: Sequence[str] = KINDS) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """The columns of a schema, and rows of such a table."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: name.casefold()))
    some = tuple(draw(columns(name, kinds)) for name in names)
    rows = draw(st.integers(1, 6))
    given = {one.name: draw(st.lists(cells(one), min_size=rows, max_size=rows)) for one in some}
    return some, pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in given.items()})


def dense(X: Any) -> np.ndarray:
    return X if isinstance(X, np.ndarray) else X.toarray()


def check(table: tuple[tuple[Column, ...], pd.DataFrame], formats: list[str]) -> None:
    some, rows = table
    schema = Schema(some, Target("kind", "regression"))
    X = dense(schema.encode(rows).X)
    typed = dense(encode_cells(schema, cells_of(schema, rows)))
    np.testing.assert_allclose(typed, X, rtol=0, atol=1e-11)  # days hold no microseconds
    plain = json.loads(json.dumps(schema.to_json()))
    for again in (Schema.from_json(plain), Schema.from_toml(schema.to_toml())):
        assert again == schema
        assert np.array_equal(dense(again.encode(rows).X), X)
    by_rows = RowEncoder(schema).encode([rows[one.name].tolist() for one in some]).X
    assert np.array_equal(dense(by_rows), X)
    if not X.shape[1]:
        return
    run = make_table_run(some, "squared" if len(some) % 2 else "softmax")
    with tempfile.TemporaryDirectory() as folder:
        for to in formats:  # each of which raises where it differs from the run
            assert export_model(run, to, Path(folder, to), rows).difference is not None


@given(tables())
@settings(max_examples=8)
def test_the_formats_that_start_no_program_agree_with_the_frame(table: Any) -> None:
    check(table, ["sql", "onnx", "safetensors"])


@given(tables())
@settings(max_examples=2)
def test_all_formats_agree_with_the_frame(table: Any) -> None:
    check(table, list(FORMATS))


@given(tables(HASHED))
@settings(max_examples=2)
def test_the_formats_that_hash_agree_with_the_frame(table: Any) -> None:
    check(table, ["numpy", "js", "c", "safetensors"])


@given(tables(TEXT))
@settings(max_examples=3)
def test_the_formats_that_hash_words_agree_with_the_frame(table: Any) -> None:
    check(table, ["numpy", "js", "safetensors"])


@pytest.mark.long
@given(tables(HASHED), tables(TEXT))
@settings(max_examples=15)
def test_hashes_agree_with_the_frame_on_many_tables(hashed: Any, text: Any) -> None:
    check(hashed, ["numpy", "js", "c", "safetensors"])
    check(text, ["numpy", "js", "safetensors"])


@pytest.mark.long
@given(tables())
@settings(max_examples=60)
def test_all_formats_agree_with_the_frame_on_many_tables(table: Any) -> None:
    check(table, list(FORMATS))
