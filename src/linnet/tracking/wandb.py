"""Weights & Biases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linnet.tracking.tracker import Tracker, package, plain, remember, remembered
from linnet.train.callbacks import State

if TYPE_CHECKING:
    from wandb import Run

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
        super().__init__()
        self.project = project or os.environ.get("WANDB_PROJECT", "linnet")
        self.name, self.mode, self.keep = name, mode, keep
        self._package = package("wandb", "Weights & Biases")
        self._run: Run | None = None

    def open(self, state: State) -> int:
        """Begin a run, or take up the one that is kept."""
        known = remembered(self.keep)
        run = self._package.init(
            project=self.project, name=self.name, mode=self.mode, id=known,
            resume=None if known is None else "allow",
            config={**plain(state.asked), "dataset": state.dataset.name},
            settings=self._package.Settings(console="off"),  # a table that redraws itself is no log
        )  # fmt: skip
        self._run = run
        remember(self.keep, run.id)
        return max(0, run.step - 1)  # its next step; 0 where none was logged, or where none is known offline

    def log(self, figures: dict[str, float], epoch: int) -> None:
        """Log one epoch's figures."""
        assert self._run is not None, "opened at the start"
        self._run.log(figures, step=epoch)

    def close(self, status: str) -> None:
        """Say how it ended, and let W&B finish sending."""
        if self._run is None:
            return
        self._run.summary["status"] = status
        self._run.finish(exit_code=int(status.startswith("failed")))
        self._run = None
