"""The examples of docs/serve.md work as they are printed, in both languages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
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


@pytest.mark.skipif(shutil.which("curl") is None or os.name == "nt", reason="needs curl and a shell")
@pytest.mark.parametrize("name", gate(["serve.md", "serve.zh-CN.md"], 0))
def test_the_examples_of_a_table(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    island, sex = np.array(["Biscoe", "Dream", "Torgersen"]), np.array(["female", None, "male"], object)
    birds = pd.DataFrame({
        "bill_length_mm": 33.0 + np.arange(90) % 25, "island": np.tile(island, 30), "sex": np.repeat(sex, 30),
        "species": np.array(["Adelie", "Chinstrap", "Gentoo"])[np.arange(90) // 10 % 3],
    })  # fmt: skip
    linnet.solve(linnet.load(birds, target="species"), l2=0.1, out=tmp_path / "run", report=False)
    monkeypatch.chdir(tmp_path)
    birds[:2].to_csv("rows.csv", index=False)
    lines = [line for block in blocks(DOCS / name, "bash") for line in block.splitlines()]
    with service(tmp_path / "run", "--workers", "1") as (_, port):
        for line, rows in zip(lines, (1, 2), strict=True):
            line = line.replace("localhost:8000", f"127.0.0.1:{port}")
            done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=PATIENCE)
            assert len(orjson.loads(done.stdout)["probabilities"]) == rows, done.stdout
            if rows == 1:
                assert orjson.loads(done.stdout)["missing"] == [["sex"]]
