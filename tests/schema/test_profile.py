from __future__ import annotations

import pandas as pd
import pytest

from linnet.schema.category import Category
from linnet.schema.columns import Number, Truth
from linnet.schema.dates import Date, calendar
from linnet.schema.kinds import COLUMN_TYPES
from linnet.schema.profile import OF_KIND, profile
from linnet.schema.words import Words
from tests.support.tables import make_mixed, make_table_run


def test_a_fitted_column_tells_its_ends_levels_and_gaps() -> None:
    schema, rows = make_table_run("regression").card.schema, make_mixed()
    assert schema is not None
    carat, cut, new, sold = map(profile, schema.columns)
    assert (carat.low, carat.high) == (rows["carat"].min(), rows["carat"].max())
    assert carat.example == pytest.approx(rows["carat"].median(), rel=1e-5)
    assert (carat.had_gaps, new.had_gaps, cut.had_gaps) == (True, False, True)
    assert (cut.levels, cut.example) == (("fair", "good", "ideal"), "fair")
    assert (sold.low, sold.high) == (rows["sold"].min(), rows["sold"].max())
    assert new.levels == ("yes", "no")


@pytest.mark.parametrize("column", [
    Number("a", fill=3.0), Number("a", fill=0.1 + 0.2, decimal=","), Truth("a"), Truth("a", "ja", "nein"),
    Category("a", ("1", "x")), Date("a", fill=19000.5), Date("a", "%d.%m.%Y", fill=-3.0),
    Date("a", "%Y年%m月%d日"), Date("a", fill=19000.25, parts=("days", "hour")),
    Words("a", ("red", "cat"), (1.0, 1.0)),
], ids=str)  # fmt: skip
def test_an_example_is_a_cell_that_the_column_reads(column: Number) -> None:
    cells = pd.Series([profile(column).example])
    assert not column.find_unreadable(cells).any()
    _, seen = column.encode(cells)
    assert (seen.missing, seen.unseen) == (0, 0)


def test_the_example_of_a_date_is_the_middle_day() -> None:
    assert profile(Date("a", fill=19000.5)).example == "2022-01-08"
    assert calendar(pd.Series([19000.0]).to_numpy(), "year", 0.0)[0] == 2022
    assert profile(Date("a", fill=19000.25, parts=("days", "hour"))).example == "2022-01-08T06:00:00"


def test_each_kind_of_column_has_a_profile() -> None:
    assert set(OF_KIND) == set(COLUMN_TYPES)


def test_the_ends_of_percents_are_written_as_its_cells_are() -> None:
    share = profile(Number("a", fill=0.125, unit="%", decimal=",", low=-1.0, high=59.0))
    assert (share.low, share.example, share.high) == ("-1%", "0,125%", "59%")
    bare = profile(Number("a", fill=3.0, low=1.0, high=0.1 + 0.2))
    assert (str(bare.low), bare.high) == ("1", 0.3)
    assert profile(Number("a", unit="%")).low is None
