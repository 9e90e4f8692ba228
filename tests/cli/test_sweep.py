from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import call

QUICK = ("sweep", "--data", "digits", "--epochs", 2)


def test_figures_and_report_in_chinese() -> None:
    for language in ("en", "zh"):
        assert call(*QUICK, "--lr", "0.01,1", "--out", language, "--lang", language, "--quiet") == 0
    for name in ("sweep.svg", "epochs.svg", "generalisation.svg"):
        assert Path("en", name).read_bytes() != Path("zh", name).read_bytes()
    assert '<html lang="zh' in Path("zh", "report.html").read_text("utf-8")
    assert Path("en", "table.csv").read_bytes() == Path("zh", "table.csv").read_bytes()


def test_a_sweep_prints_its_table_and_keeps_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--lr", "0.01,1", "--l2", "0,1e-4", "--seeds", 2, "--folds", 3, "--out", "s") == 0
    said = capsys.readouterr()
    assert "24 of 24 models" in said.err
    lines = said.out.splitlines()
    assert lines[0].split()[:2] == ["lr", "l2"]
    assert len(lines) == 1 + 4 + 6
    assert lines[5].startswith("best by validation accuracy: lr 1, l2 ")
    assert "noise" in lines[5]
    assert lines[6] == "the best lr, 1, is the largest that was tried: widen lr upwards"
    assert lines[7].startswith("trained again on all training rows: test accuracy 0.")
    assert lines[8].startswith("its 6 models together, their probabilities averaged: 0.")
    assert lines[9].startswith("always the likeliest class: accuracy 0.1")
    assert lines[10].startswith("24 models in ")
    left = {"best", "checkpoint.safetensors", "epochs.svg", "generalisation.svg", "sweep.json", "sweep.svg"}
    assert {path.name for path in Path("s").iterdir()} == {*left, "curves.csv", "report.html", "table.csv"}
    assert call("evaluate", "s/best") == 0
    assert "accuracy" in capsys.readouterr().out


def test_a_long_table_says_how_many_are_left_out_and_where_all_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rates = ",".join(str(k / 16) for k in range(1, 17))
    assert call("sweep", "--data", "digits", "--epochs", 1, "--lr", rates, "--out", "s", "--no-report") == 0
    lines = capsys.readouterr().out.splitlines()
    heads = lines[0].split()  # of one fold, whose scores have no standard errors
    assert heads == ["lr", "train_loss", "validation_loss", "validation_accuracy", "models", "status"]
    assert lines[13] == "these are the best 12 of 16 settings, 4 are left out: all are in s/table.csv"
    assert len(Path("s", "table.csv").read_text().splitlines()) == 1 + 16


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
    assert (summary["margin"]["p"], summary["margin"]["within_noise"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lr", "a"), "--lr takes numbers"),
        (("--lr", "1..2"), "is a range"),
        (("--lr", "0..2", "--random", "3"), "log-uniform"),
        (("--optimizer", "lbfgs"), "optimizer must be one of"),
        (("--lr", "-1"), "lr must be"),
        (("--seeds", "0"), "seeds must be"),
        (("--halving", "x"), "linnet: --halving takes"),
        (("--halving", "1,x"), "linnet: --halving takes whole numbers with commas between them, not 'x'"),
        (("--halving", ""), "linnet: --halving takes"),
    ],
)
def test_errors(arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, *arguments) == 2
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()


def test_every_kind_of_knob_is_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    Path("w.txt").write_text("\n".join(["1"] * 1438), encoding="utf-8")
    arguments = (
        "--augment", "none,shift:1+noise", "--standardize", "no,yes", "--class-weight", "none,balanced",
        "--batch-size", "32,64", "--average", "0,0.5", "--sample-weight", "w.txt", "--bags", 2,
    )  # fmt: skip
    assert call(*QUICK, *arguments, "--out", "s", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["models"], len(summary["table"])) == (64, 32)
    assert {row["batch_size"] for row in summary["table"]} == {32, 64}
    for wrong, said in (
        (("--standardize", "maybe"), "takes yes, no"),
        (("--batch-size", "a"), "takes whole numbers"),
        (("--sample-weight", "none.txt"), "no file of weights"),
    ):
        assert call(*QUICK, *wrong, "--out", "t") in (1, 2)
        assert said in capsys.readouterr().err


def test_a_sweep_goes_on_where_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--lr", "0.01,1", "--resume", "s", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert call(*QUICK, "--lr", "0.01,1", "--resume", "s", "--json") == 0
    assert json.loads(capsys.readouterr().out)["table"] == first["table"]
    assert call(*QUICK, "--lr", "0.01,2", "--resume", "s") == 2
    assert "other settings" in capsys.readouterr().err
    assert call(*QUICK, "--lr", "0.01,1", "--out", "s") == 2
    assert "not empty" in capsys.readouterr().err
