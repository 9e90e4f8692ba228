"""Answers as JSON lines and Parquet: no digit is lost, and no type depends on where a file is cut."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd

from linnet.runs.table_writers import write_to


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
