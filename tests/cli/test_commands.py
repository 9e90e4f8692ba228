from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linnet.model.run import Run
from tests.support.commands import call
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the built-in digits."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    assert call("train", "--dataset", "digits", "--epochs", 3, "--lr", 0.5, "--out", folder, "--quiet") == 0
    return folder


def test_train_leaves_the_whole_folder(digits_run: Path) -> None:
    names = {path.name for path in digits_run.iterdir()}
    pictures = {"curves.svg", "weights.png", "report.html"}
    assert names == pictures | {"run.json", "history.jsonl", "model.safetensors", "checkpoint.safetensors"}
    history = [json.loads(line) for line in (digits_run / "history.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in history] == [1, 2, 3]
    assert {"epoch", "train_loss", "train_accuracy", "test_accuracy", "seconds"} <= set(history[0])
    summary = json.loads((digits_run / "run.json").read_text())
    assert summary["asked"]["lr"] == 0.5
    assert summary["status"] == "completed"
    assert summary["final"]["test_accuracy"] > 0.8


def test_the_same_seed_gives_the_same_bytes(digits_run: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert call("train", "--dataset", "digits", "--epochs", 3, "--lr", 0.5, "--out", again, "-q") == 0
    for name in ("model.safetensors", "curves.svg", "weights.png"):
        assert (again / name).read_bytes() == (digits_run / name).read_bytes()


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
    asked = json.loads(capsys.readouterr().out)["asked"]
    assert (asked["dataset"], asked["epochs"], asked["lr"]) == ("digits", 1, 0.25)
    assert call("train", "--config", "a/run.json", "--json", "--out", "b") == 0
    assert json.loads(capsys.readouterr().out)["asked"] == asked
    assert call("train", "--print-config", "--lr", 0.75) == 0
    assert "lr = 0.75" in capsys.readouterr().out
    Path("bad.toml").write_text("lrate = 1")
    assert call("train", "--config", "bad.toml") == 2
    assert "unknown key lrate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "--dataset", "cifar"], 2, "unknown data set 'cifar'"),
        (["train", "--lr", "-1", "--dataset", "digits"], 2, "lr"),
        (["train", "--dataset", "digits", "--device", "cuda:7"], 2, "not available"),
        (["train", "--dataset", "digits", "--threads", "0"], 2, "threads"),
        (["train", "--dataset", "synthetic", "--lr", "1e9"], 1, "lower the learning rate"),
        (["train", "--dataset", "fashion_mnist", "--config", "none.toml"], 1, "no config file"),
        (["evaluate", "nowhere"], 1, "no run in nowhere"),
        (["evaluate"], 1, "no run under runs/"),
        (["predict", "nowhere", "x.png"], 1, "no run in nowhere"),
        (["train", "--epoch", "3"], 2, "--epochs"),
    ],
)
def test_errors(arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == code
    out = capsys.readouterr()
    assert said in out.err + out.out
    assert "Traceback" not in out.err


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


def test_help_says_what_each_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert call(*arguments) == 0
        said = capsys.readouterr().out
        assert "Train a linear model and leave it in a run folder." in said
        assert "Do a run, a sweep or a solve again" in said


def test_evaluate(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", digits_run, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    final = Run.load(digits_run).history.last
    assert result["accuracy"] == pytest.approx(final["test_accuracy"], abs=1e-9)
    assert result["loss"] == pytest.approx(final["test_loss"], rel=1e-5)
    assert sum(map(sum, result["confusion"])) == result["rows"] == 359
    assert call("evaluate", digits_run, "--part", "train") == 0
    assert "1,438 training rows" in capsys.readouterr().out


def test_evaluate_a_regression(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--dataset", "synthetic", "--out", "x", "-q") == 0
    assert call("evaluate", "x", "--json") == 0
    assert json.loads(capsys.readouterr().out)["r2"][0] > 0.999


def test_a_damaged_model_is_refused(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path("copy")
    copy.mkdir()
    for path in digits_run.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    assert call("evaluate", copy) == 1
    assert "damaged" in capsys.readouterr().err


def test_predict(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from linnet.data.sources import digits

    test = digits.load().test
    assert test is not None
    run = Run.load(digits_run)
    for row in range(5):
        pixels = (test.images(slice(row, row + 1))[0].numpy() * (255 / 16)).round().astype(np.uint8)
        Image.fromarray(pixels).save(f"{row}.png")
    np.save("5.npy", np.asarray(Image.open("4.png")))
    names = [*(f"{row}.png" for row in range(5)), "5.npy"]
    assert call("predict", digits_run, *names, "--top", 2, "--json", "--no-invert") == 0
    guesses = json.loads(capsys.readouterr().out)
    expected = run.scores(test.X[:5]).argmax(1).tolist()
    assert [int(guess["top"][0]["class"]) for guess in guesses[:5]] == expected
    assert guesses[4]["top"] == guesses[5]["top"]
    assert all(len(guess["top"]) == 2 for guess in guesses)
    assert call("predict", digits_run, "0.png") == 0
    assert "%" in capsys.readouterr().out
    assert call("predict", digits_run, "none.png") == 1


def test_predict_says_that_nothing_was_seen_on_a_blank_picture(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGBA", (40, 20)).save("blank.png")
    assert call("predict", digits_run, "blank.png") == 0
    said = capsys.readouterr().out
    assert "nothing was seen" in said
    assert "transparency laid on white; 40 × 20 pixels padded and resized to 8 × 8; inverted" in said
    assert "%" not in said
    assert call("predict", digits_run, "blank.png", "--json") == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["top"] == []
    assert "nothing was seen" in answer["nothing"]
    assert len(answer["prepared"]) == 3


def test_data_show_and_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("data", "show", "digits", "--out", "grid.png") == 0
    with Image.open("grid.png") as picture:
        assert picture.width > 500
    assert call("data", "list") == 0
    assert "fashion_mnist" in capsys.readouterr().out
    assert call("data", "show", "synthetic") == 2


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


def test_module_and_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linnet", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout.strip() == "0.1.0.dev0"
