from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import linnet
from linnet.data.formats.folder_parts import part_of_file
from linnet.data.formats.table_files import TableFiles, match, sort_out, tables_in
from linnet.errors import FormatError
from tests.support.tables import make_mixed

FRAME: Any = make_mixed(90)


def write(folder: Path, **frames: Any) -> Path:
    """A folder of CSV files."""
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"), ("iris_train", "train"), ("Test_set", "test"), ("val-2", "validation"),
        ("train-00000-of-00002", "train"), ("训练集", "train"), ("train_test", None), ("part-1", None),
        ("constraint", None),
    ],
)  # fmt: skip
def test_a_file_is_of_the_part_it_is_called_after(name: str, part: str | None) -> None:
    assert part_of_file(name) == part


@pytest.mark.parametrize("data", ["all", "all/part-*.csv"])
def test_a_folder_and_a_pattern_are_the_one_table_that_was_cut_into_files(data: str, tmp_path: Path) -> None:
    write(tmp_path / "all", **{f"part-{k}": FRAME[30 * k : 30 * k + 30] for k in range(3)})
    write(tmp_path, whole=FRAME)
    found = linnet.load(tmp_path / data, target="price").train
    expected = linnet.load(tmp_path / "whole.csv", target="price").train
    assert torch.equal(found.X[:], expected.X[:])
    assert torch.equal(found.y, expected.y)
    assert found.schema is not None
    assert "3 files are read as one table: part-0.csv, part-1.csv, part-2.csv" in found.schema.notes


def test_a_column_is_decided_over_all_files(tmp_path: Path) -> None:
    first = pd.DataFrame({"code": ["1.50", "2"] * 3, "response": [1.5, 2, 3, 4, 5, 6]})
    second = pd.DataFrame({"code": ["a", "1.50"] * 3, "response": [1.5, 2, 3, 4, 5, 6]})
    write(tmp_path / "t", a=first, b=second)
    schema = linnet.load(tmp_path / "t").train.schema
    assert schema is not None
    assert schema.columns[0].features == ("code=1.50", "code=2", "code=a")


def test_a_column_that_is_left_out_may_be_numbers_in_one_file_and_words_in_another(tmp_path: Path) -> None:
    first = pd.DataFrame({"id": [*range(6)], "size": [1.5, 2, 3, 4, 5, 6], "response": [1.5, 2, 3, 4, 5, 6]})
    write(tmp_path / "t", a=first, b=first.assign(id=[f"n{k}" for k in range(6)]))
    assert linnet.load(tmp_path / "t", ignore=["id"]).train.columns == ("size",)


def test_columns_that_differ_are_named_with_their_file(tmp_path: Path) -> None:
    write(tmp_path / "t", a=FRAME, b=FRAME.drop(columns="cut"))
    with pytest.raises(FormatError, match=r"b.csv has no column 'cut', which a.csv has"):
        linnet.load(tmp_path / "t")
    write(tmp_path / "t", b=FRAME.assign(more=1))
    with pytest.raises(FormatError, match=r"b.csv has a column 'more', which a.csv has not"):
        linnet.load(tmp_path / "t")


def test_columns_in_another_order_are_found_by_name(tmp_path: Path) -> None:
    write(tmp_path / "t", a=FRAME[:40], b=FRAME[40:][FRAME.columns[::-1]])
    write(tmp_path, whole=FRAME)
    found = linnet.load(tmp_path / "t", target="price").train
    assert torch.equal(found.X[:], linnet.load(tmp_path / "whole.csv", target="price").train.X[:])


def test_a_file_that_could_be_any_part_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "t", train=FRAME, test=FRAME, sample=FRAME)
    with pytest.raises(FormatError, match=r"sample.csv beside train.csv.*--data .*train.csv --test"):
        linnet.load(tmp_path / "t")
    with pytest.raises(FormatError, match="nothing to train on"):
        sort_out([Path("a/test.csv"), Path("a/val.csv")], "a")


def test_folders_tell_parts_too_and_a_test_alone_is_a_table(tmp_path: Path) -> None:
    paths = [Path("t/train/0.parquet"), Path("t/train/1.parquet"), Path("t/test/0.parquet")]
    found = sort_out(paths, "t", Path("t"))
    assert found == TableFiles(tuple(paths[:2]), test=(paths[2],))
    assert sort_out([Path("blood_test.csv")], "t") == TableFiles((Path("blood_test.csv"),))


def test_two_formats_in_a_folder_may_be_the_same_rows_and_a_readme_is_none(tmp_path: Path) -> None:
    write(tmp_path, a=FRAME)
    (tmp_path / "README.txt").write_text("about a.csv\n")
    (tmp_path / ".hidden.csv").write_text("a,b\n1,2\n")
    found = sort_out(tables_in(tmp_path), "t", tmp_path)
    assert found.notes == ("passed over: README.txt",)
    FRAME.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(FormatError, match=r"several formats \(.csv, .parquet\)"):
        linnet.load(tmp_path)
    assert match("*.csv", tmp_path) == [tmp_path / "a.csv"]
