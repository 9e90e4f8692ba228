from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from linnet.data.formats import apart
from linnet.data.formats.apart import read_apart
from linnet.errors import FormatError


def test_a_file_and_its_bytes_are_the_same_cells_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.dta"
    frame: Any = pd.DataFrame(
        {"code": [1, 2], "day": pd.to_datetime(["2024-01-01", None]), "word": ["a", ""]}
    )
    pyreadstat.write_dta(frame, str(path), variable_value_labels={"code": {1: "no", 2: "yes"}})
    found, labels = read_apart("read_dta", path, {})
    assert labels == {"code": [[1, "no"], [2, "yes"]]}
    assert found["code"].tolist() == [1, 2]
    assert found["day"].isna().tolist() == [False, True]
    again, _ = read_apart("read_dta", path.read_bytes(), {})
    pd.testing.assert_frame_equal(found, again)


def test_a_library_that_dies_or_does_not_end_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "START", "import os; os.abort()")
    with pytest.raises(FormatError, match="it is damaged"):
        read_apart("read_sav", b"", {})

    def wait(*given: Any, timeout: float, **more: Any) -> None:
        raise subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(subprocess, "run", wait)
    with pytest.raises(FormatError, match="it does not end"):
        read_apart("read_sav", b"", {})
