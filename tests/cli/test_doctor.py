from __future__ import annotations

import json
from pathlib import Path

import pytest

from linnet.cli import doctor as module
from linnet.cli import main
from linnet.cli.doctor import Check


def call(*arguments: str) -> int:
    try:
        main(["doctor", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize(("lang", "said"), [("en", "write access"), ("zh", "写入权限")])
def test_it_speaks_both(lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--lang", lang) == 0
    assert said in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--json", "--lang", "en") == 0
    shown = capsys.readouterr().out
    assert shown.startswith('[\n  {\n    "name"')
    names = [check["name"] for check in json.loads(shown)]
    assert names[:2] == ["Python", "PyTorch"]


def test_what_is_wrong_comes_with_advice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = module.check_data("en", tmp_path)
    assert missing.status == "warn"
    assert "linnet data fetch" in missing.advice
    nowhere = module.check_write("en", tmp_path / "none")
    assert (nowhere.status, nowhere.advice != "") == ("fail", True)
    assert "✗ write access" in "\n".join(module.lines([nowhere], "en"))


def test_a_failure_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "check_write", lambda language: Check("write", "fail", "no"))
    assert call() == 1
