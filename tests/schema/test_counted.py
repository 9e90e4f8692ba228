"""Columns by counts of their cells, gathered some rows at a time: what all rows at once would tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from linnet.config.table import TableOptions
from linnet.schema import cell_counter
from linnet.schema.cell_counter import CellCounter
from linnet.schema.columns import Number
from linnet.schema.counted import median
from linnet.schema.number_counter import NumberCounter
from linnet.schema.remarks import sentinels
from linnet.schema.row_numbers import are_counting
from linnet.schema.word_counts import add_words, count_words


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 5)), min_size=1))
def test_the_median_of_counted_values_is_that_of_the_repeated_ones(pairs: list[tuple[float, int]]) -> None:
    values, counts = np.array([one for one, _ in pairs]), np.array([count for _, count in pairs])
    counts[0] += 1
    assert median(values, counts) == float(np.median(np.repeat(values, counts)))


NUMBERS = st.sampled_from([-999.0, 999.0, 99.0, -99.0, 0.0, 1.0, 2.5, np.nan])


@given(st.lists(NUMBERS, min_size=2, max_size=40), st.integers(1, 7), st.integers(0, 99))
def test_numbers_that_are_not_kept_tell_what_all_do(cells: list[float], height: int, seed: int) -> None:
    values = np.array(cells)
    is_train = np.random.default_rng(seed).random(len(values)) < 0.7
    counter = NumberCounter(1, is_whole=False)
    for low in range(0, len(values), height):
        rows = slice(low, low + height)
        counter.add_(values[rows, None], is_train[rows], np.arange(len(values[rows])))
    every, trained = counter.all_rows(0), counter.trained_rows(0)
    assert every.counts is not None
    known, seen = values[~np.isnan(values)], every.cells.notna().to_numpy()
    own = every.cells.to_numpy()[seen]
    assert int(every.counts.sum()) == len(values)
    assert sentinels("x", own, every.counts[seen]) == sentinels("x", known)
    assert bool((own == np.floor(own)).all()) == bool((known == np.floor(known)).all())
    assert every.numbering is not None
    assert every.numbering.is_counting == are_counting(values)
    own, known = trained.cells.dropna().to_numpy(), values[is_train & ~np.isnan(values)]
    assert bool(trained.cells.isna().any()) == bool(np.isnan(values[is_train]).any())
    assert [*own.min(initial=np.inf, keepdims=True), own.max(initial=-np.inf)] == [
        known.min(initial=np.inf), known.max(initial=-np.inf)
    ]  # fmt: skip


def test_cells_are_counted_with_the_first_row_of_each() -> None:
    counter = CellCounter("x", TableOptions())
    cells = pd.Series(["b", None, "a", "b", "c", None, "a", "a"], dtype=object)
    is_train = np.array([True, True, False, True, False, True, True, False])
    for low in (0, 3, 6):
        counter.add_(cells[low : low + 3], is_train[low : low + 3], np.arange(0), low)
    every, trained = counter.all_rows(), counter.trained_rows()
    shown = every.cells.astype(object).where(every.cells.notna(), None).tolist()
    assert every.counts is not None
    assert trained.counts is not None
    assert dict(zip(shown, zip(every.counts.tolist(), every.cells.index, strict=True), strict=True)) == {
        "b": (2, 0), "a": (3, 2), "c": (1, 4), None: (2, 1),
    }  # fmt: skip
    assert trained.cells.dropna().tolist() == ["b", "a"]
    assert trained.counts.tolist() == [2, 1, 2]


def test_numbers_as_text_that_are_too_many_tell_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_counter, "MOST", 20)
    counter = CellCounter("x", TableOptions())
    texts = pd.Series([f"$ {k}.25" for k in range(100)], dtype=object)
    for low in range(0, 100, 10):
        counter.add_(texts[low : low + 10], np.ones(10, bool), np.arange(0, 10, 2), low)
    assert isinstance(counter.kind, Number)
    assert counter.kind.unit == "$"
    assert {"$ 0.25", "$ 99.25"} <= set(counter.trained_rows().cells)


def test_words_of_parts_are_those_of_the_whole() -> None:
    texts = np.array(["red fox", "red dog dog", "a cat", "fox fox fox"], object)
    found = add_words(count_words(texts[:2], "words"), count_words(texts[2:], "words"), 100)
    vectorizer = CountVectorizer(token_pattern=r"(?u)\b\w\w+\b")
    counts: Any = vectorizer.fit_transform(texts)
    counts = counts.toarray()
    assert found.words.tolist() == vectorizer.get_feature_names_out().tolist()
    assert found.total.tolist() == counts.sum(axis=0).tolist()
    assert found.rows.tolist() == (counts > 0).sum(axis=0).tolist()
    assert found.of == 4
    few = add_words(count_words(texts[:2], "words"), count_words(texts[2:], "words"), 2)
    assert few.words.tolist() == ["dog", "fox"]
    twice = count_words(texts, "words", np.array([2, 1, 0, 3]))
    assert dict(zip(twice.words.tolist(), twice.total.tolist(), strict=True)) == {
        "cat": 0, "dog": 2, "fox": 11, "red": 3,
    }  # fmt: skip
