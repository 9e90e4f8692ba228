"""Every tracker against its real library, offline: what was logged is read back."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import linnet
from linnet.config import Recipe
from linnet.data.split import split
from linnet.errors import DivergedError
from linnet.model.history import Record
from linnet.tracking import MLflow, TensorBoard, WandB
from linnet.tracking.trackers import Tracker
from linnet.train.callbacks import Callback, State
from linnet.train.fit import fit
from tests.support.blobs import make_blobs
from tests.support.gate import gate
from tests.support.tensorboard import Seen, read_tensorboard

TRAIN, TEST = split(make_blobs(120), 1 / 3)
RECIPE: dict[str, Any] = {"lr": 0.25, "batch_size": 16, "validation": 0.2}

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),  # MLflow's tables
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


def read_mlflow(experiment_name: str) -> Seen:
    """The figures of an experiment's only run, by MLflow's client."""
    from mlflow import MlflowClient

    client = MlflowClient()
    experiment = client.get_experiment_by_name(experiment_name)
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    names = run.data.metrics
    figures = {
        name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)] for name in names
    }
    return Seen(figures, run.data.params, f"{run.info.status} {run.data.tags['status']}")


def read_wandb(folder: Path) -> Seen:
    """The figures in the log that `wandb sync` would send: records in blocks of 32 KiB, as LevelDB has."""
    (path,) = folder.glob("offline-run-*/*.wandb")
    figures: dict[str, list[tuple[int, float]]] = {}
    recipe, status, code = {}, "", None
    for entry in whole_log(path):
        for item in entry.history.item:
            name = item.key or "/".join(item.nested_key)
            if not name.startswith("_"):
                figures.setdefault(name, []).append((entry.history.step.num, json.loads(item.value_json)))
        recipe |= {item.key: str(json.loads(item.value_json)) for item in entry.run.config.update}
        for item in entry.summary.update:
            if (item.key or "/".join(item.nested_key)) == "status":
                status = json.loads(item.value_json)
        if entry.HasField("exit"):
            code = entry.exit.exit_code
    return Seen(figures, recipe, f"{code} {status}")


def whole_log(path: Path) -> list[Any]:
    """The entries of a log, once W&B's process has written the last; that may come after `finish`."""
    from wandb.proto.wandb_internal_pb2 import Record as Entry  # type: ignore[attr-defined]

    for _ in range(100):
        entries = [Entry.FromString(data) for data in leveldb_records(path.read_bytes())]
        if entries and entries[-1].HasField("exit"):
            return entries
        time.sleep(0.1)
    raise AssertionError(f"{path} has no end")


def leveldb_records(data: bytes) -> list[bytes]:
    """The records of a log: after 7 bytes of W&B's, CRC, length and kind before each piece."""
    found, pieces, at = [], b"", 7
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:  # a header never crosses blocks
            at += left
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + 7])
        piece = data[at + 7 : at + 7 + length]
        at += 7 + length
        pieces = piece if kind in (1, 2) else pieces + piece  # whole or first; middle or last
        if kind in (1, 4):
            found.append(pieces)
    return found


@dataclass
class Kind:
    """A tracker that keeps what it logs here, and how to read it."""

    make: Callable[[], Tracker]
    read: Callable[[], Seen]
    completed: str
    interrupted: str
    diverged: str


