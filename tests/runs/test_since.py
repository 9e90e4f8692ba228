"""Files that are added to the sums of a run: the model of all rows, of which the new ones alone are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.data.streams.row_files import ParquetFile
from linnet.errors import DataError, DataNotFoundError, FormatError, UsageError
from linnet.evaluate.score import Score
from linnet.solvers.least_squares.kept_sums import KeptSums
from tests.support.commands import call
from tests.support.streamed import write

ROWS = 5000


def make_day(number: int, kind: str = "int8", rows: int = ROWS) -> pa.Table:
    rng = np.random.default_rng(number)
    X = rng.integers(-99, 100, (rows, 4)).astype(kind)
    noise = rng.integers(-20, 21, rows) if kind == "int8" else rng.normal(size=rows)
    y = X.astype(float) @ [1, -2, 3, 0] + 7 + noise
    return pa.table({**{f"x{place}": column for place, column in enumerate(X.T)}, "y": y})


def leave_day(number: int, **how: Any) -> pa.Table:
    Path("days").mkdir(exist_ok=True)
    write(day := make_day(number, **how), Path(f"days/{number:02d}.parquet"), group=1500)
    return day


def first_run(kind: str = "int8", **how: Any) -> linnet.Solution:
    for number in range(2):
        leave_day(number, kind=kind)
    rows = linnet.load("days/*.parquet", stream=True, hold_out=False, target="y", task="regression").train
    return linnet.solve(rows, **{"l2": 0.5, "out": "monday", **how})


def ridge(tables: list[pa.Table], l2: float) -> np.ndarray:
    whole = pa.concat_tables(tables)
    X, y = (np.column_stack([whole[f"x{place}"] for place in range(4)]).astype(float), whole["y"].to_numpy())
    U, v = X - X.mean(0), y - y.mean()
    return np.linalg.solve(U.T @ U / len(y) + l2 * np.eye(4), U.T @ v / len(y))


@pytest.mark.parametrize("kind", ["int8", "float64"])
def test_the_model_is_that_of_all_rows(kind: str) -> None:
    first_run(kind)
    tables = [make_day(number, kind) for number in (0, 1)] + [leave_day(2, kind=kind, rows=3000)]
    found = linnet.solve_since("days/*.parquet", "monday", out="tuesday")
    assert np.allclose(found.solution.value.bank.W.numpy(), ridge(tables, 0.5), rtol=1e-10)
    assert found.solution.status.is_good
    anew = linnet.solve(
        linnet.load("days/*.parquet", stream=True, hold_out=False, target="y", task="regression").train,
        l2=0.5,
    )
    assert anew.stats.objective == pytest.approx(found.solution.stats.objective, rel=1e-10)
    assert abs(anew.stats.objective - found.solution.stats.objective) <= found.solution.stats.gap
    again = linnet.Run.load("tuesday")
    assert torch.equal(again.bank.theta, found.solution.value.bank.theta)
    evaluation = linnet.Evaluation.named(again, part="all")  # the rows of all files, which it knows
    assert len(evaluation) == sum(map(len, tables))
    assert linnet.score(again, "days/*.parquet").loss == pytest.approx(Score.of(evaluation).loss, rel=1e-12)


def test_no_file_counts_twice_whatever_path_leads_to_it() -> None:
    first_run()
    Path("link").symlink_to("days")
    leave_day(2, rows=3000)
    for name in ("days/../days/*.parquet", "link/*.parquet"):
        found = linnet.solve_since(name, "monday")
        assert len(found.rows) == 3000
    Path("days").rename("moved")
    with pytest.raises(
        UsageError, match=r"moved/00\.parquet has the name, size and time of .*days/00\.parquet"
    ):
        linnet.solve_since("moved/*.parquet", "monday")


def test_new_files_are_read_as_those_of_the_run_were() -> None:
    rng, said = np.random.default_rng(0), {"header": True, "decimal": ","}
    Path("days").mkdir()
    X = rng.normal(size=(3, 200, 2)).round(3)
    y = X @ [2, -1] + rng.normal(size=(3, 200)).round(3)
    days = np.concatenate([X, y[:, :, None]], 2).tolist()
    lines = [["1;2;3", *(";".join(map(str, row)).replace(".", ",") for row in day)] for day in days]
    for number in range(2):
        Path(f"days/{number}.csv").write_text("\n".join(lines[number]))
    how: dict[str, Any] = {**said, "stream": True, "hold_out": False, "task": "regression"}
    linnet.solve(linnet.load("days/*.csv", **how).train, out="monday")
    Path("days/2.csv").write_text("\n".join(lines[2]))
    found = linnet.solve_since("days/*.csv", "monday")
    assert len(found.rows) == 200
    whole = np.column_stack([X.reshape(-1, 2), np.ones(600)])
    expected = np.linalg.lstsq(whole, y.ravel(), rcond=None)[0]
    assert np.allclose(found.solution.value.bank.theta.numpy().ravel(), expected, rtol=1e-8)


def test_a_new_row_without_a_target_is_refused() -> None:
    first_run()
    day = make_day(2).to_pydict()
    day["y"][7] = None
    write(pa.table(day), Path("days/02.parquet"))
    with pytest.raises(UsageError, match="has rows without a target, and sums are of whole files"):
        linnet.solve_since("days/*.parquet", "monday")


def test_sums_over_all_days_are_those_of_int64() -> None:
    first_run()
    for number in (2, 3):
        leave_day(number)
        linnet.solve_since("days/*.parquet", "monday" if number == 2 else "run2", out=f"run{number}")
    whole = pa.concat_tables([make_day(number) for number in range(4)])
    X = np.column_stack([whole[f"x{place}"] for place in range(4)]).astype(np.int64)
    kept = KeptSums.read("run3")
    sums = kept.statistics.about(torch.zeros(4).double(), torch.zeros(1).double()).sums
    assert np.array_equal(sums.xx.numpy().astype(np.int64), X.T @ X)
    assert [file.rows for file in kept.files] == [ROWS] * 4
    assert kept.statistics.is_exact


def test_old_files_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first_run()
    leave_day(2)
    read = set[str]()
    own = ParquetFile.stored

    def stored(self: ParquetFile, first: int = 0) -> Any:
        read.add(self.path.name)
        return own(self, first)

    monkeypatch.setattr(ParquetFile, "stored", stored)
    linnet.solve_since("days/*.parquet", "monday")
    assert read == {"02.parquet"}


def test_another_penalty_and_no_bias_follow_from_the_sums() -> None:
    first_run()
    tables = [make_day(0), make_day(1), leave_day(2)]
    found = linnet.solve_since("days", "monday", l2=2.0)
    assert np.allclose(found.solution.value.bank.W.numpy(), ridge(tables, 2.0), rtol=1e-10)
    bare = linnet.solve_since("days", "monday", l2=0.0, intercept=False).solution
    whole = pa.concat_tables(tables)
    X = np.column_stack([whole[f"x{place}"] for place in range(4)]).astype(float)
    right = np.linalg.lstsq(X, whole["y"].to_numpy(), rcond=None)[0]
    assert np.allclose(bare.value.bank.W.numpy(), right, rtol=1e-10)
    assert not bare.value.bank.b.any()


def test_a_file_that_has_gone_stays_in_the_sums() -> None:
    first_run()
    tables = [make_day(0), make_day(1), leave_day(2)]
    Path("days/00.parquet").unlink()
    said: list[str] = []
    found = linnet.solve_since("days", "monday", say=said.append)
    assert [path.name for path in found.gone] == ["00.parquet"]
    assert "1 of their files have gone" in said[0]
    assert np.allclose(found.solution.value.bank.W.numpy(), ridge(tables, 0.5), rtol=1e-10)


def test_a_file_that_was_changed_is_refused() -> None:
    first_run()
    leave_day(2)
    leave_day(1, rows=100)
    with pytest.raises(DataError, match="was changed since its rows were summed"):
        linnet.solve_since("days", "monday")


def test_nothing_new_and_other_columns_are_refused() -> None:
    first_run()
    with pytest.raises(UsageError, match="no file of days is new: the sums have the rows of all 2"):
        linnet.solve_since("days", "monday")
    write(make_day(2).drop_columns(["x3"]), Path("days/02.parquet"))
    with pytest.raises(FormatError, match="x3"):
        linnet.solve_since("days", "monday")


def test_runs_without_sums_say_how_to_get_them() -> None:
    leave_day(0)
    rows = linnet.load("./days", stream=True, target="y", task="regression").train  # without those held out
    linnet.solve(rows, l2=0.5, out="some")
    with pytest.raises(DataNotFoundError, match="--no-hold-out"):
        linnet.solve_since("days", "some")


def test_the_command_line_adds_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        leave_day(number)
    how = ("--target", "y", "--task", "regression", "--l2", 0.5, "--stream", "--no-hold-out", "--quiet")
    assert call("solve", "--data", "days/*.parquet", *how, "--out", "monday") == 0
    leave_day(2)
    capsys.readouterr()
    adding = ("solve", "--data", "days/*.parquet", "--since", "monday")
    assert call(*adding, "--stream", "--out", "tuesday", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["new_rows"], found["files"], found["gone"]) == (3 * ROWS, ROWS, 3, [])
    assert found["request"]["l2"] == 0.5
    assert Path("tuesday/sums.safetensors").is_file()
    assert call(*adding, "--loss", "huber") == 2
    assert "leave out --loss" in capsys.readouterr().err
