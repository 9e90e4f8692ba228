from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import linnet
from linnet import folders
from linnet.errors import ChecksumError, DataNotFoundError, FormatError, UsageError
from linnet.evaluate.confidence.scaling import calibrate
from linnet.model.run import Run
from tests.support.blobs import make_blobs
from tests.support.folders import change

QUICK: dict[str, Any] = {"epochs": 2, "show": False, "report": False}


@pytest.fixture
def first() -> Path:
    linnet.fit(linnet.load("digits"), **QUICK, out="first")
    return Path("first")


def test_a_run_gives_the_same_bytes(first: Path) -> None:
    found = linnet.replay(first, "again")
    assert found.is_same
    assert found.largest == 0
    assert str(found) == "first: the same to the byte (model, history without seconds)"
    for name in ("model.safetensors",):
        assert (first / name).read_bytes() == Path("again", name).read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1, "epochs": 6},
        {"optimizer": "adam", "l1": 1e-3, "dtype": "float64"},
        {"augment": "shift:1", "standardize": True, "seed": 9},
    ],
)
def test_runs_of_many_kinds(options: dict[str, Any]) -> None:
    linnet.fit(linnet.load("digits"), **{**QUICK, **options}, out="first")
    assert linnet.replay("first").is_same


def test_without_test_rows_and_by_the_data_sets_own_seed() -> None:
    linnet.fit(linnet.load("synthetic").train, **QUICK, out="first")
    assert linnet.replay("first").is_same


def test_another_start_is_told_of(first: Path) -> None:
    request = json.loads((first / "run.json").read_text("utf-8"))["request"]
    change(first / "run.json", request={**request, "seed": 2}, versions={"torch": "1.0", "cores": "64"})
    found = linnet.replay(first)
    assert not found.is_same
    assert 0 < found.largest < 1
    assert f"{found.largest:.3g}" in found.differences[0]
    assert "2 of 2 records of the history" in found.differences[1]
    assert "torch: 1.0 then" in found.causes[0]
    assert "not the same" in str(found)
    assert json.dumps(found.as_dict())


def test_a_single_bit_of_a_weight_is_told_of(first: Path) -> None:
    run = Run.load(first)
    run.bank.W[0, 0] = torch.nextafter(run.bank.W[0, 0], torch.tensor(1.0))
    run.save_model(first)
    found = linnet.replay(first)
    assert len(found.differences) == 1
    assert 0 < found.largest < 1e-6
    assert "nothing that run.json records" in str(found)


def test_other_data_are_told_of(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = linnet.load("digits")
    X = train.X.clone()
    X[0, 20] += 1
    changed = linnet.Splits(dataclasses.replace(train, X=X), test)
    monkeypatch.setattr("linnet.data.registry.load", lambda *arguments, **options: changed)
    found = linnet.replay(first)
    assert not found.is_same
    assert "data: the checksum of the training rows" in found.causes[0]


def test_a_calibration_learnt_later_is_no_difference(first: Path) -> None:
    made = calibrate(Run.load(first), linnet.load("digits").train, "vector")
    made.save_model(first)
    assert linnet.replay(first).is_same


def test_a_sweep_and_its_best() -> None:
    train, test = linnet.load("digits")
    grid = {"lr": linnet.LogUniform(0.01, 1), "l2": [0, 1e-4], "seed": range(1, 3)}
    result = linnet.sweep(train, grid, random=3, folds=2, halving=[1], out="s", **QUICK)
    assert torch.equal(Run.load("s/best").bank.theta, result.refit(test).bank.theta)
    found = linnet.replay("s", "again")
    assert found.is_same
    assert found.compared == ("table.csv", "curves.csv", "best model", "best history without seconds")
    assert linnet.replay("s/best").is_same
    assert Path("again", "best", "model.safetensors").is_file()
    state, table = folders.read("s", "sweep.json"), Path("s", "table.csv")
    changed = {name: state.read(name) for name in state.digests}
    changed["table.csv"] = changed["table.csv"].replace(b"completed", b"Completed")
    folders.write("s", state.values, changed, "sweep.json")
    assert linnet.replay("s").differences == ("table.csv differs",)
    table.write_bytes(table.read_bytes() + b"\n")
    with pytest.raises(ChecksumError, match=r"table\.csv"):
        linnet.replay("s")


def test_a_sweep_without_its_best_is_not_the_same() -> None:
    linnet.sweep(linnet.load("digits").train, {"lr": [0.1, 0.2]}, out="s", **QUICK)
    assert linnet.replay("s").is_same
    shutil.rmtree("s/best")
    found = linnet.replay("s")
    assert found.compared == ("table.csv", "curves.csv")
    (said,) = found.differences
    assert said.startswith(f"best: {Path('s', 'best')} holds no model to compare")
    assert "not the same" in str(found)


@pytest.mark.parametrize(
    "options", [{"l2": 1e-3}, {"l1": 0.01, "tol": 1e-4}, {"l2": 1e-2, "loss": "logistic", "solver": "lbfgs"}]
)
def test_a_solve(options: dict[str, Any]) -> None:
    linnet.solve(linnet.load("digits").train, **options).value.save("s")
    assert linnet.replay("s").is_same


def test_what_cannot_be_done_again() -> None:
    from linnet.solvers.smooth.lbfgs import LBFGS

    linnet.fit(make_blobs(60), **QUICK, out="memory")
    with pytest.raises(UsageError, match="'blobs' were in memory"):
        linnet.replay("memory")
    linnet.solve(linnet.load("digits").train, l2=1e-2, solver=LBFGS(memory=5)).value.save("object")
    with pytest.raises(UsageError, match="given as an object"):
        linnet.replay("object")
    linnet.fit(linnet.load("digits"), **QUICK, callbacks=[lambda state: state.stop("enough")], out="stopped")
    with pytest.raises(UsageError, match="stopped: enough"):
        linnet.replay("stopped")
    change(Path("stopped", "run.json"), status="interrupted")
    with pytest.raises(UsageError, match="--resume stopped"):
        linnet.replay("stopped")
    with pytest.raises(DataNotFoundError):
        linnet.replay("nothing")
    Path("study").mkdir()
    Path("study", "tune.json").write_text("{}", "utf-8")
    with pytest.raises(UsageError, match="is a study"):
        linnet.replay("study")
    Path("old").mkdir()
    Path("old", "sweep.json").write_text('{"status": "completed"}', "utf-8")
    with pytest.raises(FormatError, match="no summary"):
        linnet.replay("old")


def test_nothing_is_overwritten(first: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        linnet.replay(first, first)
