"""Rows of a stream that cannot be read: named, left out, or written aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.errors import FormatError, RowsWarning, UsageError
from tests.support.commands import call
from tests.support.streamed import write


def make_bad(rows: int = 400) -> tuple[pa.Table, list[int]]:
    """A table with an infinite number, a word among numbers, two lists of other lengths; and these rows."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, rows))
    a[17] = np.inf
    paid = [f"{k / 7:.3f}" for k in rng.integers(0, 9999, rows)]
    paid[210] = "oops"
    lists = rng.normal(size=(rows, 3)).tolist()
    lists[5], lists[399] = [1.0], None
    table = pa.table({"a": a, "paid": paid, "list": pa.array(lists, pa.list_(pa.float64())), "y": 2 * b})
    return table, [5, 17, 210, 399]


def test_the_first_is_named_with_its_file_and_row_group() -> None:
    table, _ = make_bad()
    name = str(write(table, Path("t.parquet"), group=150))
    with pytest.raises(
        FormatError, match=r"row group 1, row 6 has 1 numbers in list, and others 3.*--errors"
    ):
        linnet.load(name, stream=True)
    with pytest.raises(FormatError, match=r"row group 1, row 18 has a number that is not finite in a"):
        linnet.load(str(write(table.drop_columns(["list"]), Path("u.parquet"), group=150)), stream=True)
    with pytest.raises(FormatError, match=r"'oops' in row group 2, row 211 of v\.parquet"):
        linnet.load(str(write(table.drop_columns(["list", "a"]), Path("v.parquet"), group=150)), stream=True)


def test_lines_of_other_parts_and_of_other_rows_of_a_model_are_counted_too() -> None:
    rows = "".join(f"{k / 7},{k % 2}\n" for k in range(100))
    for part in ("train", "test"):
        Path("parts").mkdir(exist_ok=True)
        Path(f"parts/{part}.csv").write_text(f"a,y\n{rows}1,2,3\n")
    with pytest.warns(UserWarning, match="2 rows of .* could not be read and are in parts.rejected.csv"):
        here = linnet.load("./parts", stream=True, errors="quarantine")
    files = pd.read_csv("parts.rejected.csv")["file"]
    assert [Path(one).name for one in files] == ["train.csv", "test.csv"]
    run = linnet.fit(here, epochs=1, show=False)
    with pytest.warns(UserWarning, match=r"1 row of .*test\.csv could not be read"):
        assert len(linnet.Evaluation.named(run, "parts/test.csv").rows) == 100


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_they_are_skipped_as_if_they_were_not_there(suffix: str) -> None:
    table, bad = make_bad()
    name = str(write(table, Path(f"t.{suffix}"), group=150))
    good = [row for row in range(len(table)) if row not in bad]
    whole = str(write(table.take(good), Path(f"good.{suffix}"), group=150))
    with pytest.warns(UserWarning, match=r"4 rows of .* could not be read: the first is"):
        here = linnet.load(name, stream=True, errors="skip")
    other = linnet.load(whole)
    assert here.train.schema is not None
    assert other.train.schema is not None
    assert here.train.schema.columns == other.train.schema.columns
    assert torch.equal(here.train.X[:], other.train.X)
    assert here.test is not None
    assert other.test is not None
    assert torch.equal(here.test.X[:], other.test.X)
    assert torch.equal(here.test.y, other.test.y)
    run = linnet.fit(here.train, epochs=2, lr=0.01)
    assert np.isfinite(run.history.last["train_loss"])


def test_they_are_written_aside_with_the_reasons() -> None:
    table, bad = make_bad()
    Path("days").mkdir()
    write(table, Path("days/1.parquet"), group=150)
    for _ in range(2):  # counted, and from the cache
        with pytest.warns(UserWarning, match=r"4 rows of days/\*\.parquet could not be read and are in days"):
            linnet.load("days/*.parquet", stream=True, errors="quarantine")
        rows = pd.read_csv("days.rejected.csv")
        assert list(rows.columns) == ["file", "place", "reason"]
        assert [int(place.split()[-1]) - 1 for place in rows["place"]] == bad
        assert set(rows["file"]) == {"days/1.parquet"}
    Path("days.rejected.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"there is a file days\.rejected\.csv"):
        linnet.load("days/*.parquet", stream=True, errors="quarantine")


def test_where_most_rows_are_bad_that_is_an_error() -> None:
    table = pa.table({"a": [np.inf] * 60 + [1.0] * 40, "b": np.arange(100.0), "y": np.arange(100) % 2})
    with pytest.raises(FormatError, match=r"60 of 100 rows cannot be read, the first row 1"):
        linnet.load(str(write(table, Path("t.arrow"))), stream=True, errors="skip")


def test_it_is_said_of_streams_alone() -> None:
    with pytest.raises(UsageError, match="--stream"):
        linnet.load("t.parquet", errors="skip")
    with pytest.raises(UsageError, match="errors must be one of raise skip quarantine"):
        linnet.load("t.parquet", stream=True, errors="ignore")


def test_the_command_line_leaves_them_out() -> None:
    table, _ = make_bad()
    name = str(write(table, Path("t.parquet"), group=150))
    how = ("--stream", "--errors", "quarantine", "--epochs", 2, "--lr", 0.01)
    with pytest.warns(UserWarning, match="4 rows"):
        assert call("train", "--data", name, *how, "--out", "run", "--quiet") == 0
    assert len(Path("t.parquet.rejected.csv").read_text().splitlines()) == 5


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_digits_beyond_any_number_are_found_while_rows_are_counted(suffix: str) -> None:
    rng = np.random.default_rng(0)
    cells = [f"{value:.4f}" for value in rng.normal(size=200)]
    cells[40] = cells[150] = "1e400"  # the largest of a float64 is 1.8e308
    frame = pd.DataFrame({"a": cells, "b": rng.integers(0, 9, 200), "y": np.tile(["u", "v"], 100)})

    def save(rows: pd.DataFrame, stem: str) -> str:
        path = Path(f"{stem}.{suffix}")
        rows.to_csv(path, index=False) if suffix == "csv" else rows.to_parquet(path, index=False)
        return str(path)

    name = save(frame, "t")
    with pytest.raises(FormatError, match=r"column a has no finite number.*'1e400' in .*row 41"):
        linnet.load(name, stream=True)
    good = linnet.load(save(frame.drop([40, 150]), "good"), stream=True).train
    with pytest.warns(UserWarning, match=r"2 rows of .*row 41 of .*'1e400' in a, a column of numbers"):
        rows = linnet.load(name, stream=True, errors="skip").train
    assert torch.equal(rows.X[:], good.X[:])


def test_a_line_of_fewer_cells_is_an_error_that_says_how_it_is_left_out() -> None:
    Path("t.csv").write_text("a,b,y\n" + "1,2,u\n3,4,v\n" * 30 + "1,u\n")
    with pytest.raises(FormatError, match=r"leave the rows out, by --errors skip \(errors= in Python\)"):
        linnet.load("t.csv", stream=True)
    # Of a category of linnet's own, which commands print as a message, without a line of code.
    with pytest.warns(RowsWarning, match="1 row of t.csv could not be read: the first is line 62 of t.csv"):
        linnet.load("t.csv", stream=True, errors="skip")
