"""The examples of docs/serve.md work as they are printed, in both languages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import torch

import linnet
from linnet.core.bank import Bank
from linnet.model.card import Card
from linnet.model.history import History
from tests.support.gate import gate
from tests.support.patience import PATIENCE
from tests.support.service import service

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None or os.name == "nt", reason="needs curl and a shell")
@pytest.mark.usefixtures("fashion_folder")
@pytest.mark.parametrize("name", gate(["serve.md", "serve.zh-CN.md"], 0))
def test_the_examples(name: str, tmp_path: Path) -> None:
    (code,) = blocks(DOCS / name, "python")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)
    names = tuple(f"class {k}" for k in range(10))
    run = linnet.Run(
        Bank(torch.zeros(10, 785)),
        History(),
        "completed",
        Card("random", names, (28, 28), 1 / 255, "softmax"),
    )
    with service(run.save(tmp_path / "run"), "--workers", "1") as (_, port):
        lines = [line for block in blocks(DOCS / name, "sh") for line in block.splitlines() if "curl" in line]
        assert len(lines) == 3
        for line, rows in zip(lines, (2, 2, 1), strict=True):
            line = line.replace("localhost:8000", f"127.0.0.1:{port}")
            done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=PATIENCE)
            assert len(orjson.loads(done.stdout)["probabilities"]) == rows, done.stdout
