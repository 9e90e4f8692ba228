"""Whole numbers beside gaps keep their digits, and a piece's types do not depend on its gaps."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from linnet.config.table import TableOptions
from linnet.data.formats import frames
from linnet.data.formats.frames import iter_frames, read_frame
from linnet.schema.category import as_text

LONG = 2**53 + 1


@pytest.mark.parametrize("suffix", ["parquet", "feather", "jsonl"])
def test_long_numbers_beside_gaps_keep_their_digits(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{suffix}"
    table = pa.table({"id": pa.array([LONG, None, -LONG]), "n": pa.array([1, None, 2])})
    if suffix == "jsonl":
        path.write_text(f'{{"id": {LONG}, "n": 1}}\n{{"id": null}}\n{{"id": -{LONG}, "n": 2}}\n')
    else:
        (pq.write_table if suffix == "parquet" else feather.write_feather)(table, path)
    frame = read_frame(path, path.name, TableOptions()).frame
    texts = as_text(frame["id"])
    assert [texts[0], texts[2], frame["id"].isna().tolist()] == [str(LONG), f"-{LONG}", [False, True, False]]
    assert frame["n"].dtype == "float64"


def test_types_of_a_piece_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells: dict[str, Any] = {
        "id": [None, LONG],
        "small": pa.array([None, 7], pa.int8()),
        "is": [None, True],
        "day": [None, datetime.date(2024, 5, 1)],
        "price": [None, decimal.Decimal("1.50")],
    }
    pq.write_table(pa.table(cells), tmp_path / "rows.parquet")
    monkeypatch.setattr(frames, "CHUNK", 1)
    first, second = iter_frames(tmp_path / "rows.parquet")
    assert first.dtypes.tolist() == second.dtypes.tolist()
    assert first.isna().all(axis=None)
    assert second["id"].tolist() == [LONG]
    assert (second["price"].tolist(), second["day"].tolist()) == ([1.5], [pd.Timestamp("2024-05-01")])
