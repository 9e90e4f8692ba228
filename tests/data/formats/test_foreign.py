from __future__ import annotations

from pathlib import Path

import pytest

import linnet
from linnet.errors import FormatError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rows.rds", r'in R by write\.csv\(DATA, "rows\.csv"'), ("rows.RData", r"arrow::write_parquet"),
        ("rows.pkl", r'DATA\.to_parquet\("rows\.parquet"\)'), ("rows.json", "JSON lines"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_read_says_how_to_write_one_that_is(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"rows")
    monkeypatch.chdir(tmp_path)
    for given in (name, tmp_path / name):
        with pytest.raises(FormatError, match=f"{name} is not read: .*{words}"):
            linnet.load(given)
