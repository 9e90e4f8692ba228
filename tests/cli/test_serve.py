from __future__ import annotations

import sys

import pytest

from tests.support.commands import call
from tests.support.runs import make_run


def test_serve_names_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in sys.modules if name.startswith("linnet.serve")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "orjson", None)
    assert call("serve", "runs/a") == 1
    assert "pip install 'linnet[web]'" in capsys.readouterr().err


def test_serve_says_what_cannot_be_served(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("serve", "nowhere") == 1
    assert "no run in nowhere" in capsys.readouterr().err
    make_run("softmax").save("runs/a")
    assert call("serve", "runs/a", "--max-rows", 0) == 2
    monkeypatch.setenv("LINNET_API_KEY", "")
    assert call("serve", "runs/a") == 2
    assert "API key" in capsys.readouterr().err
