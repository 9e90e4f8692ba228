"""Runs that are killed and go on."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

import pytest
import torch

import linnet
from linnet.cli import main
from linnet.config import Job
from linnet.errors import DataNotFoundError, DivergedError, UsageError
from linnet.folders import CHECKPOINT
from linnet.runs.job import run_job
from linnet.train.callbacks import Callback, Each, State
from linnet.train.checkpoint import Checkpoint
from tests.support.gate import gate

COMMANDS = {
    "train": [
        "--data", "digits", "--optimizer", "adam", "--lr", "0.01", "--l2", "1e-4", "--schedule", "cosine",
        "--epochs", "16", "--batch-size", "16", "--checkpoint-epochs", "1", "--patience", "12",
        "--dropout", "0.1", "--augment", "shift:1", "--average", "0.5", "--accumulate", "3", "--quiet",
        "--no-report",
    ],
    "sweep": [
        "--data", "digits", "--optimizer", "sgd,adam", "--lr", "0.003,0.01,1e30", "--schedule", "cosine",
        "--epochs", "9", "--batch-size", "16,48", "--checkpoint-minutes", "0", "--patience", "8",
        "--dropout", "0,0.1", "--average", "0.5", "--folds", "2", "--halving", "4", "--quiet",
        "--no-report",
    ],
}  # fmt: skip
KILLS = int(os.environ.get("LINNET_KILLS", "6"))  # 50 take some minutes
SHORT = {
    "train": {"--epochs": "5", "--batch-size": "48", "--patience": "4"},
    "sweep": {"--epochs": "5", "--batch-size": "48,96", "--optimizer": "adam", "--lr": "0.01,1e30"},
}
"""What the gate changes of the commands, so that they end in seconds."""
SAME = {
    "train": ("model.safetensors", "weights.png", "curves.svg"),
    "sweep": ("best/model.safetensors", "table.csv", "sweep.svg", "checkpoint.safetensors"),
}


@pytest.mark.parametrize("kind", ["train", "sweep"])
def test_killed_it_ends_in_the_same_bytes(kind: str) -> None:
    _check_kills(kind, _shorten(COMMANDS[kind], SHORT[kind]), at_least=2)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["train", "sweep"])
def test_killed_at_random_instants_it_ends_in_the_same_bytes(kind: str) -> None:
    _check_kills(kind, COMMANDS[kind], KILLS)


def _shorten(options: list[str], values: dict[str, str]) -> list[str]:
    """The options with other values of some."""
    return [values.get(before, option) for before, option in zip(["", *options], options, strict=False)]


def _check_kills(kind: str, options: list[str], at_least: int) -> None:
    """Kill a command again and again, and let it end now and then."""
    begun = time.monotonic()
    assert _ended(_started(kind, *options, "--out", "whole")) == 0
    seconds = time.monotonic() - begun
    source = random.Random(0)
    kills, folder, round_ = 0, Path("killed-0"), 0
    while kills < at_least:
        process = _started(kind, *options, "--resume", str(folder))
        # Mostly while it trains, sometimes while it starts or writes its last files.
        process.join(seconds * source.uniform(0.05, 1.05))
        if process.exitcode is None:
            process.kill()
            process.join()
            kills += 1
            continue
        assert process.exitcode == 0
        _check(folder, SAME[kind])
        round_ += 1
        folder = Path(f"killed-{round_}")
    assert _ended(_started(kind, *options, "--resume", str(folder))) == 0
    _check(folder, SAME[kind])


def _started(kind: str, *arguments: str) -> BaseProcess:
    """A command in a process of its own, forked where torch is imported already."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["linnet.runs.fit", "linnet.search.study", "linnet.plot"])
    process = forks.Process(target=main, args=([kind, *arguments],))
    process.start()
    return process


def _ended(process: BaseProcess) -> int | None:
    process.join()
    return process.exitcode


