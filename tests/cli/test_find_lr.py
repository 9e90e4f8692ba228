from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import call

QUICK = ("find-lr", "--data", "digits", "--count", 6, "--steps", 10)


def test_it_prints_a_suggestion_and_leaves_the_curve(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--out", "r") == 0
    assert "suggestion: --lr " in capsys.readouterr().out
    assert Path("r/rates.svg").is_file()
    assert call(*QUICK, "--out", "j", "--optimizer", "adam", "--json") == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["rates"] == 6
    assert said["suggestion"] > 0
    assert call(*QUICK, "--out", "q", "--quiet") == 0
    assert float(capsys.readouterr().out) > 0


def test_the_figure_speaks_chinese() -> None:
    for language in ("en", "zh"):
        assert call(*QUICK, "--out", language, "--lang", language, "--quiet") == 0
    assert Path("en/rates.csv").read_bytes() == Path("zh/rates.csv").read_bytes()
    assert Path("en/rates.svg").read_bytes() != Path("zh/rates.svg").read_bytes()


def test_the_rate_itself_cannot_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--lr", 0.1) == 2
    assert "--low and --high" in capsys.readouterr().err
