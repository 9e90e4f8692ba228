from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from linnet.cli import doctor as module
from linnet.cli import main
from linnet.cli.doctor import Check
from linnet.cli.messages import MESSAGES, is_chinese, say


def call(*arguments: str) -> int:
    try:
        main(["doctor", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_every_message_is_in_both_languages_with_the_same_blanks() -> None:
    for english, chinese in MESSAGES.values():
        assert english
        assert chinese
        assert re.findall(r"\{\w+\}", english) == re.findall(r"\{\w+\}", chinese)
    assert say("threads_many", True, cores=3).endswith("--threads 3")


@pytest.mark.parametrize(("lang", "said"), [("en", "write access"), ("zh", "写入权限")])
def test_it_speaks_both(lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--lang", lang) == 0
    assert said in capsys.readouterr().out


def test_language_by_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert not is_chinese("auto")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert is_chinese("auto")
    assert not is_chinese("en")
    monkeypatch.setenv("LC_ALL", "C")
    assert not is_chinese("auto")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--json", "--lang", "en") == 0
    names = [check["name"] for check in json.loads(capsys.readouterr().out)]
    assert names[:2] == ["Python", "PyTorch"]


def test_what_is_wrong_comes_with_advice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = module.data(False, tmp_path)
    assert missing.status == "warn"
    assert "linnet data fetch" in missing.advice
    nowhere = module.write(False, tmp_path / "none")
    assert (nowhere.status, nowhere.advice != "") == ("fail", True)
    assert "✗ write access" in "\n".join(module.lines([nowhere], False))


def test_a_failure_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "write", lambda chinese: Check("write", "fail", "no"))
    assert call() == 1
