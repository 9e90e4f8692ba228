"""Levels that would make too large a dense block are kept sparse, with the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import linnet
from linnet.data import coerce
from linnet.errors import FormatError
from linnet.schema import blocks


def test_many_levels_are_sparse_and_equal_to_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "shop": [f"s{k}" for k in rng.integers(0, 80, 4000)],
            "size": np.where(rng.random(4000) < 0.1, np.nan, rng.normal(size=4000)),
            "price": rng.normal(size=4000),
        }
    )
    frame.loc[::9, "shop"] = None
    dense, dense_test = linnet.load(frame, target="price", category="shop")
    monkeypatch.setattr(coerce, "SMALL", 1000)
    monkeypatch.setattr(blocks, "MOST_DENSE", 10_000)
    monkeypatch.setattr(blocks, "PIECE", 700)
    sparse, test = linnet.load(frame, target="price", category="shop")
    assert (dense.is_sparse, sparse.is_sparse) == (False, True)
    assert sparse.schema is not None
    assert (sparse.schema, sparse.columns) == (dense.schema, dense.columns)
    assert np.array_equal(sparse.X[:].numpy(), np.asarray(dense.X))
    assert test is not None
    assert dense_test is not None
    assert np.array_equal(test.X[:].numpy(), np.asarray(dense_test.X))
    seen = sparse.schema.encode(frame[:3000]).seen["shop"]
    assert seen.missing == len(range(0, 3000, 9))


def test_a_cell_that_cannot_be_read_is_named_by_its_row_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame(
        {"shop": [f"s{k}" for k in range(9)] * 100, "size": ["1.5"] * 900, "price": range(900)}
    )
    schema = linnet.load(frame, target="price", category="shop", number="size")[0].schema
    assert schema is not None
    frame.loc[807, "size"] = "tall"
    with pytest.raises(FormatError) as dense:
        schema.encode(frame)
    monkeypatch.setattr(blocks, "MOST_DENSE", 100)
    monkeypatch.setattr(blocks, "PIECE", 100)
    with pytest.raises(FormatError) as sparse:
        schema.encode(frame)
    assert str(sparse.value) == str(dense.value)
    assert "808" in str(sparse.value)
