"""`linnet data convert` to an Arrow file; tests/cli/test_data.py has LIBSVM text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import linnet
from tests.support.commands import call
from tests.support.streamed import make_table, write


def test_parquet_becomes_an_arrow_file_to_train_on(capsys: pytest.CaptureFixture[str]) -> None:
    Path("days").mkdir()
    for number in range(2):
        write(make_table(150, seed=number), Path(f"days/{number}.parquet"))
    assert call("data", "convert", "days/*.parquet", "days.arrow") == 0
    assert "300 rows are in days.arrow; train on them by linnet train --data days.arrow --stream" in (
        capsys.readouterr().out
    )
    own, before = linnet.load("days.arrow", stream=True).train, linnet.load("days/*.parquet").train
    assert np.array_equal(own.X[:].double().numpy(), before.X.numpy())
    assert call("train", "--data", "days.arrow", "--stream", "--epochs", 2, "--out", "run", "--quiet") == 0


def test_what_cannot_be_converted_so_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.xlsx").write_bytes(b"")
    assert call("data", "convert", "rows.xlsx", "rows.arrow") != 0
    assert "rows.xlsx cannot be streamed" in capsys.readouterr().err
    assert call("data", "convert", "nowhere.parquet", "rows.arrow") != 0
    assert "no table at nowhere.parquet" in capsys.readouterr().err
    write(make_table(20), Path("t.parquet"))
    for how in (["--target", "label"], ["--part", "test"]):
        assert call("data", "convert", "t.parquet", "t.arrow", *how) == 2
        assert "leave out how they are read" in capsys.readouterr().err
    assert not Path("t.arrow").exists()


def test_files_of_a_pattern_are_written_into_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("1", "2"):
        Path(f"{day}.csv").write_text("a,y\n1,2\n3,4\n")
        assert call("data", "convert", "*.csv", "days") == 0
    assert "4 rows are in days" in capsys.readouterr().out
    assert sorted(path.name for path in Path("days").iterdir()) == ["1.arrow", "2.arrow"]
