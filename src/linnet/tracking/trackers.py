"""The trackers: callbacks that log a run to TensorBoard, MLflow, or Weights & Biases."""

from __future__ import annotations

import importlib
import json
import os
import time
from abc import abstractmethod
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from linnet import files
from linnet.errors import needs_extra
from linnet.model.history import Record
from linnet.train.callbacks import INTERRUPTED, Callback, State

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from torch.utils.tensorboard import SummaryWriter
    from wandb import Run


class Tracker(Callback):
    """A callback that opens a run of a tracker, logs a line of figures an epoch, and closes it.

    The step of a figure is its epoch. A run that goes on from a checkpoint logs what the tracker has not
    seen yet, so figures come once, whether it was stopped before the checkpoint or after it.
    """

    _seen = 0
    _is_open = False

    @abstractmethod
    def open(self, state: State) -> int:
        """Begin, or take up what was begun; the last epoch that the tracker has, 0 for none."""

    @abstractmethod
    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""

    @abstractmethod
    def close(self, status: str) -> None:
        """End what was opened, with the run's status or "failed: …"."""

    def start(self, state: State) -> None:
        """Open, and log the epochs that were done elsewhere."""
        self._seen, self._is_open = self.open(state), True
        for record in state.history.records:
            self._log(record)

    def epoch_end(self, state: State) -> None:
        """Log the epoch's figures."""
        self._log(state.history.last)

    def end(self, state: State) -> None:
        """Close with the run's status."""
        self._end(state.status)

    def failed(self, state: State, error: BaseException) -> None:
        """Close and say why."""
        self._end(f"failed: {error or type(error).__name__}")

    def _end(self, status: str) -> None:
        if self._is_open:
            self._is_open = False
            self.close(status)

    def _log(self, record: Record) -> None:
        epoch = int(record["epoch"])
        if epoch > self._seen:
            self.log({name: value for name, value in record.items() if name != "epoch"}, epoch)
            self._seen = epoch


def package(name: str, feature: str) -> ModuleType:
    """A tracker's package.

    Raises:
        MissingExtraError: it is not installed.
    """
    with needs_extra(feature, "track"):
        return importlib.import_module(name)


def plain(asked: dict[str, Any]) -> dict[str, bool | int | float | str]:
    """A recipe's values as trackers take them: what is no number or text is written as JSON."""
    return {
        name: value if isinstance(value, bool | int | float | str) else json.dumps(value, default=str)
        for name, value in asked.items()
    }


def recall(file: Path | None) -> str | None:
    """The number of the tracker's run that a file keeps; None where there is no file."""
    return file.read_text("utf-8").strip() if file is not None and file.is_file() else None


def remember(file: Path | None, number: str) -> None:
    """Keep the number of the tracker's run."""
    if file is not None:
        files.write(file, number + "\n")


