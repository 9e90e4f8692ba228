from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linnet.config.table import TableOptions
from linnet.errors import FormatError, UsageError
from linnet.schema import fit
from linnet.schema.category import Category
from linnet.schema.coded import code_text
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from linnet.schema.words import Words
from tests.support.tables import make_mixed

ROWS = 900


def table(seed: int) -> pd.DataFrame:
    """A table of every kind of column, with rare levels, words as frequent as others, and gaps."""
    source = np.random.default_rng(seed)
    places = np.minimum(source.geometric(0.02, ROWS), 150)
    letters = source.choice(list("abcdefgh"), (ROWS, 5))
    return make_mixed(ROWS, seed).assign(
        place=[f"place {place}" for place in places],
        said=[" ".join(f"word{letter}{row % 7}" for letter in row_letters)
              for row, row_letters in enumerate(letters)],
    )  # fmt: skip


def fitted(frame: Any) -> Schema:
    options = TableOptions(target="price")
    return fit.fit_schema(infer_schema(frame, options), frame)


@pytest.mark.parametrize("is_coded", [False, True])
def test_the_order_of_rows_changes_neither_the_schema_nor_how_a_row_is_encoded(
    is_coded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "MAX_WORDS", 30)  # of 56, so that words as frequent as others are left out

    @settings(max_examples=4)
    @given(st.integers(0, 10**6), st.randoms(use_true_random=False))
    def check(seed: int, random: Random) -> None:
        frame = table(seed)
        order = np.array(random.sample(range(ROWS), ROWS))
        other = frame.iloc[order].reset_index(drop=True)
        if is_coded:
            frame, other = frame.apply(code_text), other.apply(code_text)
        schema, moved = fitted(frame), fitted(other)
        kinds = {column.kind for column in schema.columns}
        assert kinds == {"number", "truth", "category", "date", "text"}
        assert schema.to_json() == moved.to_json()
        X, Z = schema.encode(frame).X.toarray(), moved.encode(other).X.toarray()
        assert np.array_equal(X[order], Z)

    check()


def test_rare_levels_are_taken_together_and_words_are_the_most_frequent() -> None:
    schema = fitted(table(0))
    place = next(one for one in schema.columns if one.name == "place")
    said = next(one for one in schema.columns if one.name == "said")
    assert isinstance(place, Category)
    assert isinstance(said, Words)
    counts = Counter(table(0)["place"])
    assert len(counts) > fit.MANY
    assert sorted(place.levels) == sorted(level for level, count in counts.items() if count >= fit.RARE)
    assert place.has_other
    assert len(said.words) == 56


@pytest.mark.parametrize(("rare", "levels"), [(None, "abcd"), (1, "abcd"), (2, "abc"), (4, "a")])
def test_levels_of_fewer_rows_than_rare_are_taken_together(rare: int | None, levels: str) -> None:
    frame = pd.DataFrame({"kind": [*"aaaabbbccd"], "y": np.arange(10) + 0.5})
    column = fit.fit_schema(infer_schema(frame, TableOptions(target="y")), frame, rare=rare).columns[0]
    assert isinstance(column, Category)
    assert "".join(column.levels) == levels
    assert column.has_other == (levels != "abcd")
    seen = column.encode(pd.Series(["a", "d", "new", None]))[1]
    assert seen.unseen == (1 if "d" in levels else 2)  # also where it is (other)


def test_a_column_without_a_frequent_level_is_refused_by_the_flag() -> None:
    frame = pd.DataFrame({"kind": [*"aabbcc"], "y": np.arange(6) + 0.5})
    with pytest.raises(FormatError, match=r"kind has no level of 3 rows, as --rare 3 .*, 'a', has 2"):
        fit.fit_schema(infer_schema(frame, TableOptions(target="y")), frame, rare=3)
    with pytest.raises(UsageError, match="rare must be at least 1"):
        TableOptions(rare=0)
    assert any("fewer than 2" in note for note in infer_schema(frame, TableOptions(rare=2)).notes)
