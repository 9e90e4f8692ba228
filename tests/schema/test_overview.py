from __future__ import annotations

import pandas as pd

from linnet.config.table import TableOptions
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.overview import Figure, overview
from tests.support.tables import make_mixed


def test_a_column_is_shown_with_its_gaps_and_its_spread() -> None:
    frame = pd.DataFrame({
        "size": ["1,5", "2,5", "", "4,5"] * 5, "cut": ["a", "b", "a", "a"] * 5,
        "day": ["2024-01-01", "2024-01-02"] * 10, "always": ["x"] * 20, "y": [0.5, 1.5, 2.5, 4.5] * 5,
    })  # fmt: skip
    schema = fit_schema(infer_schema(frame, TableOptions()), frame)
    size, cut, day, always, y = overview(frame, schema)
    assert (size.kind, size.missing, size.different, size.becomes) == ("number", 0.25, 3, 2)
    assert size.examples == ("1,5", "2,5", "4,5")
    assert size.figure is not None
    assert (size.figure.ends, sum(size.figure.counts)) == ((1.5, 4.5), 15)
    assert cut.figure == Figure((15, 5), ("a", "b"))
    assert day.figure is not None
    assert day.figure.ends == (19723, 19724)  # of 2024-01-01, in days since 1970
    assert (always.kind, always.becomes, always.why) == ("left out", 0, "it is always 'x'")
    assert (y.kind, y.becomes, y.figure and y.figure.ends) == ("target", None, (0.5, 4.5))


def test_a_table_that_cannot_be_read_is_shown_all_the_same() -> None:
    views = overview(make_mixed(), None)
    assert {view.kind for view in views} == {""}
    assert [view.name for view in views] == list(make_mixed().columns)


def test_of_many_rows_some_are_looked_at_and_of_many_levels_the_most_frequent_are_shown() -> None:
    levels = [f"level {n % 9}" for n in range(900)]
    (view,) = overview(pd.DataFrame({"a": levels}), None, rows=90)
    assert view.figure is not None
    assert sum(view.figure.counts) + view.figure.others == 90
    assert len(view.figure.levels) == 6


def test_names_beyond_what_floating_numbers_tell_apart_are_shown_in_one_bar() -> None:
    frame = pd.DataFrame({"id": [90071992547409930 + k for k in range(60)], "y": [0.5, 1.5, 2.5] * 20})
    schema = fit_schema(infer_schema(frame, TableOptions()), frame)
    figure = overview(frame, schema)[0].figure
    assert figure is not None
    assert sum(figure.counts) == 60
