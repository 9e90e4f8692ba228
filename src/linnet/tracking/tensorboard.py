"""TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linnet.tracking.tracker import Tracker, package, plain
from linnet.train.callbacks import State

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard(Tracker):
    """Logs a run for `tensorboard --logdir FOLDER`: figures under Scalars, the recipe under HParams.

    Args:
        folder: where the event files go; one folder a run.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._package = package("torch.utils.tensorboard", "TensorBoard")
        self._writer: SummaryWriter | None = None

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
        assert self._writer is not None, "opened at the start"
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def close(self, status: str) -> None:
        """Write how it ended, and close the file."""
        if self._writer is None:
            return
        self._writer.add_text("status", status, self._seen)
        self._writer.close()
        self._writer = None

    def _recipe(self, state: State) -> None:
        """The recipe, beside the figures that runs are to be compared by."""
        from torch.utils.tensorboard.summary import hparams

        assert self._writer is not None
        figures = ["loss", "accuracy"] if state.dataset.is_classification else ["loss"]
        names = [f"{part}_{figure}" for part in ("train", "validation", "test") for figure in figures]
        experiment, begins, _ = hparams(plain(state.asked), dict.fromkeys(names, 0.0))
        for summary in (experiment, begins):
            self._writer.file_writer.add_summary(summary)  # type: ignore[union-attr]
