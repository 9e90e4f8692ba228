"""Which levels of categories get a column: as patsy decides it, for any terms in any order."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patsy import dmatrix  # type: ignore[import-untyped]

import linnet
from linnet.errors import FormatError
from linnet.schema.contrasts import Levels, Redundancy

cells = pd.DataFrame(list(product(["a", "b", "c"], ["u", "v"], ["p", "q"], [1.5, 2.5])), columns=list("fghx"))
cells["z"] = cells.index * 1.25 + 0.5
cells["y"] = cells.index**1.5

factors = st.lists(st.sampled_from("fghxz"), min_size=1, max_size=3, unique=True)
terms = st.lists(factors.map(":".join), min_size=1, max_size=4)


@settings(max_examples=40)
@given(terms=terms, has_intercept=st.booleans())
def test_columns_and_their_numbers_are_patsys(terms: list[str], has_intercept: bool) -> None:
    right = " + ".join([*([] if has_intercept else ["0"]), *terms])
    train, _ = linnet.load(cells, formula=f"y ~ {right}", hold_out=False)
    expected = dmatrix(right, cells, return_type="dataframe").drop(columns="Intercept", errors="ignore")
    ours = pd.DataFrame(train.X.numpy(), columns=pd.Index(train.columns))
    names = {":".join(sorted(name.split(":"))): name for name in expected.columns}
    found = {":".join(sorted(name.split(":"))): name for name in ours.columns}
    assert found.keys() == names.keys()
    for key, name in names.items():
        assert ours[found[key]].tolist() == pytest.approx(expected[name].tolist())
    assert train.has_intercept == has_intercept


def test_a_second_term_of_the_same_categories_adds_no_column() -> None:
    spans = Redundancy(has_intercept=True)
    assert spans.code([], ["f"]) == [{"f": False}]
    assert spans.code([], ["f"]) == []
    assert spans.code(["x"], ["f"]) == [{"f": True}]


def test_contrasts_that_sum_to_0_leave_the_last_level_out() -> None:
    columns = Levels("C(f, contr.sum)", "f", "sum").columns(["a", "b", "c"], is_full=False)
    assert [name for name, _ in columns] == ["C(f, contr.sum)[S.a]", "C(f, contr.sum)[S.b]"]
    assert {factor.less for _, factor in columns} == {"f=c"}


def test_a_base_that_is_no_level_is_refused() -> None:
    with pytest.raises(FormatError, match="has the base 'z', which f does not have"):
        Levels("C(f)", "f", base="z").columns(["a", "b"], is_full=False)
