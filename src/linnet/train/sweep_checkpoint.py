"""Where a sweep stands, in one signed file, to go on from bit for bit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linnet.data.dataset import Dataset
from linnet.errors import FormatError, UsageError
from linnet.model import model_file
from linnet.train.callbacks import Callback, State
from linnet.train.sweep import Sweep
from linnet.train.trials import View

FORMAT = "linnet.sweep/1"


def asked_of(sweep: Sweep, train: Dataset, views: Sequence[View], loss: str, dtype: str) -> dict[str, Any]:
    """What a sweep must have in common with one that goes on from it, by name.

    Args:
        sweep: the models.
        train: all rows.
        views: which of them count.
        loss: its name and threshold.
        dtype: of the parameters.
    """
    shared = dataclasses.asdict(sweep.plan)
    del shared["threads"]
    values = {
        "data": train.checksum,
        "folds": _digest([part for view in views for part in (view.weights, view.validation)]),
        "settings": [[trial.setting, trial.view, dataclasses.asdict(trial.knobs)] for trial in sweep.trials],
        "loss": loss,
        "dtype": dtype,
        **shared,
    }
    return json.loads(json.dumps(values))  # as it will be read back


class SweepCheckpoints(Callback):
    """Keeps a sweep in a file: at its start, every few minutes, and at its end, however it ended.

    Args:
        path: the file.
        sweep: what is kept.
        asked: as `asked_of` gives.
        minutes: between two checkpoints.
    """

    def __init__(self, path: Path, sweep: Sweep, asked: dict[str, Any], minutes: float) -> None:
        self.path, self.sweep, self.asked, self.seconds = path, sweep, asked, 60 * minutes
        self._written = time.monotonic()

    def start(self, state: State) -> None:
        """Write the first, where there is none: what cannot be written shows now."""
        if not self.path.exists():
            self._write()

    def block_end(self, state: State) -> None:
        """Keep the sweep if it is time."""
        if time.monotonic() - self._written >= self.seconds:
            self._write()

    def end(self, state: State) -> None:
        """Keep the sweep."""
        self._write()

    def _write(self) -> None:
        write(self.path, self.sweep, self.asked)
        self._written = time.monotonic()


def write(path: Path, sweep: Sweep, asked: dict[str, Any]) -> None:
    """Write where a sweep stands, whole or not at all."""
    tensors = {f"curve.{name}": values for name, values in sweep.curves.items()}
    tensors["race"] = sweep.halving.cost
    for number, (tile, _) in enumerate(sweep.tiles):
        tensors |= {f"tile{number}.{name}": tensor for name, tensor in tile.state.items()}
    metadata = {
        "format": FORMAT,
        "epoch": str(sweep.epoch),
        "batch": str(sweep.batch),
        "out": json.dumps(sorted(sweep.halving.out)),
        "status": json.dumps([tile.status for tile, _ in sweep.tiles]),
        "asked": json.dumps(asked, sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    model_file.write(path, tensors, metadata)


def read(path: Path, sweep: Sweep, asked: dict[str, Any]) -> None:
    """Put a sweep that has not begun where the file says.

    Raises:
        UsageError: the file holds another sweep.
        FormatError: it holds something else.
        ChecksumError: it was changed.
    """
    tensors, metadata = model_file.read(path)
    if metadata.get("format") != FORMAT:
        raise FormatError(f"{path} is {metadata.get('format')!r}, not a sweep's checkpoint ({FORMAT})")
    before = json.loads(metadata["asked"])
    if changed := [name for name in sorted({*asked, *before}) if asked.get(name) != before.get(name)]:
        raise UsageError(
            f"{path.parent} holds a sweep with other {', '.join(changed)}: resume with the same options"
        )
    sweep.epoch, sweep.batch = int(metadata["epoch"]), int(metadata["batch"])
    for name, values in sweep.curves.items():
        values.copy_(tensors[f"curve.{name}"])
    sweep.halving.cost.copy_(tensors["race"])
    sweep.halving.out = set(json.loads(metadata["out"]))
    for number, ((tile, _), status) in enumerate(
        zip(sweep.tiles, json.loads(metadata["status"]), strict=True)
    ):
        prefix = f"tile{number}."
        own = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        tile.restore_(own, status)


def _digest(parts: Sequence[Tensor | None]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"-" if part is None else part.cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()