def _check(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        assert (folder / name).read_bytes() == (Path("whole") / name).read_bytes()
    assert not list(folder.glob(".*.tmp"))


def job(**options: object) -> Job:
    return Job(data="digits", epochs=4, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("every", "expected"), [(1, [1, 2, 3, 4]), (2, [2, 4]), (None, [])])
def test_checkpoints_come_every_few_epochs(every: int | None, expected: list[int]) -> None:
    seen: list[int] = []

    class Look(Callback):
        def start(self, state: State) -> None:
            assert not Path("run", CHECKPOINT).exists()

        def block_end(self, state: State) -> None:
            seen.append(Checkpoint.read(Path("run", CHECKPOINT)).epoch)

    run_job(job(out=Path("run"), checkpoint_epochs=every), callbacks=[Look()])
    assert sorted(set(seen)) == [0, *expected[:-1]]
    assert Checkpoint.read(Path("run", CHECKPOINT)).epoch == 4


def test_checkpoints_come_every_few_minutes() -> None:
    seen: list[int] = []

    class Look(Callback):
        def block_end(self, state: State) -> None:
            seen.append(Checkpoint.read(Path("run", CHECKPOINT)).epoch)

    run_job(job(out=Path("run"), checkpoint_minutes=0.0), callbacks=[Look()])
    assert sorted(set(seen)) == [0, 1, 2, 3]


def test_a_folder_with_nothing_in_it_is_begun() -> None:
    said: list[str] = []
    run_job(job(), resume=Path("new"), say=said.append)
    assert "nothing to go on from" in said[-1]
    Path("other").mkdir()
    Path("other/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataNotFoundError):
        run_job(job(), resume=Path("other"))


@pytest.mark.parametrize("options", [{"checkpoint_epochs": 0}, {"checkpoint_minutes": -1.0}])
def test_what_cannot_be(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="checkpoint"):
        job(**options)


def never(*_: object) -> None:
    raise AssertionError("it has begun to train")


def test_another_language_is_refused_before_the_work(tmp_path: Path) -> None:
    digits, language, space = linnet.load("digits"), cast(Any, "fr"), {"lr": [0.1, 0.5]}
    options = {"callbacks": [Each(never)], "out": tmp_path / "fr", "show": False, "language": language}
    for begin in (
        lambda: linnet.fit(digits, **options),
        lambda: linnet.sweep(digits, space, **options),
        lambda: linnet.tune(digits, space, **options),
        lambda: run_job(job(), callbacks=[Each(never)], language=language),
    ):
        with pytest.raises(UsageError, match="not 'fr'"):
            begin()
    assert not (tmp_path / "fr").exists()


def test_a_diverged_run_leaves_its_folder_free() -> None:
    with pytest.raises(DivergedError):
        run_job(Job(data="synthetic", lr=1e9, out=Path("run")))
    assert not Path("run").exists()


@pytest.mark.parametrize(
    "hyperparameters", gate([{"validation": 0.2}, {"patience": 2, "optimizer": "nesterov"}, {"clip": 1.0}], 1)
)
def test_a_checkpoint_on_the_way_goes_on_to_the_same_weights(hyperparameters: dict[str, object]) -> None:
    class KilledError(Exception):
        pass

    def kill(state: State) -> None:
        if state.epoch == 3:
            raise KilledError

    whole = run_job(job(out=Path("whole"), checkpoint_epochs=1, **hyperparameters))
    with pytest.raises(KilledError):
        run_job(job(out=Path("part"), checkpoint_epochs=1, **hyperparameters), callbacks=[Each(kill)])
    resumed = run_job(job(checkpoint_epochs=1, **hyperparameters), resume=Path("part"))
    assert torch.equal(resumed.bank.theta, whole.bank.theta)
    with pytest.raises(UsageError, match="with other"):
        run_job(job(), resume=Path("part"))


def test_fewer_epochs_than_are_done_are_refused_on_resuming() -> None:
    run_job(job(out=Path("run")))
    with pytest.raises(UsageError, match="in epoch 4 already, and 2 are asked for: resume with --epochs 4"):
        run_job(dataclasses.replace(job(), epochs=2), resume=Path("run"))
    assert len(run_job(dataclasses.replace(job(), epochs=5), resume=Path("run")).history) == 5
