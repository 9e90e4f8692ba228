from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from linnet.cli.search import parse_values
from linnet.config import Hyperparameters
from linnet.config.ranges import LogUniform, Uniform
from linnet.errors import UsageError
from tests.support.commands import call

QUICK = ("tune", "--data", "digits", "--epochs", 1, "--trials", 4, "--batch", 2)


def test_a_search_prints_its_table_and_keeps_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--lr", "0.1..5", "--optimizer", "sgd,momentum", "--out", "t") == 0
    said = capsys.readouterr()
    assert said.err.count("best validation accuracy") == 2
    assert "4 models in" in said.out
    left = {"best", "report.html", "table.csv", "tune.json", "tune.svg"}
    assert {path.name for path in Path("t").iterdir()} == left
    assert call("evaluate", "t/best") == 0


def test_the_figure_speaks_chinese() -> None:
    for language in ("en", "zh"):
        asked = (*QUICK, "--lr", "0.1,0.5", "--quiet", "--no-report")
        assert call(*asked, "--out", language, "--lang", language) == 0
    assert Path("en/tune.svg").read_bytes() != Path("zh/tune.svg").read_bytes()


def test_a_stored_study_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    for trials in (4, 8):
        assert call(*QUICK, "--lr", "0.1:5", "--storage", "s.log", "--json", "--out", f"t{trials}") == 0
        assert json.loads(capsys.readouterr().out)["trials"] == trials


def test_every_knob_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    call("tune", "--help")
    said = capsys.readouterr().out
    for field in dataclasses.fields(Hyperparameters):
        assert f"--{field.name.replace('_', '-')} " in said


def test_what_is_typed() -> None:
    assert parse_values("lr", "0.1..1") == LogUniform(0.1, 1)
    assert parse_values("momentum", "0.5:0.9") == Uniform(0.5, 0.9)
    assert parse_values("seed", "1:3") == range(1, 4)
    assert parse_values("clip", "none, 0.5") == [None, 0.5]
    assert parse_values("optimizer", "sgd,adam") == ["sgd", "adam"]
    with pytest.raises(UsageError, match="--weight-decay takes numbers"):
        parse_values("weight_decay", "a")
    with pytest.raises(UsageError, match="--seed takes whole numbers"):
        parse_values("seed", "1.5")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what to search"),
        (("--lr", "0..2"), "log-uniform"),
        (("--lr", "1..2", "--seeds", "0"), "seeds must be"),
        (("--lr", "1..2", "--halving", "x"), "--halving takes"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*QUICK, *arguments) == 2
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()
