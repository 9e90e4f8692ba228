"""What a folder records of a run beside its model, and whether a data set is one that its model takes."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Any

from linnet.config.requests import to_json
from linnet.data.arguments import dataset_of
from linnet.data.origin import record_of
from linnet.device import versions
from linnet.errors import ShapeError
from linnet.model.card import check_columns
from linnet.schema.describe import describe

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset
    from linnet.model.run import Run


def summary_of(run: Run) -> dict[str, Any]:
    """What run.json holds of a run, but the checksums of its files."""
    return {
        "status": run.status,
        "request": run.request and to_json(run.request),
        "optimum": run.optimum and dataclasses.asdict(run.optimum),
        "final": run.history.last,
        "baseline": dict(run.baseline),
        "seconds": round(run.seconds, 6),
        "epochs_done": len(run.history),
        "dataset": run.card.dataset,
        "table": run.card.schema and describe(run.card.schema),
        "dataset_checksum": run.dataset_checksum,
        "origin": record_of(run.origin, run.dataset_checksum),
        "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "versions": versions(),
    }


def check_fits(run: Run, dataset: Dataset) -> None:
    """Refuse a data set that the model was not made for.

    Raises:
        UsageError, ShapeError: it is no data set, or its features, outputs or classes differ.
    """
    dataset = dataset_of(dataset, "this")
    model = run.predictor
    ours = (model.features, model.outputs, run.card.classes)
    theirs = (dataset.features, dataset.outputs, dataset.classes)
    if ours != theirs:
        raise ShapeError(
            f"the model takes {ours[0]} features to {ours[1]} outputs {list(ours[2])}, but "
            f"{dataset.name} has {theirs[0]} and {theirs[1]} {list(theirs[2])}"
        )
    check_columns(run.card.columns, dataset.columns, dataset.name)
