from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import call
from tests.support.runs import make_run
from tests.support.tables import make_mixed


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the built-in digits."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    assert call("train", "--data", "digits", "--epochs", 1, "--out", folder, "--quiet") == 0
    return folder


def test_export_says_what_it_checked(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", digits_run, "--to", "numpy", "--out", "digits.py") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("digits.py, ")
    assert second.startswith("checked by Python and numpy on 359 rows of digits: largest difference ")
    assert Path("digits.py").is_file()


def test_export_prints_json(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", digits_run, "--to", "sql", "--json", "--out", "digits.sql") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["difference"] < 1e-6
    assert said["rows"] == 359
    assert said["path"] == "digits.sql"


def test_export_without_the_data_checks_on_random_rows(capsys: pytest.CaptureFixture[str]) -> None:
    make_run("softmax").save("runs/a")
    assert call("export", "runs/a", "--to", "c") == 0
    assert "on 1,000 random rows (the rows of data" in capsys.readouterr().out
    assert call("export", "runs/a", "--to", "c", "--data", "nothing") == 2
    assert "unknown data set" in capsys.readouterr().err


def test_export_of_a_folders_model_checks_on_one_of_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows").mkdir()
    for part in ("train", "test"):
        make_mixed(40).to_csv(f"rows/{part}.csv", index=False)
    assert call("solve", "--data", "./rows", "--target", "price", "--l2", 1, "--out", "a", "--quiet") == 0
    assert call("export", "a", "--to", "numpy") == 0
    assert "rows made of the schema (./rows is several files: --data takes one" in capsys.readouterr().out
    assert call("export", "a", "--to", "numpy", "--data", "rows/test.csv") == 0
    assert " rows of test.csv and rows made of the schema" in capsys.readouterr().out


def test_export_says_that_an_earlier_one_is_replaced(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for end in ("bytes", "in place of an earlier export"):
        assert call("export", digits_run, "--to", "c", "--out", "digits.c") == 0
        assert capsys.readouterr().out.splitlines()[0].endswith(end)


def test_export_needs_a_known_format(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", digits_run, "--to", "pickle") == 2
    assert call("export", digits_run) == 2
    capsys.readouterr()
