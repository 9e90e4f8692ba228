"""MLflow."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from linnet.tracking.tracker import Tracker, package, plain, remember, remembered
from linnet.train.callbacks import INTERRUPTED, State

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
        super().__init__()
        self.experiment = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME", "linnet")
        self.uri, self.name, self.keep = uri, name, keep
        self._entities = package("mlflow.entities", "MLflow")
        self._client: MlflowClient | None = None
        self._run = ""

    def open(self, state: State) -> int:
        """Begin a run, or take up the one that is kept."""
        client: MlflowClient = package("mlflow", "MLflow").MlflowClient(tracking_uri=self.uri)
        self._client = client
        known = remembered(self.keep)
        if known is None:
            self._run = self._begun(client, state)
            remember(self.keep, self._run)
            return 0
        self._run = known
        client.update_run(known, status="RUNNING")
        return max((m.step for m in client.get_metric_history(known, "train_loss")), default=0)

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""
        assert self._client is not None, "opened at the start"
        now = int(1000 * time.time())
        metrics = [self._entities.Metric(name, value, now, epoch) for name, value in figures.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self, status: str) -> None:
        """Say how it ended."""
        if self._client is None:
            return
        self._client.set_tag(self._run, "status", status)
        self._client.set_terminated(self._run, ENDS.get(status.partition(":")[0], "FINISHED"))
        self._client = None

    def _begun(self, client: MlflowClient, state: State) -> str:
        """The number of a new run, with the recipe as its parameters."""
        found = client.get_experiment_by_name(self.experiment)
        number = client.create_experiment(self.experiment) if found is None else found.experiment_id
        tags = {"dataset": state.dataset.name}
        run = client.create_run(number, run_name=self.name, tags=tags).info.run_id
        recipe = [self._entities.Param(name, str(value)) for name, value in plain(state.asked).items()]
        client.log_batch(run, params=recipe)
        return run
