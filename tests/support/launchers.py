"""Commands that several processes run together, beside the same by one process."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import linnet
from tests.support.processes import ROOT

TRAIN = ("train", "--data", "digits", "--epochs", "10", "--no-report", "--out")
"""A training of a second, whose folder comes last."""

TORCHRUN = ("-m", "torch.distributed.run")

LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_", "MASTER_", "TORCHELASTIC_", "SLURM_", "OMPI_", "PMI")
"""What the variables of launchers begin with."""


def environment(**others: str) -> dict[str, str]:
    """The environment of a command that finds linnet here, and nothing of a launcher's but what is given."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(LAUNCHERS)}
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), own.get("PYTHONPATH", "")])
    return own | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"} | others


def call(command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """What a command prints, which is to succeed."""
    ended = subprocess.run(
        command, cwd=folder, env=variables or environment(), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def block(word: str, page: str = "docs/scale.md") -> str:
    """The block of code of a page that has a word."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (found,) = (text for text in blocks if word in text)
    return found


def train_alone(folder: Path) -> Path:
    """The folder that this process leaves of what `TRAIN` says."""
    linnet.fit(linnet.load("digits"), epochs=10, show=False, report=False, out=folder / "alone")
    return folder / "alone"


def assert_same_weights(found: Path, expected: Path, tolerance: float = 1e-6) -> None:
    """Hold the weights of a run's folder against those of another's, of the largest one each."""
    own, other = (load_file(folder / "model.safetensors") for folder in (found, expected))
    assert own.keys() == other.keys()
    for name, values in other.items():
        assert np.abs(own[name] - values).max() <= tolerance * np.abs(values).max(), name
