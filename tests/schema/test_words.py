"""Columns of texts whose words are hashed: scikit-learn's counts, in signed buckets, of length 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

import linnet
from linnet.config.table import TableOptions
from linnet.errors import FormatError, UsageError
from linnet.schema.columns import Column
from linnet.schema.fit import fit_schema
from linnet.schema.hashed import Hashed
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from linnet.schema.words import ANALYZERS, Words

TEXTS = ["Blue naïve BLUE, the 3rd", "", None, "red and blue: a b", "重量 红色 x_y", "blue"]
FRAME = pd.DataFrame({
    "note": [f"the {word} thing number {ord(word)} of many" for word in "abcdefghijklmnopqrstuvwx"],
    "shop": ["north of here", "south"] * 12,
    "y": np.arange(24) ** 1.5,
})  # fmt: skip


def published(word: str) -> int:
    """FNV-1a with 32 bits, as its authors define it."""
    value = 2166136261
    for byte in word.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def column_of(name: str, **said: object) -> Column:
    schema = infer_schema(FRAME, TableOptions(target="y", **said))  # type: ignore[arg-type]
    return next(column for column in schema.columns if column.name == name)


@pytest.mark.parametrize("by", ANALYZERS)
@pytest.mark.parametrize("buckets", [2, 16, 1000])
def test_hashed_words_are_scikit_learns_counts_in_signed_buckets(by: str, buckets: int) -> None:
    vectorizer = CountVectorizer(**ANALYZERS[by])
    found: Any = vectorizer.fit_transform([text or "" for text in TEXTS])
    counts = found.toarray()
    signed = np.zeros((counts.shape[1], buckets))
    for word, place in vectorizer.vocabulary_.items():
        signed[place, published(word) % buckets] = -1 if published(word) >= 2**31 else 1
    X, seen = Words("note", by=by, buckets=buckets).encode(pd.Series(TEXTS, dtype=object))
    expected: Any = normalize(counts @ signed)
    assert_allclose(X.toarray(), expected, rtol=1e-14, atol=1e-16)
    assert seen.gaps.tolist() == [False, True, True, False, False, False]


def test_a_column_of_texts_is_hashed_by_its_words_and_one_of_levels_by_these() -> None:
    assert column_of("note", hash="note=64") == Words("note", buckets=64)
    assert column_of("shop", hash="shop=64") == Hashed("shop", 64)
    assert column_of("note") == Words("note")


def test_what_is_hashed_is_said_by_the_kind_beside() -> None:
    assert column_of("note", hash="note=64", category="note") == Hashed("note", 64)
    assert column_of("shop", hash="shop", text="shop") == Words("shop", buckets=256)
    for kind in ("number", "date", "truth", "ignore"):
        with pytest.raises(UsageError, match="named twice"):
            TableOptions(hash=("note",), **{kind: ("note",)})  # type: ignore[arg-type]


def test_hashed_words_are_said_and_stand_in_the_schema_as_data() -> None:
    schema = fit_schema(infer_schema(FRAME, TableOptions(target="y", hash=("note=64",))), FRAME)
    assert any(note.startswith("the words of note are hashed into 64 columns") for note in schema.notes)
    assert schema.features[:2] == ("note: bucket 0", "note: bucket 1")
    assert {"kind": "text", "name": "note", "buckets": 64} in schema.to_json()["columns"]
    assert Schema.from_toml(schema.to_toml()) == schema
    with pytest.raises(FormatError, match="buckets must be from 2"):
        Schema.from_toml(schema.to_toml().replace("buckets = 64", "buckets = 1"))


def test_a_model_of_hashed_words_answers_raw_rows(tmp_path: Path) -> None:
    splits = linnet.load(FRAME, target="y", hash="note=32")
    run = linnet.solve(splits, l2=0.1).value
    found = linnet.predict(run.save(tmp_path / "run"), FRAME)["prediction"]
    schema = run.card.schema
    assert schema is not None
    assert_allclose(found, run.predictions(schema.encode(FRAME).X)[:, 0], rtol=1e-12)
    done = linnet.export_model(run, "numpy", tmp_path / "model.py", FRAME)
    assert (done.difference or 0) < 1e-12
    with pytest.raises(UsageError, match=r"column note .* c cannot.*safetensors or numpy or js"):
        linnet.export_model(run, "c", tmp_path / "model.c")
