from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from linnet.model.run import Run
from tests.support.colors import write
from tests.support.commands import call
from tests.support.patience import PATIENCE


def test_train_leaves_the_whole_folder(digits_run: Path) -> None:
    names = {path.name for path in digits_run.iterdir()}
    pictures = {"curves.svg", "weights.png", "report.html"}
    assert names == pictures | {"run.json", "history.jsonl", "model.safetensors", "checkpoint.safetensors"}
    history = [json.loads(line) for line in (digits_run / "history.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in history] == [1, 2, 3]
    assert {"epoch", "train_loss", "train_accuracy", "test_accuracy", "seconds"} <= set(history[0])
    summary = json.loads((digits_run / "run.json").read_text())
    assert summary["request"]["lr"] == 0.5
    assert summary["status"] == "completed"
    assert summary["final"]["test_accuracy"] > 0.8


def test_the_same_seed_gives_the_same_bytes(digits_run: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert call("train", "--dataset", "digits", "--epochs", 3, "--lr", 0.5, "--out", again, "-q") == 0
    for name in ("model.safetensors", "curves.svg", "weights.png"):
        assert (again / name).read_bytes() == (digits_run / name).read_bytes()


def test_pictures_in_colour_are_trained_on_and_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "squares")
    words = ("train", "--data", "./squares", "--color", "--lr", 0.3, "--epochs", 20, "--out", "run")
    assert call(*words) == 0
    assert "the pictures were read in colour, 6 × 6 × 3 numbers each" in capsys.readouterr().out
    run = Run.load("run")
    assert run.card.image_shape == (6, 6, 3)
    assert run.origin is not None
    assert run.origin.table == {"color": True}
    page = Path("run/report.html").read_text("utf-8")
    assert "linnet train --data ./squares --color" in page
    assert "color=True" in page
    assert call("replay", "run") == 0
    assert "the same to the byte" in capsys.readouterr().out


def test_plain_lines_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--dataset", "digits", "--epochs", 2, "--out", "x") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "digits: 1,438 rows to train on, 359 to test on"
    assert lines[1].split() == [
        "epoch",
        "train",
        "loss",
        "train",
        "acc",
        "test",
        "loss",
        "test",
        "acc",
        "seconds",
    ]
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"]
    assert lines[4].startswith("test accuracy 0.")


def test_synthetic_ends_in_the_errors_of_w_and_b(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--dataset", "synthetic", "--json", "--out", "x") == 0
    summary = json.loads(capsys.readouterr().out)
    assert len(summary["history"]) == 3
    assert all(abs(error) < 5e-3 for error in [*summary["errors"]["w"], summary["errors"]["b"]])
    assert not Path("x/weights.png").exists()


def test_config_files_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text('dataset = "digits"\nepochs = 2\nlr = 0.25\n')
    assert call("train", "--config", "mine.toml", "--epochs", 1, "--json", "--out", "a") == 0
    said = json.loads(capsys.readouterr().out)
    request = said["request"]
    assert (said["origin"]["source"], request["epochs"], request["lr"]) == ("digits", 1, 0.25)
    assert call("train", "--config", "a/run.json", "--json", "--out", "b") == 0
    assert json.loads(capsys.readouterr().out)["request"] == request
    assert call("train", "--print-config", "--lr", 0.75) == 0
    assert "lr = 0.75" in capsys.readouterr().out
    Path("bad.toml").write_text("lrate = 1")
    assert call("train", "--config", "bad.toml") == 2
    assert "unknown key lrate" in capsys.readouterr().err


def test_nothing_is_overwritten(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (digits_run / "model.safetensors").read_bytes()
    assert call("train", "--dataset", "digits", "--out", digits_run) == 2
    assert "not empty" in capsys.readouterr().err
    assert (digits_run / "model.safetensors").read_bytes() == before


def test_resume_goes_on_to_the_same_bytes(digits_run: Path) -> None:
    common = ("train", "--dataset", "digits", "--lr", 0.5, "--quiet")
    assert call(*common, "--epochs", 1, "--out", "part") == 0
    assert call(*common, "--epochs", 3, "--resume", "part") == 0
    assert Path("part/model.safetensors").read_bytes() == (digits_run / "model.safetensors").read_bytes()


def test_resume_takes_the_runs_own_options(digits_run: Path) -> None:
    assert call("train", "--dataset", "digits", "--lr", 0.5, "--epochs", 1, "--out", "part", "--quiet") == 0
    assert call("train", "--resume", "part", "--epochs=3", "--quiet") == 0
    assert Path("part/model.safetensors").read_bytes() == (digits_run / "model.safetensors").read_bytes()


def test_ctrl_c_exits_130_and_keeps_the_run() -> None:
    command = [sys.executable, "-u", "-m", "linnet", "train", "--dataset", "digits", "--epochs", "1000000"]
    child = subprocess.Popen([*command, "--out", "kept"], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.split()[0] == "3":
            break
    child.send_signal(signal.SIGINT)
    rest = child.communicate(timeout=PATIENCE)[0]
    assert child.returncode == 130
    assert "interrupted in epoch" in rest
    run = Run.load("kept")
    assert run.status == "interrupted"
    assert len(run.history) >= 3