class TensorBoard(Tracker):
    """Logs a run for `tensorboard --logdir FOLDER`: figures under Scalars, the recipe under HParams.

    Args:
        folder: where the event files go; one folder a run.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._package = package("torch.utils.tensorboard", "TensorBoard")
        self._writer: SummaryWriter

    def open(self, state: State) -> int:
        """Begin an event file; epochs that an earlier one has beyond the checkpoint are taken back."""
        is_known = any(self.folder.glob("events.out.tfevents.*"))
        # A kill may have come between the last epoch's checkpoint and its figures: they are logged again.
        done = max(0, len(state.history) - 1) if is_known else 0
        self._writer = self._package.SummaryWriter(str(self.folder), purge_step=done + 1)
        self._recipe(state)
        return done

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def close(self, status: str) -> None:
        """Write how it ended, and close the file."""
        self._writer.add_text("status", status, self._seen)
        self._writer.close()

    def _recipe(self, state: State) -> None:
        """The recipe, beside the figures that runs are to be compared by."""
        from torch.utils.tensorboard.summary import hparams

        figures = ["loss", "accuracy"] if state.dataset.is_classification else ["loss"]
        names = [f"{part}_{figure}" for part in ("train", "validation", "test") for figure in figures]
        experiment, begins, _ = hparams(plain(state.options), dict.fromkeys(names, 0.0))
        for summary in (experiment, begins):
            self._writer.file_writer.add_summary(summary)  # type: ignore[union-attr]


ENDS = {"failed": "FAILED", INTERRUPTED: "KILLED"}
"""MLflow's word for how a run ended, by the first word of linnet's; FINISHED for all others."""


class MLflow(Tracker):
    """Logs a run to MLflow: the recipe as parameters, the figures as metrics, the status as a tag.

    Args:
        experiment: its name; MLFLOW_EXPERIMENT_NAME or "linnet" when None.
        uri: of the tracking server or database; MLFLOW_TRACKING_URI or MLflow's own choice, which is
            mlflow.db in the working folder, when None.
        name: of the run; MLflow makes one up when None.
        keep: a file for the run's number, with which a run that goes on goes on there too.

    Raises:
        MissingExtraError: mlflow is not installed.
    """

    def __init__(
        self,
        experiment: str | None = None,
        uri: str | None = None,
        name: str | None = None,
        *,
        keep: Path | None = None,
    ) -> None:
        self.experiment = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME", "linnet")
        self.uri, self.name, self.keep = uri, name, keep
        self._entities = package("mlflow.entities", "MLflow")
        self._client: MlflowClient
        self._run = ""

    def open(self, state: State) -> int:
        """Begin a run, or take up the one that is kept."""
        client = self._client = package("mlflow", "MLflow").MlflowClient(tracking_uri=self.uri)
        known = recall(self.keep)
        if known is None:
            self._run = self._begin(client, state)
            remember(self.keep, self._run)
            return 0
        self._run = known
        client.update_run(known, status="RUNNING")
        return max((m.step for m in client.get_metric_history(known, "train_loss")), default=0)

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""
        now = int(1000 * time.time())
        metrics = [self._entities.Metric(name, value, now, epoch) for name, value in figures.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self, status: str) -> None:
        """Say how it ended."""
        self._client.set_tag(self._run, "status", status)
        self._client.set_terminated(self._run, ENDS.get(status.partition(":")[0], "FINISHED"))

    def _begin(self, client: MlflowClient, state: State) -> str:
        """The number of a new run, with the recipe as its parameters."""
        found = client.get_experiment_by_name(self.experiment)
        number = client.create_experiment(self.experiment) if found is None else found.experiment_id
        tags = {"dataset": state.dataset.name}
        run = client.create_run(number, run_name=self.name, tags=tags).info.run_id
        recipe = [self._entities.Param(name, str(value)) for name, value in plain(state.options).items()]
        client.log_batch(run, params=recipe)
        return run


Mode = Literal["online", "offline", "disabled", "shared"]


class WandB(Tracker):
    """Logs a run to Weights & Biases: the recipe as its config, the figures by epoch.

    W&B's own environment counts: with WANDB_MODE=offline it needs no account, with
    WANDB_SILENT=true it prints nothing.

    Args:
        project: its name; WANDB_PROJECT or "linnet" when None.
        name: of the run; W&B makes one up when None.
        mode: "online", "offline", "disabled" or "shared"; WANDB_MODE when None.
        keep: a file for the run's number, with which a run that goes on goes on there too.

    Raises:
        MissingExtraError: wandb is not installed.
    """

    def __init__(
        self,
        project: str | None = None,
        name: str | None = None,
        mode: Mode | None = None,
        *,
        keep: Path | None = None,
    ) -> None:
        self.project = project or os.environ.get("WANDB_PROJECT", "linnet")
        self.name, self.mode, self.keep = name, mode, keep
        self._package = package("wandb", "Weights & Biases")
        self._run: Run

    def open(self, state: State) -> int:
        """Begin a run, or take up the one that is kept."""
        known = recall(self.keep)
        run = self._run = self._package.init(
            project=self.project, name=self.name, mode=self.mode, id=known,
            resume=None if known is None else "allow",
            config={**plain(state.options), "dataset": state.dataset.name},
            settings=self._package.Settings(console="off"),  # a table that redraws itself is no log
        )  # fmt: skip
        remember(self.keep, run.id)
        return max(0, run.step - 1)  # its next step; 0 where none was logged, or where none is known offline

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""
        self._run.log(figures, step=epoch)

    def close(self, status: str) -> None:
        """Say how it ended, and let W&B finish sending."""
        self._run.summary["status"] = status
        self._run.finish(exit_code=int(status.startswith("failed")))
