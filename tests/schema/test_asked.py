from __future__ import annotations

import pandas as pd
import pytest

from linnet.config.table import KINDS, TableOptions
from linnet.errors import FormatError, UsageError
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.kinds import COLUMN_TYPES

FRAME = pd.DataFrame({
    "code": ["007", "011", "007", "120"], "flag": [0, 1, 1, None], "day": ["20240131", "20240201"] * 2,
    "year": [2020, 2021, 2022, 2023], "said": ["good bread", "bad bread", "good", "bad"],
    "mixed": ["1", "two", "3", "1"], "y": [1.5, 2.5, 3.5, 5.5],
})  # fmt: skip


def encode(**kinds: str) -> list[list[float]]:
    ignore = tuple(name for name in FRAME.columns if name not in (*kinds.values(), "y"))
    schema = infer_schema(FRAME, TableOptions(target="y", ignore=ignore, **kinds))  # type: ignore[arg-type]
    X = fit_schema(schema, FRAME).encode(FRAME).X
    return (X if hasattr(X, "tolist") else X.toarray()).tolist()


def test_every_kind_of_a_schema_can_be_asked_for() -> None:
    assert set(KINDS) == set(COLUMN_TYPES)


def test_a_column_is_read_as_the_kind_that_was_asked_for() -> None:
    assert encode(number="code") == [[7], [11], [7], [120]]
    assert encode(truth="flag") == [[0, 0], [1, 0], [1, 0], [1, 1]]  # missing, filled with the likelier
    assert encode(category="year") == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert encode(date="day") == [[0, 1, 3], [1, 2, 4]] * 2  # days since the first, month, weekday
    assert encode(date="year")[1][0] == 366
    assert len(encode(text="said")[0]) == 3


@pytest.mark.parametrize(
    ("kind", "name", "cells"),
    [("number", "mixed", "'two' in row 2"), ("truth", "year", "'2020' in row 1"),
     ("date", "mixed", "'two' in row 2")],
)  # fmt: skip
def test_cells_that_are_not_of_the_kind_are_named(kind: str, name: str, cells: str) -> None:
    with pytest.raises(FormatError, match=f"{name} cannot be taken as {kind}, as --{kind} asks.*{cells}"):
        encode(**{kind: name})


def test_a_column_has_one_kind() -> None:
    with pytest.raises(UsageError, match="a is named twice, as ignore and as date"):
        TableOptions(ignore=("a",), date=("b", "a"))
    with pytest.raises(FormatError, match="no column 'b' to take as text"):
        encode(text="b")
