"""Columns that are hashed, by published values of FNV-1a and by a hash of one byte after another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.config.table import TableOptions
from linnet.errors import FormatError, UsageError
from linnet.schema.fit import fit_schema
from linnet.schema.hashed import OFFSET, Hashed, fnv1a, go_on
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema

FRAME = pd.DataFrame({"shop": ["a", "b", None, "foobar"], "y": [1.5, 2.5, 3.5, 5.5]})
BUCKETS = {"a": 0xE40C292C % 16, "b": 0xE70C2DE5 % 16, "foobar": 0xBF9CF968 % 16}


def fit(frame: pd.DataFrame = FRAME, *, has_references: bool = False, hashed: str = "shop=16") -> Schema:
    schema = infer_schema(frame, TableOptions(target="y", hash=(hashed,)))
    return fit_schema(schema, frame, has_references=has_references)


def test_hashes_are_those_that_are_published() -> None:
    assert fnv1a(["", "a", "b", "foobar"]).tolist() == [0x811C9DC5, 0xE40C292C, 0xE70C2DE5, 0xBF9CF968]


@given(st.lists(st.text(), max_size=6), st.integers(0, 2))
def test_hashes_of_many_texts_are_those_of_each_by_the_definition(texts: list[str], times: int) -> None:
    many = [text * (1 + place % 3) for place, text in enumerate(texts * 10**times)]
    assert fnv1a(many).tolist() == [go_on(OFFSET, text.encode()) for text in many]


def test_a_cell_is_1_in_the_bucket_of_its_hash_and_a_gap_in_a_column_of_its_own() -> None:
    schema = fit()
    X = schema.encode(FRAME).X
    assert schema.features == (*(f"shop: bucket {bucket}" for bucket in range(16)), "shop missing")
    assert X.argmax(axis=1).tolist() == [BUCKETS["a"], BUCKETS["b"], 16, BUCKETS["foobar"]]
    assert X.sum() == 4
    assert schema.to_json()["columns"] == [
        {"name": "shop", "kind": "hash", "buckets": 16, "has_missing": True}
    ]


def test_a_reference_is_the_first_bucket_that_is_not_empty() -> None:
    schema, plain = fit(has_references=True), fit()
    first = min(BUCKETS.values())
    assert schema.features == tuple(name for name in plain.features if name != f"shop: bucket {first}")
    np.testing.assert_array_equal(schema.encode(FRAME).X, np.delete(plain.encode(FRAME).X, first, axis=1))
    assert fit().with_references().features[0] == "shop: bucket 1"


def test_numbers_hash_as_their_texts_and_what_training_did_not_meet_is_in_a_bucket() -> None:
    texts = pd.Series(["12", " 12 ", "12.0", "new"], dtype=object)
    column = Hashed("shop", 1000)
    rows = column.encode(texts)[0].argmax(axis=1).tolist()
    assert rows[0] == rows[1] == rows[2] == column.encode(pd.Series([12.0]))[0].argmax()
    assert column.encode(texts)[1].unseen == 0
    assert rows[3] == int(fnv1a(["new"])[0]) % 1000


def test_a_sparse_block_holds_the_same_numbers() -> None:
    column = Hashed("shop", 7, reference=3, has_missing=True)
    cells = pd.Series(["a", None, *map(str, range(30))], dtype=object)
    np.testing.assert_array_equal(column.encode_sparse(cells)[0].toarray(), column.encode(cells)[0])
    assert column.width == len(column.features)


def test_a_schema_of_it_is_written_and_read() -> None:
    schema = fit()
    assert Schema.from_toml(schema.to_toml()) == schema
    edited = Schema.from_toml(schema.to_toml().replace("buckets = 16", "buckets = 4"))
    assert len(edited.features) == 5
    for wrong in ("buckets = 1", "buckets = 2.5", "buckets = true", "buckets = 16, reference = 16"):
        with pytest.raises(FormatError, match=r"column 'shop' of the schema: (buckets|reference) must be"):
            Schema.from_toml(schema.to_toml().replace("buckets = 16", wrong))


def test_buckets_are_said_behind_the_column() -> None:
    assert TableOptions(hash=("shop",)).buckets == {"shop": 256}
    options = TableOptions(hash=("shop=1024", "a=b=8"))
    assert options.buckets == {"shop": 1024, "a=b": 8}
    assert options.kinds == {"shop": "hash", "a=b": "hash"}
    with pytest.raises(UsageError, match="--hash shop=1: buckets must be from 2 to 1,048,576"):
        TableOptions(hash=("shop=1",))
    with pytest.raises(UsageError, match="shop is named twice, as ignore and as hash"):
        TableOptions(hash=("shop=8",), ignore=("shop",))
    with pytest.raises(FormatError, match="no column 'shops' to take as hash"):
        fit(hashed="shops=8")
