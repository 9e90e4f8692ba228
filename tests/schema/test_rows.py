"""Rows of Python values are encoded as frames are, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse

from linnet.errors import FormatError
from linnet.schema import rows as rows_module
from linnet.schema.category import Category
from linnet.schema.columns import Number, Truth
from linnet.schema.dates import Date
from linnet.schema.rows import RowEncoder
from linnet.schema.schema import Schema, Target
from linnet.schema.words import Words

GAPS = st.sampled_from([None, "", " NA ", "nan", float("nan")])
NUMBERS = st.floats(-1e30, 1e30) | st.integers(-(2**60), 2**60)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "carat": GAPS | NUMBERS | st.booleans() | st.floats(-1e9, 1e9).map(str) | st.just(" 1e-3 "),
    "share": GAPS | st.sampled_from(["1.234,5 %", "-7%", "0,25%"]),
    "paid": GAPS | NUMBERS | st.sampled_from(["1.234,5 €", "-7€", "0,25€"]),
    "cut": GAPS | st.sampled_from(["fair", " ideal ", "never seen", "1.0", True]) | NUMBERS,
    "colour": GAPS | st.sampled_from(["D", "E", "rare", 7, 7.0]),
    "new": GAPS | st.sampled_from(["yes", "NO", True, False, 1, 0.0, "1.0"]),
    "sold": GAPS | st.dates().map(str) | st.datetimes().map(lambda t: t.isoformat(timespec="seconds")),
    "told": GAPS | st.sampled_from(["a red cat", "the mat", "red red MAT", "nothing known"]),
}
COLUMNS = (
    Number("carat", fill=0.7, has_flag=True),
    Number("share", fill=-1.5, decimal=",", thousands=".", unit="%"),
    Number("paid", fill=-1.5, decimal=",", thousands=".", unit="€"),
    Category("cut", ("1", "2.5", "True", "fair", "ideal"), has_missing=True),
    Category("colour", ("7", "D", "E"), reference="D", has_other=True),
    Truth("new", "yes", "no", fill=1.0, has_flag=True), Date("sold", since=19000.0, fill=19700.5),
    Words("told", words=("cat", "mat", "red"), idf=(1.5, 1.2, 2.0)),
)  # fmt: skip


def schema_of(*names: str) -> Schema:
    return Schema(tuple(one for one in COLUMNS if one.name in names), Target("price", "regression"))


DENSE = schema_of(*[one.name for one in COLUMNS if one.is_dense])
WHOLE = schema_of(*[one.name for one in COLUMNS])


def dense(X: Any) -> np.ndarray:
    return X.toarray() if issparse(X) else X


@pytest.mark.parametrize("examples", [6, pytest.param(60, marks=pytest.mark.long)])
@pytest.mark.parametrize("schema", [DENSE, WHOLE], ids=["dense", "with texts"])
def test_rows_and_frames_are_encoded_alike_to_the_bit(schema: Schema, examples: int) -> None:
    encoder = RowEncoder(schema)

    @settings(max_examples=examples)
    @given(st.lists(st.tuples(*[CELLS[name] for name in encoder.names]), min_size=1, max_size=4))
    def check(rows: list[tuple[Any, ...]]) -> None:
        whole = encoder.encode(list(zip(*rows, strict=True)))
        for place, row in enumerate(rows):
            frame = pd.DataFrame({name: [cell] for name, cell in zip(encoder.names, row, strict=True)})
            expected, seen = schema.encode(frame)
            for again in range(2):  # met for the first time, and remembered
                X, found = encoder.encode([[cell] for cell in row])
                assert np.array_equal(dense(X), dense(expected)), again
                told = {name: (one.missing, one.unseen) for name, one in found.items()}
                counts = {name: (one.missing, one.unseen) for name, one in seen.items()}
                assert told == {name: count for name, count in counts.items() if count != (0, 0)}
            assert np.array_equal(dense(whole.X)[place], dense(expected)[0])
            for name, one in whole.seen.items():
                assert bool(one.gaps[place]) == seen[name].missing
                assert one.strange is None or bool(one.strange[place]) == seen[name].unseen

    check()


@pytest.mark.parametrize(
    ("name", "cell", "words"),
    [
        ("carat", "heavy", "row 1, column 'carat' has no finite number: 'heavy'"),
        ("carat", "1e999", "no finite number"), ("carat", float("inf"), "no finite number"),
        ("carat", [1], "row 1, column 'carat' is a list: expected one value"),
        ("new", "perhaps", "row 1, column 'new' has neither 'yes' nor 'no': 'perhaps'"),
        ("sold", "yesterday", "no date of the form ISO8601"), ("sold", 20000, "no date of the form"),
        ("told", {}, "row 1, column 'told' is an object"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_by_row_and_column(name: str, cell: object, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        RowEncoder(schema_of(name)).encode([[None, cell]])


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "AT_ONCE", 20)
    encoder = RowEncoder(schema_of("cut"))
    cells = [f"level {k}" for k in range(300)] + ["x" * 1000, "ideal"]
    memory = encoder._parts[0].memories[0]  # type: ignore[union-attr]
    monkeypatch.setattr(memory, "most", 50)
    X, seen = encoder.encode([cells])
    assert X.sum() == 1
    assert seen["cut"].unseen == 301
    assert 0 < len(memory.known) <= 50
    assert not any(isinstance(key, str) and len(key) > 100 for key in memory.known)
