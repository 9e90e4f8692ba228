"""Processes under torchrun: one job, one voice, and after a kill the same weights to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linnet.cli import main, sweep
from linnet.config import Job
from linnet.dist.processes import Processes
from linnet.model.predictor import Predictor
from linnet.runs import job
from tests.support.processes import ROOT

TRAIN = (
    "train", "--data", "digits", "--epochs", "3", "--batch-size", "32", "--optimizer", "momentum",
    "--checkpoint-minutes", "0.00001", "--no-report",
)  # fmt: skip

KILLED = """
import os, signal, sys, time

if os.environ["TORCHELASTIC_RESTART_COUNT"] == "1" and os.environ["RANK"] == "0":
    time.sleep(4)  # the other looks for it before it says where it is

from linnet.train.callbacks import Checkpoints

plain = Checkpoints.block_end

def block_end(self, state):
    plain(self, state)
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and state.epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # the first process alone keeps checkpoints

Checkpoints.block_end = block_end

from linnet.cli import main

main(sys.argv[1:])
"""


def launch(*words: str, script: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command line in two processes, or a script in place of linnet's."""
    what = ["-m", "linnet"] if script is None else [str(script)]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts",
        "0" if script is None else "1", *what, *words,
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }  # fmt: skip
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_process_that_is_killed_in_mid_epoch_costs_no_step(tmp_path: Path) -> None:
    whole = launch(*TRAIN, "--out", "whole")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count("the run is in whole") == 1  # one of them prints
    assert whole.stdout.count("     epoch ") == 1
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    killed = launch(*TRAIN, "--out", "killed", script=script)
    assert killed.returncode == 0, killed.stderr
    assert killed.stdout.count("the run is in killed") == 1
    models = [Predictor.open(Path(name)) for name in ("whole", "killed")]
    assert np.array_equal(models[0].W, models[1].W)
    assert np.array_equal(models[0].b, models[1].b)


def test_what_may_be_started_again_names_its_folder(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text("from linnet.cli import main\nmain()\n")
    ended = launch("train", "--data", "digits", script=script)
    assert ended.returncode != 0
    assert "go on in one folder: say which by --out" in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plot", "nothing"), "linnet plot runs in one process: start it without torchrun"),
        (("train", "--data", "nothing.csv"), "no data at nothing.csv"),
    ],
)
def test_an_error_is_said_once(words: tuple[str, ...], said: str) -> None:
    ended = launch(*words)
    assert ended.returncode != 0
    assert ended.stderr.count(said) == 1
    assert "[rank" not in ended.stderr  # no traceback of ours


def test_where_a_command_has_one_process_the_others_do_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["plot", "nothing"])
    assert ended.value.code == 0  # torchrun ends the first, which has something to say, when another fails


def test_a_sweep_of_several_processes_leaves_what_one_leaves(tmp_path: Path) -> None:
    words = ("sweep", "--data", "digits", "--lr", "0.1,0.5", "--epochs", "2", "--parallel", "models")
    ended = launch(*words, "--out", "both", "--no-report")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("2 processes share the models: as was asked") == 1
    with pytest.raises(SystemExit, match="0"):
        main([*words[:-2], "--out", "one", "--no-report"])
    assert {path.name for path in Path("both").rglob("*")} == {path.name for path in Path("one").rglob("*")}
    models = [Predictor.open(Path(name, "best")) for name in ("both", "one")]
    assert np.allclose(models[0].W, models[1].W, rtol=0, atol=1e-6)


class Asked(Exception):  # noqa: N818 - no error, and the end of the test
    """The first process was asked."""


class Second(Processes):
    """One that hears from the first alone."""

    rank, size = 1, 2

    def first(self, work: Any) -> Any:
        """Ends the test."""
        raise Asked


@pytest.mark.parametrize("module", [job, sweep])
def test_the_first_alone_looks_whether_there_is_a_folder_to_go_on_in(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another may have another disk, or see the folder that the first has made in the meantime.
    monkeypatch.setattr(module, "restarted", lambda out: pytest.fail("it looked by itself"))
    monkeypatch.setattr(module, "current", Second)
    with pytest.raises(Asked):
        if module is job:
            job.run_job(Job(data="digits", out=Path("x")))
        else:
            sweep.sweep()