KINDS = {
    "tensorboard": Kind(
        lambda: TensorBoard("logs"),
        lambda: read_tensorboard(Path("logs")),
        "completed", "interrupted", "failed: the training loss became",
    ),
    "mlflow": Kind(
        lambda: MLflow(str(Path.cwd()), name="first", keep=Path("mlflow.run")),
        lambda: read_mlflow(str(Path.cwd())),
        "FINISHED completed", "KILLED interrupted", "FAILED failed: the training loss became",
    ),
    "wandb": Kind(
        lambda: WandB(mode="offline", name="first"),
        lambda: read_wandb(Path("wandb")),
        "0 completed", "0 interrupted", "1 failed: the training loss became",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for all of MLflow's tests: to make one takes a second."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(autouse=True)
def _as_a_fresh_process(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the libraries remember for as long as a process lives."""
    import wandb
    from tensorboard.summary.writer import event_file_writer

    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setattr(wandb.setup().settings, "root_dir", str(tmp_path))
    counter = event_file_writer.AtomicCounter(0)  # of files; TensorBoard reads .10 before .9
    monkeypatch.setattr(event_file_writer, "_global_uid", counter)


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def expected(records: list[Record]) -> dict[str, list[tuple[int, Any]]]:
    return {
        name: [(int(record["epoch"]), pytest.approx(record[name], rel=1e-6)) for record in records]
        for name in records[0]
        if name != "epoch"
    }


def test_every_figure_of_every_epoch_and_the_recipe(kind: Kind) -> None:
    run = linnet.fit(TRAIN, test=TEST, epochs=3, callbacks=[kind.make()], show=False, **RECIPE)
    seen = kind.read()
    assert seen.figures == expected(run.history.records)
    assert set(seen.figures) == {
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss",
        "test_accuracy", "seconds",
    }  # fmt: skip
    assert seen.recipe["lr"] == "0.25"
    assert seen.recipe["loss"] == "softmax"
    assert float(seen.recipe["batch_size"]) == 16
    assert seen.status == kind.completed


class Interrupt(Callback):
    """Does what Ctrl-C does, in the second epoch."""

    def block_end(self, state: State) -> None:
        if state.epoch == 2:
            state.stop("interrupted")


def test_it_is_closed_after_an_interruption(kind: Kind) -> None:
    callbacks = [kind.make(), Interrupt()]
    run = linnet.fit(TRAIN, test=TEST, epochs=3, callbacks=callbacks, show=False, **RECIPE)
    assert run.status == "interrupted"
    seen = kind.read()
    assert [epoch for epoch, _ in seen.figures["train_loss"]] == list(range(1, len(run.history) + 1))
    assert seen.status == kind.interrupted


def test_it_is_closed_and_says_why_when_a_run_diverges(kind: Kind) -> None:
    wild = make_blobs(120)
    with pytest.raises(DivergedError):
        linnet.fit(
            wild, epochs=500, lr=1e30, loss="squared", batch_size=16, callbacks=[kind.make()], show=False
        )
    status = kind.read().status
    assert status.startswith(kind.diverged)
    assert "lower the learning rate" in status


def _killed(kind: Kind, epochs: int) -> None:
    """A run whose tracker is never closed, as a kill leaves it."""
    tracker = kind.make()
    tracker.end = lambda state: None
    fit(TRAIN, Recipe(epochs=epochs, **RECIPE), test=TEST, callbacks=[tracker])


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow"], indirect=True)
@pytest.mark.parametrize("logged", gate([0, 1, 4], 1))
def test_a_run_that_goes_on_logs_each_epoch_once(kind: Kind, logged: int) -> None:
    """The tracker may have more epochs than the checkpoint, or fewer."""
    if logged:
        _killed(kind, logged)
    _, engine = fit(TRAIN, Recipe(epochs=2, **RECIPE), test=TEST)
    whole, _ = fit(
        TRAIN, Recipe(epochs=5, **RECIPE), test=TEST, callbacks=[kind.make()], resume=engine.checkpoint()
    )
    seen = kind.read()
    figures = {name: figures for name, figures in seen.figures.items() if name != "seconds"}
    assert figures == {k: v for k, v in expected(whole.history.records).items() if k != "seconds"}
    assert [epoch for epoch, _ in seen.figures["seconds"]] == [1, 2, 3, 4, 5]
    assert seen.status == kind.completed


def test_mlflow_logs_to_the_named_experiment_of_linnet_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MLflow().experiment == "linnet"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    assert MLflow().experiment == "mine"
    assert MLflow("yours").experiment == "yours"


def test_a_resumed_wandb_run_keeps_its_number() -> None:
    for _ in range(2):
        fit(TRAIN, Recipe(epochs=1), callbacks=[WandB(mode="offline", keep=Path("wandb.run"))])
    logs = list(Path("wandb").glob("offline-run-*/*.wandb"))
    assert {path.stem for path in logs} == {"run-" + Path("wandb.run").read_text().strip()}
