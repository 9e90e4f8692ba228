"""The rows of a run to learn a calibration on: its validation rows, never its test set."""

from __future__ import annotations

from typing import NamedTuple

from linnet.data.dataset import Dataset
from linnet.data.split import split
from linnet.errors import UsageError
from linnet.model.run import Run

SHARE = 0.2


class HeldOut(NamedTuple):
    """Rows, what they are called, and whether the model was kept from them."""

    rows: Dataset
    source: str
    is_unseen: bool


def held_out(run: Run, train: Dataset, share: float = SHARE) -> HeldOut:
    """The run's validation rows; a share of its training rows where it kept none.

    Args:
        run: a finished run.
        train: all training rows of its data set, without weights.
        share: of the training rows, where there are no validation rows. The model has seen them, so what is
            learnt on them is a little too sure; for linear models on many rows it hardly matters.

    Raises:
        UsageError: these are not the rows that it was trained on.
    """
    is_weighted = run.asked.get("sample_weight") is not None  # the checksum then counts the weights in
    if run.dataset_checksum and not is_weighted and run.dataset_checksum != train.checksum:
        raise UsageError(
            f"the training rows of {train.name} are not those that the run was trained on: "
            "give the --data-dir of those"
        )
    if train.validation is not None and "validation_loss" in run.history.last:
        return HeldOut(train.validation, "validation rows", True)
    fraction, seed = run.asked.get("validation"), int(run.asked.get("seed", 0))
    if fraction and "validation_loss" in run.history.last:
        return HeldOut(split(train, float(fraction), seed)[1], "validation rows", True)
    return HeldOut(split(train, share, seed)[1], "training rows", False)
