from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import call

QUICK = ("sweep", "--dataset", "digits", "--epochs", 2)


def test_a_sweep_prints_its_table_and_keeps_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--lr", "0.01,1", "--l2", "0,1e-4", "--seeds", 2, "--folds", 3, "--out", "s") == 0
    said = capsys.readouterr()
    assert "24 of 24 models" in said.err
    lines = said.out.splitlines()
    assert lines[0].split()[:2] == ["lr", "l2"]
    assert len(lines) == 1 + 4 + 4
    assert lines[5].startswith("best by validation accuracy: lr 1, l2 ")
    assert "noise" in lines[5]
    assert lines[6].startswith("trained again on all training rows: test accuracy 0.")
    assert lines[7].startswith("its 6 models together, their probabilities averaged: 0.")
    assert lines[8].startswith("24 models in ")
    left = {"best", "checkpoint.safetensors", "sweep.json", "sweep.svg", "table.csv"}
    assert {path.name for path in Path("s").iterdir()} == left
    assert call("evaluate", "s/best") == 0
    assert "accuracy" in capsys.readouterr().out


def test_json_random_ranges_and_halving(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (
        "--lr",
        "0.01..1",
        "--optimizer",
        "sgd,adam",
        "--clip",
        "none,0.5",
        "--random",
        6,
        "--halving",
        "1",
    )
    assert call(*QUICK, *arguments, "--out", "s", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["models"], len(summary["table"])) == (6, 6)
    assert sum(row["status"] == "dropped after epoch 1" for row in summary["table"]) == 3
    assert 0.01 <= summary["best"]["lr"] <= 1
    assert summary["lead"]["within_noise"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lr", "a"), "--lr takes numbers"),
        (("--lr", "1..2"), "is a range"),
        (("--lr", "0..2", "--random", "3"), "log-uniform"),
        (("--optimizer", "lbfgs"), "optimizer must be one of"),
        (("--lr", "-1"), "lr must be"),
        (("--seeds", "0"), "seeds must be"),
        (("--halving", "x"), "--halving takes"),
    ],
)
def test_errors(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, *arguments) == 2
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()
