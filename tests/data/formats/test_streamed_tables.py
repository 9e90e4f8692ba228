"""Tables whose rows stay in their files: read as in memory, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

import linnet
from linnet.errors import FormatError, UsageError
from tests.support.commands import call
from tests.support.streamed import make_table, write

SUFFIXES = ("parquet", "arrow", "feather")


def numbers(rows: int = 240) -> pa.Table:
    """Columns of several types, and a price."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, rows))
    return pa.table({
        "id": [f"no {k}" for k in range(rows)], "a": a.astype("float32"), "b": b,
        "rooms": rng.integers(1, 2000, rows).astype("int16"), "price": 2 * a - b + rng.normal(size=rows),
    })  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_classes_and_rows_are_those_of_memory(suffix: str) -> None:
    name = str(write(make_table(400), Path(f"t.{suffix}")))
    here, memory = linnet.load(name, stream=True), linnet.load(name)
    for own, other in zip(here, memory, strict=True):
        assert own is not None
        assert other is not None
        assert own.is_streamed
        assert torch.equal(own.X[:].double(), other.X)
        assert torch.equal(own.y, other.y)
        assert (own.classes, own.columns, own.target) == (other.classes, other.columns, other.target)
    assert here.train.schema is not None
    assert memory.train.schema is not None
    assert here.train.origin is not None
    assert here.train.origin.table["stream"] is True


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_numbers_of_several_types_predict_a_number(suffix: str) -> None:
    name = str(write(numbers(), Path(f"t.{suffix}")))
    options = {"target": "price", "ignore": ["id"]}
    here, memory = linnet.load(name, stream=True, **options), linnet.load(name, **options)
    assert torch.equal(here.train.X[:], memory.train.X)
    assert torch.equal(here.train.y, memory.train.y)
    whole = linnet.load(name, stream=True, split="none", **options)
    assert (len(whole.train), whole.test) == (240, None)
    tenth = linnet.load(name, stream=True, test_size=0.1, **options)
    assert tenth.test is not None
    assert len(tenth.test) == 24


def test_several_files_are_one_table() -> None:
    Path("parts").mkdir()
    for number in range(3):
        write(make_table(150, seed=number), Path(f"parts/{number}.parquet"))
    for name in ("./parts", "parts/*.parquet"):
        here, memory = linnet.load(name, stream=True), linnet.load(name)
        assert torch.equal(here.train.X[:].double(), memory.train.X)
        assert torch.equal(here.train.y, memory.train.y)


def test_half_floats_are_kept() -> None:
    rows = linnet.load(str(write(make_table(200, kind="float16"), Path("h.arrow"))), stream=True).train
    assert rows.X.dtype == torch.float16
    run = linnet.fit(rows, epochs=2)
    assert run.history.last["train_accuracy"] > 0.5


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        (numbers().set_column(1, "a", pa.array([1.0, float("inf"), *range(238)], pa.float32())),
         {"target": "price", "ignore": ["id"]}, r"row group 1, row 2 has a number that is not finite in a"),
        (numbers(), {"target": "cost", "ignore": ["id"]}, "cost"),
        (numbers().slice(0, 0), {"target": "price", "ignore": ["id"]}, "no rows"),
    ],
)  # fmt: skip
def test_what_a_stream_cannot_take_is_refused(table: pa.Table, options: dict[str, object], said: str) -> None:
    name = str(write(table, Path("t.parquet")))
    with pytest.raises(FormatError, match=said):
        linnet.load(name, stream=True, **options)  # type: ignore[arg-type]


def test_files_that_differ_are_refused() -> None:
    Path("parts").mkdir()
    write(make_table(50), Path("parts/0.parquet"))
    write(make_table(50, kind="float64"), Path("parts/1.parquet"))
    with pytest.raises(
        FormatError, match=r"the column embedding is .*double.* in parts/1\.parquet and .*float"
    ):
        linnet.load("./parts", stream=True)
    write(make_table(50).drop_columns(["label"]), Path("parts/1.parquet"))
    with pytest.raises(FormatError, match=r"parts/1\.parquet has no column label"):
        linnet.load("./parts", stream=True)


def test_what_is_said_of_tables_in_memory_alone_is_refused() -> None:
    name = str(write(numbers(), Path("t.parquet")))
    for options in ({"groups": "id"}, {"time": "a"}, {"sample_weight": "a"}, {"formula": "price ~ a"}):
        with pytest.raises(UsageError, match=f"{next(iter(options))} is of a table in memory"):
            linnet.load(name, stream=True, target="price", **options)  # type: ignore[arg-type]
    Path("t.xlsx").write_bytes(b"")
    with pytest.raises(FormatError, match=r"t\.xlsx cannot be streamed"):
        linnet.load("t.xlsx", stream=True)
    np.savez("t.npz", X=np.zeros((4, 2)), y=np.array([0, 1, 0, 1]))
    with pytest.raises(FormatError, match=r"t\.npz cannot be streamed"):
        linnet.load("t.npz", stream=True)


