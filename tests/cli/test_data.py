from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.commands import call


def test_data_show_and_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "show", "digits", "--out", "grid.png") == 0
    with Image.open("grid.png") as picture:
        assert picture.width > 500
    assert call("data", "list") == 0
    assert "fashion_mnist" in capsys.readouterr().out
    assert call("data", "show", "synthetic") == 0
    assert "features  2, " in capsys.readouterr().out


def test_rows_to_test_on_that_are_not_there_are_not_shown_as_others(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for place in ("train/a", "train/b", "val/a", "val/b"):
        (tmp_path / place).mkdir(parents=True)
        for number in range(2):
            Image.new("L", (8, 8), 40 * number).save(tmp_path / place / f"{number}.png")
    assert call("data", "show", tmp_path, "--part", "test", "--out", "grid.png") == 2
    assert "has no rows to test on" in capsys.readouterr().err
    assert not Path("grid.png").exists()
    assert call("data", "show", tmp_path, "--out", "grid.png") == 0


@pytest.mark.parametrize(
    "option", [["--part", "test"], ["--rows", 3], ["--columns", 2], ["--start", 1], ["--out", "mine.png"]]
)
def test_what_is_said_of_pictures_is_refused_of_rows_without(
    option: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.csv").write_text("a,price\n" + "".join(f"{k},{k % 7}.5\n" for k in range(40)))
    for data in ("rows.csv", "synthetic"):
        assert call("data", "show", data, *option) == 2
        assert f"{option[0]} is of pictures, and {data} has none" in capsys.readouterr().err


def test_libsvm_text_is_shown_by_its_features_rows_and_classes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.svm").write_text("1 1:0.5 3:2\n0 2:1\n" * 10)
    assert call("data", "show", "rows.svm") == 0
    said = capsys.readouterr().out.splitlines()[-3:]
    assert said == [
        "features  3, 50.0% of their numbers not 0",
        "rows      20: 16 to train on, 4 to test on",
        "target    y: 2 classes, 0 10 (50.0%), 1 10 (50.0%)",
    ]
    assert call("data", "show", "rows.svm", "--json", "--split", "none") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["classes"], found["ends"]) == ({"train": 20}, {"0": 10, "1": 10}, None)
    Path("numbers.svm").write_text("".join(f"{n}.5 1:{n + 1}\n" for n in range(20)))
    assert call("data", "show", "numbers.svm") == 0
    assert "target    y: numbers from 0.5 to 19.5" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["list", "fetch", "verify", "show", "schema", "convert"])
def test_examples_stand_below_their_heading(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", command, "--help") == 0
    said = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert said[said.index("Examples") + 1].startswith(f"linnet data {command}")


def test_a_table_is_converted_to_libsvm_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.csv").write_text("kind,size,y\n" + "a,1.5,no\nb,2,yes\n" * 10)
    assert call("data", "convert", "rows.csv", "rows.svm", "--target", "y", "--out-base", "0") == 0
    said = capsys.readouterr().out
    assert "the classes are written as numbers: 0 no, 1 yes" in said
    assert "20 rows of 3 features, counted from 0, are in rows.svm" in said
    assert Path("rows.svm").read_text().startswith("0 0:1.0 2:1.5\n1 1:1.0 2:2.0\n")
    assert call("data", "convert", "rows.csv", "rows.svm") == 2
    assert call("data", "convert", "rows.svm", "half.svm", "--test-size", "0.5", "--part", "test") == 0
    assert "10 rows of 3 features" in capsys.readouterr().out
    assert call("data", "convert", "rows.svm", "more.svm", "--part", "validation") == 2


def test_a_table_whose_target_is_not_clear_is_shown_with_the_columns_that_could_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = "".join(f"{n % 3},{n / 2},{'ab'[n % 2]},{n}.5\n" for n in range(30))
    Path("rows.csv").write_text(f"x,y,kind,price\n{rows}")
    assert call("data", "show", "rows.csv") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("what is to be predicted? x, y, kind, price could be: say which, by --target")
    assert [line.split()[:2] for line in said[-4:]] == [
        ["x", "number"], ["y", "number"], ["kind", "category"], ["price", "number"],
    ]  # fmt: skip
    assert call("data", "show", "rows.csv", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["target"], found["candidates"]) == (None, ["x", "y", "kind", "price"])
    assert [one["becomes"] for one in found["columns"]] == [1, 1, 2, 1]
    assert call("data", "show", "rows.csv", "--target", "prices") != 0
    assert call("train", "--data", "rows.csv") != 0
