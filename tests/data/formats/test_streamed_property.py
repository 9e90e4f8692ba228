"""Whatever a table holds, a stream of it has the schema and the rows of memory, or is refused as there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import linnet
from linnet.errors import LinnetError
from tests.support.streamed import assert_same

POOLS: list[list[str]] = [
    ["1", "2", "3"], ["0.5", "1.25", "-3", "4"], ["01", "02", "10"], ["1", "1.0", " 1", "2"],
    ["yes", "no"], ["Yes", "no", "1", "0"], ["a", "b", "c", "d"], ["2020-01-01", "2021-12-31", "1999-05-05"],
    ["1/2/2020", "13/4/2021"], ["$1.50", "$20"], ["1,234.5", "7"], ["10%", "20.5 %"], ["(5)", "6"],
    ["x", "1", "2"], ["true", "false"], ["one red fox ran on", "two old dogs sat by it", "no cat is here"],
    ["total", "part"], ["-999", "1", "2", "2.5"], ["12:30", "13:45"], ["你好", "再见"], ["1e3", "2"],
    ["9007199254740993", "1"], ["inf", "1"], ["3 kg", "4 kg"], ["", "only"],
]  # fmt: skip
GAPS = ["", "NA", "?", "-", "none", "nan"]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Columns of cells of one pool each, some with gaps, and a target of classes or numbers."""
    rows = draw(st.integers(30, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    columns: dict[str, Any] = {}
    for place, pool in enumerate(draw(st.lists(st.sampled_from(POOLS), min_size=1, max_size=5))):
        cells = rng.choice(np.array(pool, object), rows)
        if draw(st.booleans()):
            cells[rng.random(rows) < 0.1] = draw(st.sampled_from(GAPS))
        columns[draw(st.sampled_from(["x", "user id", "day", "row no", "k"])) + f" {place}"] = cells
    if draw(st.booleans()):
        columns["number"] = np.arange(rows).astype(str)
    if draw(st.booleans()):
        columns["wide"] = rng.normal(size=rows).round(6).astype(str)
    target = rng.choice(draw(st.sampled_from([["u", "v"], ["0", "1", "2"], ["0.5", "1.5", "2"]])), rows)
    if draw(st.booleans()):
        target = target.astype(object)
        target[rng.random(rows) < 0.1] = ""
    return pd.DataFrame({**columns, "label" if draw(st.booleans()) else "y": target})


def load(name: str, **options: Any) -> linnet.Splits | str:
    try:
        return linnet.load(name, **options)
    except LinnetError as error:
        return type(error).__name__


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@given(frame=tables())
@settings(max_examples=12)
def test_a_stream_is_read_as_in_memory(suffix: str, frame: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("linnet.data.formats.line_blocks.PIECE", 1 << 9)
        patch.setattr("linnet.data.formats.blocks.CELLS", 1 << 7)
        path = Path(folder, f"t.{suffix}")
        if suffix == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, row_group_size=50)
        here, memory = load(str(path), stream=True), load(str(path))
        if isinstance(here, str) or isinstance(memory, str):
            assert here == memory
            return
        assert_same(here.train, memory.train)
        assert_same(here.test, memory.test)