def test_rows_that_lie_by_their_classes_in_few_row_groups_are_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linnet.data.streams.rows.WINDOW_BYTES", 200 * 24)
    table = make_table(4000, classes=10).sort_by("label")
    with pytest.warns(UserWarning, match=r"lie by their classes: of 10 about [12] are among the \d+ that"):
        linnet.load(str(write(table, Path("sorted.parquet"), group=2000)), stream=True)
    linnet.load(str(write(table, Path("sorted.arrow"))), stream=True)  # which warns of nothing


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_regression_has_its_report(suffix: str) -> None:
    name = str(write(numbers(), Path(f"t.{suffix}")))
    how = ("--target", "price", "--ignore", "id", "--epochs", 2, "--l1", 0.01)
    assert call("train", "--data", name, "--stream", *how, "--out", "run", "--quiet") == 0
    Path("run/report.html").unlink()
    assert call("report", "run") == 0
    assert "rooms" in Path("run/report.html").read_text()


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_the_command_line_trains_evaluates_reports_and_predicts(
    suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(write(make_table(400), Path(f"t.{suffix}")))
    assert call("train", "--data", name, "--stream", "--epochs", 3, "--out", "run", "--quiet") == 0
    capsys.readouterr()
    assert call("evaluate", "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.6
    assert json.loads(Path("run/run.json").read_text())["origin"]["table"]["stream"] is True
    assert call("report", "run") == 0
    assert call("predict", "run", name, "--out", "answers.csv") == 0
    assert len(Path("answers.csv").read_text().splitlines()) == 401
    how = ("--lr", "0.1,0.5", "--epochs", 2, "--out", "s", "--quiet")
    assert call("sweep", "--data", name, "--stream", *how) == 0
    assert Path("s/best/model.safetensors").is_file()


def test_an_element_of_a_list_may_be_ignored() -> None:
    name = str(write(make_table(400), Path("t.parquet")))
    here, memory = (linnet.load(name, stream=way, ignore=["embedding[3]"]) for way in (True, None))
    assert torch.equal(here.train.X[:], memory.train.X)


def test_other_rows_of_a_streamed_model_may_be_of_any_format(capsys: pytest.CaptureFixture[str]) -> None:
    name = str(write(numbers(), Path("t.parquet")))
    how = ("--target", "price", "--ignore", "id", "--epochs", 2)
    assert call("train", "--data", name, "--stream", *how, "--out", "run", "--quiet") == 0
    numbers().to_pandas().to_csv("new.csv", index=False)
    assert call("evaluate", "run", "--data", "new.csv") == 0
    with pytest.raises(UsageError, match="stream is of files"):
        linnet.load(numbers().to_pandas(), stream=True, target="price")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_that_are_parts_by_their_names_are_those_of_memory(suffix: str) -> None:
    Path("parts").mkdir()
    for seed, part in enumerate(("train", "valid", "test")):
        write(make_table(150, seed=seed), Path(f"parts/{part}.{suffix}"))
    here, memory = linnet.load("./parts", stream=True), linnet.load("./parts")
    for own, other in ((here.train, memory.train), (here.test, memory.test)):
        assert own is not None
        assert other is not None
        assert torch.equal(own.X[:].double(), other.X)
        assert torch.equal(own.y, other.y)
    assert here.train.validation is not None
    assert len(here.train.validation) == 150
    assert here.train.schema is not None
    assert any("train.%s" % suffix in note for note in here.train.schema.notes)  # noqa: UP031
    named = linnet.load(f"parts/train.{suffix}", stream=True, test=f"parts/test.{suffix}")
    assert named.test is not None
    assert torch.equal(named.test.X[:], here.test.X[:])  # type: ignore[union-attr]
    how = ("--data", "./parts", "--stream", "--epochs", 2, "--quiet")
    assert call("train", *how, "--out", "run") == 0
    assert call("evaluate", "run") == 0
    assert call("sweep", *how, "--lr", "0.1,0.5", "--out", "s") == 0


def test_parts_that_do_not_fit_are_refused_and_a_part_without_targets_is_left() -> None:
    Path("parts").mkdir()
    write(make_table(150), Path("parts/train.parquet"))
    write(make_table(150).drop_columns(["label"]), Path("parts/test.parquet"))
    told = list[str]()
    splits = linnet.load("./parts", stream=True, say=told.append, target="label")
    memory = linnet.load("./parts", target="label")
    assert splits.test is not None
    assert memory.test is not None
    assert torch.equal(splits.test.X[:].double(), memory.test.X)
    assert any("test.parquet" in line and "label" in line for line in told)
    with pytest.raises(FormatError, match=r"test\.parquet has no label, which is predicted.*linnet predict"):
        linnet.load("parts/train.parquet", stream=True, test="parts/test.parquet", target="label")
    write(make_table(150, classes=5), Path("parts/test.parquet"))
    with pytest.raises(FormatError, match=r"test\.parquet: .*class 3"):
        linnet.load("./parts", stream=True)
    write(make_table(150, kind="float64"), Path("parts/test.parquet"))
    here, memory = linnet.load("./parts", stream=True), linnet.load("./parts")
    for own, other in zip(here, memory, strict=True):
        assert own is not None
        assert other is not None
        assert torch.equal(own.X[:], other.X)  # of wider numbers all are wide
    write(make_table(150), Path("parts/test.parquet"))
    with pytest.raises(UsageError, match="leave out test_size"):
        linnet.load("./parts", stream=True, test_size=0.5)


def test_gaps_of_other_parts_are_filled_as_in_memory() -> None:
    Path("parts").mkdir()
    write(numbers(), Path("parts/train.parquet"))
    gaps = numbers().set_column(1, "a", pa.array([None, *range(239)], pa.float32()))
    write(gaps, Path("parts/test.parquet"))
    options = {"target": "price", "ignore": ["id"]}
    here, memory = linnet.load("./parts", stream=True, **options), linnet.load("./parts", **options)
    for own, other in zip(here, memory, strict=True):
        assert own is not None
        assert other is not None
        assert torch.equal(own.X[:], other.X)
