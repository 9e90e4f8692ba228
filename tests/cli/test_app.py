from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from linnet.cli.app import respell
from tests.support.commands import call


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("train --dataset digits", "train --data digits"),
        ("train --dataset=digits --lr 1", "train --data=digits --lr 1"),
        ("sweep --standardize", "sweep --standardize=yes"),
        ("sweep --standardize --lr 1", "sweep --standardize=yes --lr 1"),
        ("sweep --standardize yes,no --lr 1", "sweep --standardize=yes,no --lr 1"),
        ("train --no-standardize", "train --standardize=no"),
        ("train --standardize=no --datasets x", "train --standardize=no --datasets x"),
        ("", ""),
    ],
)
def test_other_spellings_of_an_option(given: str, spelt: str) -> None:
    assert " ".join(respell(given.split())) == spelt


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--epoch", "3"], "unknown option: --epoch. Did you mean --epochs?"),
        (["train", "--epochs", "x"], 'invalid value for --epochs: unable to convert "x" into int.'),
        (["tran"], 'unknown command "tran". Did you mean "train"? '),
        (["evaluate", "a", "b", "c"], "nothing takes 'b', 'c': --help shows what there is"),
        (["data", "show", "--nope"], "unknown option: --nope"),
        (["train", "--lr", "-1"], "lr must be"),
    ],
)
def test_errors_of_the_parser_are_one_line_as_all_others_are(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"linnet: {said}")


def test_help_says_what_each_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert call(*arguments) == 0
        said = capsys.readouterr().out
        assert "Train a linear model and leave it in a run folder." in said
        assert "Do a run, a sweep or a solve again" in said


def test_module_and_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linnet", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout.strip() == "0.1.0.dev0"


def test_garbage_is_looked_for_as_before_when_a_command_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    before = gc.get_threshold()
    assert call("train", "--lr", -1) == 2
    assert gc.get_threshold() == before


def test_what_is_left_at_exit_is_frozen_last_so_that_no_garbage_is_looked_for() -> None:
    code = (
        "import atexit, gc; from linnet.cli import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 10_000))\n"
        "try: main(['train', '--lr', '-1'])\n"
        "finally:\n"
        "    atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "    raise SystemExit"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True"]
