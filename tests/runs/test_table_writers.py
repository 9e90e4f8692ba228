"""Answers as JSON lines and Parquet: no digit is lost, and no type depends on where a file is cut."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linnet.data.formats import frames
from linnet.runs.table_writers import write_to

KINDS = (pa.int64(), pa.bool_(), pa.string())


def test_json_lines_keep_all_digits_and_say_null_where_there_is_no_number(tmp_path: Path) -> None:
    numbers = [1.2345678901234567e-9, 0.1 + 0.2, np.nan, np.inf]
    frame = pd.DataFrame(
        {
            "prediction": numbers,
            "id": pd.array([2**53 + 1, None, 2, 3], "Int64"),
            "day": [datetime.date(2024, 5, 1), None, None, None],
            "at": pd.to_datetime(["2024-05-01 10:00", None, None, None]),
            "set": [["a", "城"], [], np.array([1]), None],
        }
    )
    with write_to(tmp_path / "a.jsonl") as write:
        write(frame)
        write(frame[:0])
    first, second, third, last = map(json.loads, (tmp_path / "a.jsonl").read_text("utf-8").splitlines())
    assert [first["prediction"], second["prediction"]] == numbers[:2]
    assert third["prediction"] is last["prediction"] is second["id"] is second["at"] is None
    assert (first["id"], first["day"], first["set"]) == (2**53 + 1, "2024-05-01", ["a", "城"])
    assert first["at"] == "2024-05-01T10:00:00"
    assert third["set"] == [1]


@pytest.mark.parametrize("gap_first", [True, False])
def test_kept_columns_come_back_as_they_were_wherever_gaps_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gap_first: bool
) -> None:
    rows = [[None, None, None], [2**53 + 1, True, "城"]]
    cells = zip(*(rows if gap_first else rows[::-1]), strict=True)
    table = pa.table(
        {
            name: pa.array(values, kind)
            for name, values, kind in zip(["id", "is", "name"], cells, KINDS, strict=True)
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    monkeypatch.setattr(frames, "CHUNK", 1)
    with write_to(tmp_path / "a.parquet") as write, write_to(tmp_path / "a.csv") as write_csv:
        for frame in frames.iter_frames(tmp_path / "rows.parquet"):
            write(frame)
            write_csv(frame)
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == table.to_pylist()
    assert f"{2**53 + 1},True,城" in (tmp_path / "a.csv").read_text("utf-8")
