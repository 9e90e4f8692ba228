"""Packages for benchmarks: installed whole or not at all, and asked for once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Module = Callable[[str], Any]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The calls of pip, which makes the folder that it is told and fails where that is for peers.txt."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        Path(command[command.index("--target") + 1]).mkdir(parents=True)
        return subprocess.CompletedProcess(command, int(command[-1].endswith("peers.txt")))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("LINNET_BENCH_DATA", str(tmp_path))
    return calls


def test_packages_are_installed_once_and_searched_last(module: Module, pip: list[list[str]]) -> None:
    environment = module("environment")
    assert environment.add_packages("embedder.txt")
    assert environment.add_packages("embedder.txt")
    assert len(pip) == 1
    assert Path(sys.path[-1]).name.startswith("embedder-")


def test_a_list_that_fails_is_left_out_in_words(
    module: Module, pip: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = [*sys.path]
    assert not module("environment").add_packages("peers.txt")
    assert len(pip) == 1
    assert sys.path == before
    assert "peers.txt could not be installed" in capsys.readouterr().err
