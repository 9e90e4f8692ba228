from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import call
from tests.support.folders import change
from tests.support.reading import Seen


@pytest.fixture
def first() -> Path:
    assert call("train", "--data", "digits", "--epochs", 2, "--out", "first", "-q", "--no-report") == 0
    assert not Path("first", "report.html").exists()
    return Path("first")


def test_a_page_is_written(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("report", first) == 0
    assert capsys.readouterr().out.strip() == str(first / "report.html")
    assert call("report", first, "--lang", "zh", "--out", "z.html", "--label-errors") == 0
    seen = Seen(Path("z.html"))
    assert "概览" in seen.text
    assert "个样本，最可疑的在前" in seen.sections["label-errors"]


def test_runs_are_compared(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--data", "digits", "--epochs", 3, "--out", "second", "-q") == 0
    assert call("report", first, "second") == 0
    assert capsys.readouterr().out.strip() == "report.html"
    assert "2 runs compared" in Seen(Path("report.html")).text
    assert call("report", first, "second", "--label-errors") == 2
    assert "single run" in capsys.readouterr().err


def test_replay_ends_as_the_bytes_do(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", first) == 0
    said = capsys.readouterr()
    assert said.out == "first: the same to the byte (model, history without seconds)\n"
    assert said.err == "digits: 1,438 rows\n"
    summary = json.loads((first / "run.json").read_text("utf-8"))
    change(first / "run.json", request={**summary["request"], "lr": 0.2})
    assert call("replay", first, "--json", "--out", "again") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["same"] is False
    assert found["largest"] > 0
    assert Path("again", "model.safetensors").is_file()
    assert call("replay", "nothing") == 1
    (first / "history.jsonl").unlink()
    assert call("replay", first) == 1


def test_replay_of_rows_in_memory_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    import linnet
    from tests.support.blobs import make_blobs

    linnet.fit(make_blobs(60), epochs=1, show=False, out="memory")
    assert call("replay", "memory") == 2
    assert "were in memory" in capsys.readouterr().err
